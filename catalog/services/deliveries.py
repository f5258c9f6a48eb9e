"""The only writers of delivery events and incidents (phaset.md section 4). Nothing is computed here but durations."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.actors import Actor, require
from catalog.models import Component, DeliveryEvent, Incident
from catalog.prepared import prepared
from catalog.services.events import record_event

Kind = DeliveryEvent.Kind
EVENTS = {Kind.INCIDENT_OPENED: "incident.opened", Kind.INCIDENT_RESOLVED: "incident.resolved"}
Known = tuple[DeliveryEvent | None, Incident | None]


@dataclass(frozen=True)
class Reported:
    """What somebody says happened. Times are aware; `at` is a change's or a deployment's own time.

    `started_at` and `ended_at` are when an incident, a pull request or a review began and ended, as far as it was said.
    `sizes` are additions, deletions and changed_files, `payload` the whole of it as it was sent.
    """

    kind: str
    commit: str = ""
    external_id: str = ""
    at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    payload: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def report_delivery(*, actor: Actor, component: Component, said: Reported) -> tuple[DeliveryEvent, bool]:
    """Append one event to a component; returns the event, and whether it was known already.

    Known is what has the same identity: a change its commit (an earlier time replaces a later one), a deployment its
    commit and time, an incident its id while it is open, a review or the end of a pull request its two times. Comments,
    and events without their times, have none: each counts. An incident that is resolved before anybody opened it is
    stored closed. Raises Forbidden without `organization:delivery:create` on the component. Records
    `incident.opened`, `incident.resolved` or `delivery.reported`; of a known event only `delivery.redated`.
    """
    require(actor, "organization:delivery:create", component)
    # Events of one component take turns, so that what is known can't change under the question.
    _held.get(component=component.pk)
    event = _new(actor, component, said)
    known, event.incident = _known(event)
    if known is not None:
        _redate(known, event, actor)
        return known, True
    event.full_clean(validate_unique=False, validate_constraints=False)  # the lock and the database see to those
    event.save()
    kind = EVENTS.get(Kind(event.kind), "delivery.reported")
    record_event(kind, subject=event, actor=actor, related=[component], data={"kind": event.kind})
    return event, False


def is_open(component: Component, external_id: str) -> bool:
    """Whether an incident of this id is open."""
    return Incident.objects.filter(component=component, external_id=external_id, resolved_at=None).exists()


def _new(actor: Actor, component: Component, said: Reported) -> DeliveryEvent:
    now = timezone.now()
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    own = said.started_at if said.kind == Kind.INCIDENT_OPENED else said.at or said.ended_at
    lasted = said.ended_at - said.started_at if said.started_at and said.ended_at else None
    return DeliveryEvent(
        organization=actor.organization,
        component=component,
        kind=said.kind,
        occurred_at=own or now,
        started_at=said.started_at,
        ended_at=said.ended_at,
        duration=lasted if lasted is not None and lasted >= timedelta() else None,
        commit=said.commit,
        external_id=said.external_id,
        payload=said.payload,
        reported_by=actor.label,
        **said.sizes,
    )


def _redate(known: DeliveryEvent, event: DeliveryEvent, actor: Actor) -> None:
    """Move a change to an earlier time that is reported later."""
    if known.kind != Kind.CHANGE or event.occurred_at >= known.occurred_at:
        return
    data = {"kind": known.kind, "before": known.occurred_at, "after": event.occurred_at}
    known.occurred_at, known.payload, known.reported_by = event.occurred_at, event.payload, event.reported_by
    known.save(update_fields=["occurred_at", "payload", "reported_by", "updated_at"])
    record_event("delivery.redated", subject=known, actor=actor, related=[known.component], data=data)


def _known(event: DeliveryEvent) -> Known:
    """The stored event with the identity of this one, if any; for an incident else the one that it opens or closes."""
    alike = DeliveryEvent.objects.filter(component=event.component, kind=event.kind)
    match event.kind:
        case Kind.CHANGE | Kind.DEPLOYMENT:
            at = event.occurred_at if event.kind == Kind.DEPLOYMENT else None
            return _alike.first(component=event.component_id, kind=str(event.kind), commit=event.commit, at=at), None
        case Kind.INCIDENT_OPENED:
            return _opened(event, Incident.objects.filter(component=event.component))
        case Kind.INCIDENT_RESOLVED:
            return _resolved(event, Incident.objects.filter(component=event.component), alike)
    if event.started_at is None or event.ended_at is None:
        return None, None
    return alike.filter(started_at=event.started_at, ended_at=event.ended_at).first(), None


@prepared
def _held(*, component: int) -> QuerySet[Component]:
    return Component.objects.select_for_update(no_key=True).only("pk").filter(pk=component)


@prepared
def _alike(*, component: int, kind: str, commit: str, at: datetime | None) -> QuerySet[DeliveryEvent]:
    found = DeliveryEvent.objects.filter(component=component, kind=kind, commit=commit)
    return (found.filter(occurred_at=at) if at else found)[:1]


def _opened(event: DeliveryEvent, incidents: QuerySet[Incident]) -> Known:
    """An open incident of this id is the same; of closed ones each that began no earlier. Else it is a new one."""
    mine = incidents.filter(external_id=event.external_id)
    not_before = mine.filter(opened_at__gte=event.occurred_at).order_by("opened_at")
    if same := mine.filter(resolved_at=None).first() or not_before.first():
        told_late = same.resolved_at is not None and same.opened_at == event.occurred_at
        if told_late and not same.events.filter(kind=Kind.INCIDENT_OPENED).exists():
            return None, same  # it was resolved before anybody told that it had opened
        return same.events.earliest("pk"), None
    return None, _begin(event)


def _resolved(event: DeliveryEvent, incidents: QuerySet[Incident], alike: QuerySet[DeliveryEvent]) -> Known:
    """Close the open incident of this id, else the one of this beginning; else it was never opened here."""
    began, ended = event.started_at or event.occurred_at, event.occurred_at
    mine = incidents.filter(external_id=event.external_id)
    told = alike.filter(external_id=event.external_id, started_at=began).order_by("pk")
    if known := told.filter(ended_at=ended).first():
        return known, None
    found = mine.filter(resolved_at=None, opened_at__lte=ended).first()
    if found is None and (known := told.first()):
        return known, None
    if found is None and (closed := mine.filter(resolved_at__isnull=False, opened_at=began).first()):
        return closed.events.latest("pk"), None
    found = found or incidents.filter(resolved_at=None, opened_at=began).first()
    if found is None:
        return None, _begin(event)
    found.resolved_at = ended
    found.save(update_fields=["resolved_at", "updated_at"])
    return None, found


def _begin(event: DeliveryEvent) -> Incident:
    """A new incident, closed already when the event says when it ended."""
    incident = Incident(
        organization=event.organization,
        component=event.component,
        external_id=event.external_id,
        opened_at=event.started_at or event.occurred_at,
        resolved_at=event.ended_at,
    )
    incident.full_clean(validate_unique=False, validate_constraints=False)
    incident.save()
    return incident
