"""Jobs of the catalog: telling subscribers what happened."""

from datetime import timedelta

import structlog
from celery import shared_task
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from catalog.models import OutboxEntry
from catalog.services import events
from config.errors import GatehouseError

log = structlog.get_logger(__name__)
BATCH = 200


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
    """Claim one entry, call every subscriber, mark it done: one transaction, so a crash anywhere leaves it due.

    A subscriber's error is kept on the entry and tried again after a growing pause, at most an hour.
    """
    try:
        with transaction.atomic():
            entry = (
                OutboxEntry.due(timezone.now())
                .select_for_update(skip_locked=True, of=("self",))
                .filter(pk=entry_id)
                .first()
            )
            if entry is None:
                return
            for subscriber in events.SUBSCRIBERS:
                subscriber(entry.event)
            entry.done_at = timezone.now()
            entry.save(update_fields=["done_at"])
    except (
        GatehouseError,
        ValidationError,
        ObjectDoesNotExist,
        DatabaseError,
        LookupError,
        ValueError,
        TypeError,
    ) as error:
        log.exception("subscriber_failed", entry=entry_id)
        _try_later(entry_id, error)


def _try_later(entry_id: int, error: Exception) -> None:
    with transaction.atomic():
        entry = OutboxEntry.objects.select_for_update().get(pk=entry_id)
        entry.attempts += 1
        entry.last_error = f"{type(error).__name__}: {error}"
        entry.next_attempt_at = timezone.now() + timedelta(seconds=min(3600, 2**entry.attempts))
        entry.save(update_fields=["attempts", "last_error", "next_attempt_at"])
