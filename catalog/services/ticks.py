"""Scheduled jobs that must run once: whoever writes the row of (job, tick) does the work of that tick."""

from datetime import datetime, timedelta

from catalog.models import JobTick

KEPT = timedelta(days=7)


def claim_tick(job: str, *, seconds: float, at: datetime) -> JobTick | None:
    """The tick of `job` that `at` falls into, ticks being `seconds` long; None when somebody else has it.

    Ticks older than a week go.
    """
    tick = int(at.timestamp() // seconds)
    row, is_ours = JobTick.objects.get_or_create(job=job, tick=tick, defaults={"started_at": at})
    if not is_ours:
        return None
    JobTick.objects.filter(job=job, started_at__lt=at - KEPT).delete()
    return row


def finish_tick(tick: JobTick, *, at: datetime, outcome: str) -> None:
    """Write how the job went."""
    tick.finished_at, tick.outcome = at, outcome
    tick.save(update_fields=["finished_at", "outcome"])
