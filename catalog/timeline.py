"""Events as people read them: one timeline for all nouns, newest first."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.urls import NoReverseMatch, reverse

from catalog import slots
from catalog.models import Event


class Entry(NamedTuple):
    """One line of a timeline."""

    tone: str
    icon: str
    who: str
    text: str
    url: str
    at: datetime


class _Said(dict):
    """What a text may name; what an event does not carry is left out."""

    def __missing__(self, key: str) -> str:
        return ""


def timeline(events: Iterable[Event]) -> list[Entry]:
    """`events` in words."""
    return [_entry(event) for event in events]


def _entry(event: Event) -> Entry:
    words = slots.event_words(event.kind)
    said: dict[str, Any] = event.data | {"subject": event.subject_label}
    text = " ".join(words.text.format_map(_Said(said)).split())
    return Entry(words.tone, words.icon, event.actor_label, text, _url(words.url_name, event), event.occurred_at)


def _url(name: str, event: Event) -> str:
    if not name:
        return ""
    try:
        return reverse(name, args=[event.subject_uid])
    except NoReverseMatch:
        return ""
