"""Events as people read them: one timeline for all nouns, newest first."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

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


def timeline(events: Iterable[Event]) -> list[Entry]:
    """`events` in words, people by their names (one query)."""
    told = list(events)
    people = {event.actor_uid for event in told if event.actor_uid and event.actor_kind == "user"}
    names = dict(User.objects.filter(uid__in=people).exclude(name="").values_list("uid", "name")) if people else {}
    return [_entry(event, names) for event in told]


def _entry(event: Event, names: dict[UUID, str]) -> Entry:
    who = names.get(event.actor_uid, "") if event.actor_uid else ""
    words = slots.event_words(event.kind)
    said: dict[str, Any] = event.data | {"subject": event.subject_label}
    text = " ".join(words.text.format_map(_Said(said)).split())
    subject = event.subject_label if "{subject}" in words.text else ""
    url = _url(words.url_name, event)
    return Entry(
        words.tone, words.icon, who or event.actor_label, text, url, event.occurred_at, subject, event.actor_label
    )


def _url(name: str, event: Event) -> str:
    if not name:
        return ""
    try:
        return reverse(name, args=[event.subject_uid])
    except NoReverseMatch:
        return ""
