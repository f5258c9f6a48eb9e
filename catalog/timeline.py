"""Events as people read them: one timeline for all nouns, newest first."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Concat
from django.db.models.lookups import Exact
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse

from catalog import slots
from catalog.actors import Actor
from catalog.middleware import PortalRequest
from catalog.models import Event, User
from catalog.models.base import Keyed
from catalog.prepared import readable

HISTORY = 12
GONE = {  # the kind of event that says so, where it is not the subject's type with ".deleted"
    "membership": "member.removed",
    "notificationrule": "notification_rule.deleted",
    "organization": "",  # what is deleted below it
}


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
    return [entry(event) for event in named(events)]


def timeline_of(actor: Actor, subject: Keyed, most: int = HISTORY) -> list[Entry]:
    """The newest events about one thing that the actor may read, in words, in one query."""
    return [entry(event) for event in _about(most)(actor, uid=subject.uid)]


@cache
def _about(most: int) -> Callable[..., list[Event]]:
    @readable(Event)
    def newest(events: Any, *, uid: UUID) -> QuerySet[Event]:
        return named(events.about(uid))[:most]

    return newest


def named(events: QuerySet[Event]) -> QuerySet[Event]:
    """`events` with the names that the people among their actors have today, and whether their subject is gone."""
    deleted = Event.objects.filter(
        organization_id=OuterRef("organization_id"),
        kind=Case(
            *(When(Exact(OuterRef("subject_type"), type_), then=Value(kind)) for type_, kind in GONE.items()),
            default=Concat(OuterRef("subject_type"), Value(".deleted")),
        ),
        occurred_at__gte=OuterRef("occurred_at"),
        subject_uid=OuterRef("subject_uid"),
    )
    names = User.objects.filter(uid=OuterRef("actor_uid")).values("name")
    return events.annotate(actor_name=Subquery(names[:1]), is_gone=Exists(deleted))


def history_panel(request: PortalRequest, subject: Keyed) -> str:
    """The newest events about one thing, in one query, with the way to all of them."""
    context = {"events": timeline_of(request.actor, subject), "subject": subject}
    return render_to_string("catalog/panels/history.html", context, request=request)


def text_of(event: Event) -> str:
    """What the event's actor did, as the part of a sentence that follows their name."""
    said: dict[str, Any] = event.data | {"subject": event.subject_label}
    return " ".join(slots.event_words(event.kind).text.format_map(_Said(said)).split())


def details(data: dict[str, Any]) -> list[tuple[str, str]]:
    """What an event carries, as pairs of a label and a text; what was changed reads "before → after"."""
    rest, before, after = dict(data), {}, {}
    if "before" in data and "after" in data:
        before, after = rest.pop("before"), rest.pop("after")
        if not (isinstance(before, dict) and isinstance(after, dict)):
            before, after = {"changed": before}, {"changed": after}
    names = dict.fromkeys([*before, *after])
    changed = [(_label(name), f"{_plain(before.get(name))} → {_plain(after.get(name))}") for name in names]
    return changed + [(_label(name), _plain(value)) for name, value in rest.items()]


def _label(name: str) -> str:
    return name.replace("_", " ")


def _plain(value: Any) -> str:
    """A JSON value as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        value = ", ".join(f"{_label(name)}: {_plain(each)}" for name, each in value.items())
    elif isinstance(value, list):
        value = "; ".join(_plain(each) for each in value)
    return "\N{EN DASH}" if value is None or value == "" else str(value)


def entry(event: Event) -> Entry:
    """One event in words; made of a row of `named`, with the name of today."""
    words = slots.event_words(event.kind)
    text = text_of(event)
    who = getattr(event, "actor_name", "") or event.actor_label
    label, uid = event.subject_label, event.subject_uid
    if words.linked:
        label, uid = event.data.get(words.linked) or "", event.data.get(f"{words.linked}_id")
    subject = label if f"{{{words.linked or 'subject'}}}" in words.text else ""
    is_gone = getattr(event, "is_gone", False) and not words.linked
    url = "" if is_gone else _url(words.url_name, uid)
    return Entry(words.tone, words.icon, who, text, url, event.occurred_at, subject, event.actor_label)


def _url(name: str, uid: object) -> str:
    if not (name and uid):
        return ""
    try:
        return reverse(name, args=[uid])
    except NoReverseMatch:
        return ""
