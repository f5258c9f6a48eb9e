"""Events: what others report, and what Gatehouse itself records, in one list (cycloid.md 2.16)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncDay, TruncMonth, TruncWeek
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import slots
from catalog.api.cycloid import schemas
from catalog.api.cycloid.base import CycloidView, OrganizationView
from catalog.api.cycloid.words import milliseconds
from catalog.models import Environment, Event, Project
from catalog.services.reports import KIND, report_event
from catalog.timeline import text_of
from config.errors import BadInput, FieldError

MOST = 1000  # the newest of a range; a shorter range shows the others
LATEST = 253_402_300_000_000  # milliseconds, in year 9999
STEPS = {"day": TruncDay, "week": TruncWeek, "month": TruncMonth}
SEVERE = {"bad": "err", "warn": "warn"}
OURS = "Cycloid"


class EventsView(OrganizationView):
    """A view of the organization's events."""

    entity = "Event"

    def asked(self, rows: Any) -> Any:
        """The events that the query asks for. Raises BadInput naming what can't be read."""
        begin, end = span(self.request.GET)
        rows = rows.filter(occurred_at__gte=begin, occurred_at__lt=end)
        types, severities = self.words("type", schemas.TYPES), self.words("severity", schemas.SEVERITIES)
        if types:
            own = ~Q(kind=KIND) if OURS in types else Q(pk__in=[])
            rows = rows.filter(own | Q(kind=KIND, data__type__in=types))
        if severities:
            kinds = [
                kind for kind in slots.event_kinds() if SEVERE.get(slots.event_words(kind).tone, "info") in severities
            ]
            known = Q(kind__in=kinds)
            if "info" in severities:
                known |= ~Q(kind__in=slots.event_kinds())
            rows = rows.filter((~Q(kind=KIND) & known) | Q(kind=KIND, data__severity__in=severities))
        return rows

    def words(self, name: str, known: tuple[str, ...]) -> list[str]:
        """The repeated words of a filter."""
        words = [word for word in self.request.GET.getlist(name) if word]
        if not set(words) <= set(known):
            raise BadInput("Unknown word.", fields=[FieldError(name, f"must be one of {', '.join(known)}")])
        return words


class EventListView(EventsView):
    def get(self, request: Request, organization_canonical: str) -> Response:
        """The newest thousand of a range (the last day where none is given), newest first."""
        self.must_list("event")
        rows = self.asked(self.rows(Event))
        return self.one(bodies(rows.order_by("-occurred_at", "-pk")[:MOST]))

    def post(self, request: Request, organization_canonical: str) -> Response:
        """Keep what somebody reports; a list of that one event."""
        said = self.said(schemas.NewEvent)
        said["tags"] = [dict(tag) for tag in said["tags"]]
        return self.one([body(report_event(actor=self.actor, said=said))])


class EventTagsView(EventsView):
    def get(self, request: Request, organization_canonical: str) -> Response:
        """The tags of the newest thousand events: for each key, the values it has."""
        self.must_list("event")
        found: dict[str, set[str]] = defaultdict(set)
        for event in bodies(self.rows(Event).order_by("-occurred_at", "-pk")[:MOST]):
            for tag in event["tags"]:
                found[tag["key"]].add(tag["value"])
        return self.one({key: sorted(values) for key, values in sorted(found.items())})


class EventCountView(EventsView):
    def get(self, request: Request, organization_canonical: str) -> Response:
        """How many events there were a day, week or month; times are in milliseconds."""
        self.must_list("event")
        step = STEPS.get(request.GET.get("events_count_granularity", ""))
        if step is None:
            raise BadInput(
                "No granularity.", fields=[FieldError("events_count_granularity", "must be day, week or month")]
            )
        rows = self.asked(self.rows(Event)).annotate(start=step("occurred_at", tzinfo=UTC))
        counts = rows.order_by("start").values("start").annotate(count=Count("pk"))
        return self.one(
            [
                {
                    "start": milliseconds(each["start"]),
                    "end": milliseconds(after(each["start"], step)),
                    "count": each["count"],
                }
                for each in counts
            ]
        )


class EventWordsView(CycloidView):
    public = True

    def get(self, request: Request) -> Response:
        """The entities events are about and what can happen to them."""
        pairs = [kind.split(".", 1) for kind in slots.event_kinds()]
        return self.one(
            {"entities": sorted({pair[0] for pair in pairs}), "actions": sorted({pair[-1] for pair in pairs})}
        )


def span(ask: Any) -> tuple[datetime, datetime]:
    """The range asked for, in milliseconds; the last day by default. Raises BadInput."""
    faults, found = [], []
    now = timezone.now()
    for name, default in (("begin", now - timedelta(days=1)), ("end", now + timedelta(minutes=1))):
        text = ask.get(name, "")
        if not text:
            found.append(default)
        elif text.isascii() and text.isdigit() and len(text) <= 15 and int(text) <= LATEST:
            found.append(datetime.fromtimestamp(int(text) / 1000, tz=UTC))
        else:
            faults.append(FieldError(name, "must be a Unix time in milliseconds"))
    if faults:
        raise BadInput("The range can't be read.", fields=faults)
    return found[0], found[1]


def after(start: datetime, step: type) -> datetime:
    """When the next day, week or month begins."""
    if step is TruncMonth:
        return (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=7 if step is TruncWeek else 1)


def bodies(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Events as Cycloid's, with the canonicals of the projects and environments they are about, in two queries."""
    uids = {uid for event in events for uid in event.related}
    places = {
        uid: (tag, canonical)
        for tag, model in (("project_canonical", Project), ("environment_canonical", Environment))
        for uid, canonical in model._default_manager.filter(uid__in=uids).values_list("uid", "canonical")
    }
    return [body(event, [places[uid] for uid in event.related if uid in places]) for event in events]


def body(event: Event, places: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """An event as Cycloid's: a reported one as it was said, one of ours with tags that say what happened to what."""
    when = {"id": event.pk, "timestamp": milliseconds(event.occurred_at)}
    if event.kind == KIND:
        return when | event.data
    entity, _, action = event.kind.partition(".")
    text = text_of(event)
    tags = [("action", action), ("entity", entity), ("name", event.subject_label), ("user", event.actor_label), *places]
    return when | {
        "type": OURS,
        "title": text,
        "message": f"{event.actor_label} {text}",
        "severity": SEVERE.get(slots.event_words(event.kind).tone, "info"),
        "tags": [{"key": key, "value": value[:254]} for key, value in tags],
    }
