"""Jobs of the catalog: telling subscribers what happened."""

import structlog
from celery import Task, shared_task
from celery.signals import task_failure, task_success
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from catalog.models import Event, OutboxEntry
from catalog.services import bulk, events, idempotency, jobs
from config.errors import GatehouseError
from config.jobs import enqueue

log = structlog.get_logger(__name__)
BATCH = 200
SCHEDULED = frozenset(entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values())
REFUSALS = (GatehouseError, ValidationError, ObjectDoesNotExist, DatabaseError, LookupError, ValueError, TypeError)


@shared_task(name="catalog.tell")
def tell(entry_id: int) -> None:
    """Tell the subscribers one event now; the sweep tells it later when this does not."""
    tell_entry(entry_id)


@shared_task(name="catalog.drain_outbox")
def drain_outbox() -> int:
    """Tell what is due and held by nobody, what waits longest first; returns how many attempts that took."""
    attempts = 0
    for entry_id in list(OutboxEntry.next_up(timezone.now()).values_list("pk", flat=True)[:BATCH]):
        attempts += tell_entry(entry_id)
        if attempts >= BATCH:
            break
    return attempts


def tell_entry(entry_id: int) -> int:
    """Tell one event, and then the later ones of its subject that waited for it; returns how many attempts were made.

    After BATCH of them another worker goes on, so that one busy subject leaves the others their turn.
    """
    next_pk: int | None = entry_id
    for attempts in range(BATCH):
        entry = OutboxEntry.claim(next_pk, at=timezone.now()) if next_pk else None
        if entry is None:
            return attempts  # told already, not due, held back, or another worker has it
        _tell(entry)
        next_pk = entry.next_pk()
    if next_pk:
        enqueue("catalog.tell", next_pk)
    return BATCH


def _tell(entry: OutboxEntry) -> None:
    """Call every subscriber of a claimed entry in a transaction of its own, mark the entry done.

    What one subscriber refuses keeps the others from nothing: all are told again after a growing pause. Whoever dies
    in the middle leaves a claim that runs out, so the entry is due again.
    """
    refusals = [
        refusal for subscriber in events.subscribers_of(entry.event.kind) if (refusal := _told(subscriber, entry.event))
    ]
    if refusals:
        entry.try_later(at=timezone.now(), error="; ".join(refusals))
    else:
        entry.finish(at=timezone.now())


def _told(subscriber: events.Subscriber, event: Event) -> str:
    """Tell one subscriber; '' when it took the event, else why not."""
    try:
        with transaction.atomic():
            subscriber(event)
    except REFUSALS as error:
        log.exception("subscriber_failed", kind=event.kind, event_uid=str(event.uid))
        return f"{subscriber.__module__}.{subscriber.__qualname__}: {type(error).__name__}: {error}"
    return ""


@shared_task(name="catalog.forget_answers")
def forget_answers() -> int:
    """Delete the answers kept for repeated requests that are older than a day; returns how many."""
    return idempotency.forget_answers(at=timezone.now())


@shared_task(name="catalog.work_on_bulk")
def work_on_bulk(job_id: int) -> None:
    """Do what is left of a change of many things."""
    bulk.work_on(job_id)


@shared_task(name="catalog.sweep_bulk")
def sweep_bulk() -> int:
    """Send the changes of many things that lost their worker to another; returns how many."""
    return len(bulk.sweep(at=timezone.now()))


@task_success.connect
def note_success(sender: Task, **kwargs: object) -> None:
    """Keep for the job board that a scheduled job ended well."""
    if sender.name in SCHEDULED:
        jobs.note_done(sender.name, at=timezone.now())


@task_failure.connect
def note_failure(sender: Task, exception: BaseException, **kwargs: object) -> None:
    """Keep for the job board that a scheduled job failed."""
    if sender.name in SCHEDULED:
        jobs.note_failed(sender.name, at=timezone.now(), error=f"{type(exception).__name__}: {exception}")
