"""Events as people read them: one timeline for all nouns, newest first."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import NoReverseMatch, reverse

from catalog import slots
from catalog.models import Event, User


class Entry(NamedTuple):
    """One line of a timeline; `label` is the actor as the event recorded them, `who` their name of today."""

    tone: str
    icon: str
    who: str
    text: str
    url: str
    at: datetime
    subject: str = ""
    label: str = ""


class _Said(dict):
    """What a text may name; what an event does not carry is left out."""

    def __missing__(self, key: str) -> str:
        return ""


def timeline(events: QuerySet[Event]) -> list[Entry]:
    """`events` (which may be sliced) in words, people by their names, in one query."""
    name = User.objects.filter(uid=OuterRef("actor_uid")).values("name")[:1]
    return [_entry(event) for event in events.annotate(actor_name=Subquery(name))]


def text_of(event: Event) -> str:
    """What the event's actor did, as the part of a sentence that follows their name."""
    said: dict[str, Any] = event.data | {"subject": event.subject_label}
    return " ".join(slots.event_words(event.kind).text.format_map(_Said(said)).split())


def _entry(event: Event) -> Entry:
    words = slots.event_words(event.kind)
    text = text_of(event)
    who = getattr(event, "actor_name", "") or event.actor_label
    subject = event.subject_label if "{subject}" in words.text else ""
    url = _url(words.url_name, event)
    return Entry(words.tone, words.icon, who, text, url, event.occurred_at, subject, event.actor_label)


def _url(name: str, event: Event) -> str:
    if not name:
        return ""
    try:
        return reverse(name, args=[event.subject_uid])
    except NoReverseMatch:
        return ""
