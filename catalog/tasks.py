"""Jobs of the catalog: telling subscribers what happened."""

import structlog
from celery import shared_task
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from catalog.models import Event, OutboxEntry
from catalog.services import bulk, events, idempotency
from config.errors import GatehouseError

log = structlog.get_logger(__name__)
BATCH = 200
REFUSALS = (GatehouseError, ValidationError, ObjectDoesNotExist, DatabaseError, LookupError, ValueError, TypeError)


@shared_task(name="catalog.tell")
def tell(entry_id: int) -> None:
    """Tell the subscribers one event now; the sweep tells it later when this does not."""
    tell_entry(entry_id)


@shared_task(name="catalog.drain_outbox")
def drain_outbox() -> int:
    """Tell every event that is due and held by nobody, oldest first; returns how many were looked at."""
    due = list(OutboxEntry.due(timezone.now()).values_list("pk", flat=True)[:BATCH])
    for entry_id in due:
        tell_entry(entry_id)
    return len(due)


def tell_entry(entry_id: int) -> None:
    """Claim one entry, call every subscriber in a transaction of its own, mark the entry done.

    What one subscriber refuses keeps the others from nothing: all are told again after a growing pause. Whoever dies
    in the middle leaves a claim that runs out, so the entry is due again.
    """
    entry = OutboxEntry.claim(entry_id, at=timezone.now())
    if entry is None:
        return  # told already, not due, or another worker has it
    refusals = [refusal for subscriber in events.SUBSCRIBERS if (refusal := _told(subscriber, entry.event))]
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
