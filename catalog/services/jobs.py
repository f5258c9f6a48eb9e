"""Scheduled jobs: how they fared, and one run more. Jobs belong to the installation, so these verbs have no actor."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from catalog.models import JobRecord
from config.jobs import enqueue

EXCERPT = 2000  # letters of an error


def note_done(task: str, at: datetime) -> None:
    """Write that a job ended well."""
    row = JobRecord(task=task, done_at=at)
    JobRecord.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["task"], update_fields=["done_at", "failures"]
    )


@transaction.atomic
def note_failed(task: str, at: datetime, error: str) -> None:
    """Write that a job did not end well, and why; what is there of its last good end stays."""
    JobRecord.objects.bulk_create([JobRecord(task=task)], ignore_conflicts=True)
    JobRecord.objects.filter(task=task).update(failed_at=at, failures=F("failures") + 1, error=error[:EXCERPT])


def run_now(task: str) -> None:
    """Send a job to a worker, without waiting for its time; once more changes nothing, as all jobs are repeatable."""
    enqueue(task)
