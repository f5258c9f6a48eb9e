"""The only writers of trails, and the keepers of their status."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.actors import Actor, require, system_actor
from catalog.prepared import prepared
from catalog.services.events import event_of, record_event, record_events
from compliance.flow_template import check_template
from compliance.models import Attestation, Flow, Trail
from compliance.services.facts import TrailFacts, facts_of_trails, latest_attestations
from compliance.services.joins import join_trail
from compliance.services.needs import all_met, needs_of
from config.errors import Conflict
from config.jobs import enqueue

CHUNK = 200  # trails whose status is computed in one transaction
LEASE = timedelta(minutes=10)  # longer than a job may run
Status = Trail.Status


@transaction.atomic
def create_trail(*, actor: Actor, flow: Flow, **values: Any) -> Trail:
    """Begin a trail in `flow`: pending, joined to the flow's component or the one its build URL lies in.

    `values` are commit, branch, author, author_email and what else a trail has. Raises Forbidden without
    `organization:trail:create` on the flow, Conflict when its name is taken there, ValidationError. Records
    `trail.created`.
    """
    require(actor, "organization:trail:create", flow)
    join = join_trail(flow, values.get("build_url"))
    trail = Trail(organization=flow.organization, flow=flow, component=join.component, component_by=join.by, **values)
    if trail.name and Trail.objects.filter(flow=flow, name=trail.name).exists():
        raise Conflict(f"A trail named {trail.name} exists in flow {flow.name}.")
    check_template(trail.template_yaml)
    trail.full_clean(validate_constraints=False)  # the database sees to namesakes made at once
    trail.save()
    record_event(
        "trail.created",
        subject=trail,
        actor=actor,
        related=[trail.component, flow],
        data={"commit": trail.commit, "branch": trail.branch},
    )
    return trail


def locked_trail(trail: Trail) -> Trail:
    """The trail as it is now, held until the transaction ends, with flow and component.

    Whoever writes what a status depends on takes this lock first, so no two of them compute it from half of the facts.
    NO KEY: rows that point at the trail may be inserted meanwhile. The flow is read after the lock is held, so that a
    change of the flow that committed while waiting is seen. Component and organization, on which no status depends,
    are not read again where `trail` has them.
    """
    known = {name: trail._state.fields_cache.get(name) for name in ("organization", "component")}
    held = _held.get(trail=trail.pk, **{f"with_{name}": row is None for name, row in known.items()})
    for name, row in known.items():
        if row is not None and row.pk == getattr(held, f"{name}_id"):
            setattr(held, name, row)
    held.flow = _flow.get(flow=held.flow_id)
    held.flow.organization = held.organization
    if held.flow.component_id == held.component_id:
        held.flow.component = held.component
    return held


@prepared
def _held(*, trail: int, with_organization: bool, with_component: bool) -> QuerySet[Trail]:
    rows = Trail.objects.select_for_update(no_key=True, of=("self",)).filter(pk=trail).order_by()
    lacking = {"organization": with_organization, "component": with_component}
    related = [name for name, is_lacking in lacking.items() if is_lacking]
    return rows.select_related(*related) if related else rows


@prepared
def _flow(*, flow: int) -> QuerySet[Flow]:
    return Flow.objects.filter(pk=flow).order_by()


@transaction.atomic
def refresh_status(trail: Trail, *, actor: Actor | None = None) -> Trail:
    """Compute the trail's status from the facts and store it.

    Records `trail.compliant`, `trail.non_compliant` or `trail.pending` when it changed, in the name of `actor`
    (without one: of the system).
    """
    held = locked_trail(trail)
    store_statuses([held], actor=actor)
    return held


@transaction.atomic
def note_approval(*, actor: Actor, trail: Trail, status: str, roles: Sequence[str]) -> Trail:
    """Take over the state of the trail's latest approval and the roles of those who approved, and what follows."""
    return keep_approval(actor=actor, held=locked_trail(trail), status=status, roles=roles)


