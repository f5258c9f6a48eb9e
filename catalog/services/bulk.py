"""Changing many things at once: rehearsed first, then done by a worker in chunks that are committed with their count.

A chunk and how far the job is are one transaction: whoever dies in the middle has done nothing of it, and the sweep has
it done again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog.actors import Actor, user_actor
from catalog.models import ApiKey, BulkJob, Component, Team
from catalog.services.components import update_component
from catalog.services.events import record_event
from catalog.services.keys import revoke
from config.dry_run import dry_run
from config.errors import BadInput, Forbidden, GatehouseError, NotFound
from config.jobs import enqueue

MOST = 1000  # things of one job
CHUNK = 20
AT_ONCE = 20  # so few are not worth waiting for a worker
QUIET = timedelta(seconds=30)  # a job nothing happened to for so long lost its worker
GIVEN_UP = timedelta(days=1)

Said = dict[str, Any]


@dataclass(frozen=True)
class Action:
    """One kind of change: the rows it can be about, as their list shows them, and the change of one by its service."""

    rows: Callable[[Actor], QuerySet[Any]]
    do: Callable[[Actor, Any, Said], object]


def start(*, actor: Actor, action: str, uids: Sequence[UUID], said: Said) -> BulkJob:
    """Change the things with these uids, in the order given; a few at once, more by a worker.

    Raises Forbidden for who is no person, BadInput for none or more than MOST. What may not be done to one of them is
    kept as its refusal. Records `bulk_job.started`, and each change its own event.
    """
    if actor.user is None:
        raise Forbidden("Many things at once are changed by people.")
    if not 0 < len(uids) <= MOST:
        raise BadInput(f"Choose 1 to {MOST:,} things, not {len(uids):,}.")
    with transaction.atomic():
        job = BulkJob.objects.create(
            organization=actor.organization,
            owner=actor.user,
            action=action,
            said=said,
            subjects=list(uids),
            total=len(uids),
        )
        record_event("bulk_job.started", subject=job, actor=actor, data={"action": action, "total": job.total} | said)
        if job.total > AT_ONCE:
            enqueue("catalog.work_on_bulk", job.pk)
    if job.total <= AT_ONCE:
        work_on(job.pk)
        job.refresh_from_db()
    return job


def rehearse(*, actor: Actor, action: str, rows: Iterable[Any], said: Said) -> list[str]:
    """Why `start` could not change each of `rows`, '' where it could; all of it is taken back."""
    refusals = []
    for row in rows:
        with dry_run():
            refusals.append(_do(actor, ACTIONS[action], row, said))
    return refusals


def work_on(job_id: int) -> None:
    """Do what is left of a job, unless another worker has it."""
    while _work_on_chunk(job_id):
        pass


def sweep(at: datetime) -> list[int]:
    """The jobs that nobody works on any more; a worker is sent each of them."""
    lost = BulkJob.objects.filter(finished_at=None, updated_at__lt=at - QUIET, created_at__gt=at - GIVEN_UP)
    found = list(lost.order_by("pk").values_list("pk", flat=True)[:50])
    for pk in found:
        enqueue("catalog.work_on_bulk", pk)
    return found


@transaction.atomic
def _work_on_chunk(job_id: int) -> bool:
    """Do the next chunk; whether more is left."""
    unfinished = BulkJob.objects.select_for_update(skip_locked=True, of=("self",)).filter(finished_at=None)
    job = unfinished.select_related("owner").filter(pk=job_id).first()
    if job is None:
        return False
    action, actor = ACTIONS[job.action], user_actor(job.owner, job.organization_id)
    if actor is not None and actor.organization_id != job.organization_id:
        actor = None  # no member any more
    uids = job.subjects[job.done : job.done + CHUNK]
    rows = {row.uid: row for row in action.rows(actor).filter(uid__in=uids)} if actor else {}
    for uid in uids:
        row = rows.get(uid)
        refusal = _do(actor, action, row, job.said) if actor and row else "It is not there any more."
        if refusal:
            job.refused.append({"uid": str(uid), "label": str(row or uid), "why": refusal})
    job.done += len(uids)
    if job.done == job.total:
        job.finished_at = timezone.now()
    job.save(update_fields=["done", "refused", "finished_at", "updated_at"])
    return job.finished_at is None


def _do(actor: Actor, action: Action, row: Any, said: Said) -> str:
    """Change one row in a savepoint; '' when it is changed, else why not."""
    try:
        with transaction.atomic():
            action.do(actor, row, said)
    except GatehouseError as refused:
        return refused.message
    except ValidationError as refused:
        return " ".join(refused.messages)
    return ""


def _change_component(actor: Actor, component: Component, said: Said) -> None:
    changes = dict(said)
    if "team" in changes:
        teams = Team.objects.visible_to(actor).filter(uid=changes["team"])
        changes["team"] = teams.first()
        if changes["team"] is None:
            raise NotFound("The team is not there any more.")
    update_component(actor=actor, component=component, **changes)


def _revoke_key(actor: Actor, key: ApiKey, said: Said) -> None:
    revoke(actor=actor, secret=key)


def _components(actor: Actor) -> QuerySet[Component]:
    return Component.objects.visible_to(actor).for_list()


def _keys(actor: Actor) -> QuerySet[ApiKey]:
    mine = ApiKey.objects.visible_to(actor).filter(organization=actor.organization)
    return mine.select_related("user", "service_account", "organization")


ACTIONS = {"components": Action(_components, _change_component), "keys": Action(_keys, _revoke_key)}