def keep_approval(*, actor: Actor, held: Trail, status: str, roles: Sequence[str]) -> Trail:
    """The same for a `locked_trail`, whose approvals nobody can change meanwhile."""
    held.approval_status, held.approver_roles = status, list(roles)
    held.full_clean()
    held.save(update_fields=["approval_status", "approver_roles", "updated_at"])
    store_statuses([held], actor=actor)
    return held


@transaction.atomic
def refresh_flow(flow: Flow, *, actor: Actor) -> None:
    """Compute the status of all trails of a flow anew: here when they are few, else by the job of `flow`.

    The row says that it is due, so a lost message only delays it.
    """
    few = list(flow.trails.order_by("pk").values_list("pk", flat=True)[: CHUNK + 1])
    if len(few) <= CHUNK:
        refresh_chunk(few, actor=actor)
        return
    Flow.objects.filter(pk=flow.pk).update(trails_due_at=timezone.now())
    enqueue("compliance.refresh_flow", flow.pk)


@transaction.atomic
def refresh_chunk(trail_ids: Sequence[int], *, actor: Actor | None = None) -> None:
    """Compute the status of these trails anew, in a number of queries that does not grow with them."""
    held = list(
        Trail.objects.filter(pk__in=trail_ids)
        .select_for_update(no_key=True, of=("self",))
        .select_related("component")
        .order_by("pk")
    )
    flows = Flow.objects.select_related("organization", "component").in_bulk({each.flow_id for each in held})
    for each in held:
        each.flow = flows[each.flow_id]
    store_statuses(held, actor=actor)


def refresh_due_flow(flow_id: int, *, at: datetime) -> None:
    """Do what `refresh_flow` put off, in chunks of their own transactions; nothing when another worker has it.

    A worker that dies leaves the flow due again when its lease ends; a change meanwhile makes it due at once.
    """
    until = at + LEASE
    if not Flow.objects.filter(pk=flow_id, trails_due_at__lte=at).update(trails_due_at=until):
        return
    last = 0
    while chunk := list(
        Trail.objects.filter(flow=flow_id, pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        refresh_chunk(chunk)
        last = chunk[-1]
    Flow.objects.filter(pk=flow_id, trails_due_at=until).update(trails_due_at=None)


def store_statuses(trails: Sequence[Trail], *, actor: Actor | None = None) -> None:
    """Compute and store the status of trails whose lock is held, with an event for each that changed."""
    latest = latest_attestations([each.pk for each in trails])
    facts = facts_of_trails(trails, latest=latest)
    changed: dict[str, list[int]] = {}
    events = []
    for trail in trails:
        status = status_of(facts[trail.pk], latest.get(trail.pk, ()))
        if status == trail.status:
            continue
        before, trail.status = trail.status, status
        changed.setdefault(status, []).append(trail.pk)
        events.append(
            event_of(
                f"trail.{status}",
                subject=trail,
                actor=actor or system_actor(trail.flow.organization),
                related=[trail.component, trail.flow],
                data={"before": before},
            )
        )
    for status, ids in changed.items():
        Trail.objects.filter(pk__in=ids).update(status=status, updated_at=timezone.now())
    record_events(events)


def status_of(facts: Sequence[TrailFacts], latest: Sequence[Attestation]) -> str:
    """The status of a trail with these facts (one per artifact) and these latest attestations.

    Non-compliant while the latest attestation of any (type, name, digest) failed; compliant when every need of every
    artifact holds, and where nothing is asked when something passed; else pending.
    """
    if any(each.status == Attestation.Status.FAILED for each in latest):
        return Status.NON_COMPLIANT
    asked = [(each, needs_of(each)) for each in facts]
    if not any(needs for _, needs in asked):
        passed = any(each.status == Attestation.Status.PASSED for each in latest)
        return Status.COMPLIANT if passed else Status.PENDING
    holds = all(all_met(each, needs) for each, needs in asked)
    return Status.COMPLIANT if holds else Status.PENDING
