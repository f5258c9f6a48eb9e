"""The job board: how scheduled jobs fared, and one run more."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from celery.signals import task_failure, task_success
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from catalog import tasks
from catalog.models import JobRecord
from catalog.services.jobs import note_done, note_failed
from tests.catalog.desk import page_of

SWEEP = "catalog.drain_outbox"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
INLINE = re.compile(r"<script(?![^>]*\b(?:src|type=\"application/json\"))")


@pytest.fixture
def job(db) -> PeriodicTask:
    """A job of the timetable, as beat writes it."""
    every, _ = IntervalSchedule.objects.get_or_create(every=5, period="seconds")
    return PeriodicTask.objects.create(name="outbox sweep", task=SWEEP, interval=every)


def test_failures_are_counted_until_it_ends_well_and_the_last_is_kept(db):
    note_done(SWEEP, NOON)
    note_failed(SWEEP, NOON + timedelta(seconds=5), "ValueError: no")
    note_failed(SWEEP, NOON + timedelta(seconds=10), "ValueError: " + "x" * 5000)
    record = JobRecord.objects.get()
    assert (record.done_at, record.failed_at, record.failures) == (NOON, NOON + timedelta(seconds=10), 2)
    assert len(record.error) == 2000

    note_done(SWEEP, NOON + timedelta(seconds=15))
    record.refresh_from_db()
    assert (record.done_at, record.failures) == (NOON + timedelta(seconds=15), 0)
    assert record.error.startswith("ValueError")


def test_a_worker_keeps_how_scheduled_jobs_end_and_no_others(db):
    task_success.send(sender=tasks.drain_outbox, result=0)
    task_failure.send(sender=tasks.forget_answers, exception=ValueError("no"))
    task_success.send(sender=tasks.tell, result=None)
    task_failure.send(sender=tasks.tell, exception=ValueError("no"))

    kept = JobRecord.objects.values_list("task", "failures", "error")
    assert list(kept) == [("catalog.drain_outbox", 0, ""), ("catalog.forget_answers", 1, "ValueError: no")]


def test_the_board_shows_last_and_next_run_and_failures(desk, job, time_machine):
    time_machine.move_to(NOON, tick=False)
    note_done(SWEEP, NOON - timedelta(seconds=3))
    note_failed(SWEEP, NOON - timedelta(seconds=1), "ValueError: no")
    [row] = desk.get(page_of(PeriodicTask, "changelist")).context["cl"].result_list
    board = desk.get(page_of(PeriodicTask, "changelist")).context["cl"].model_admin

    assert board.last_run(row) == NOON - timedelta(seconds=1)
    assert board.next_run(row) == NOON + timedelta(seconds=4)
    assert (row.done_at, row.failed_at) == (NOON - timedelta(seconds=3), NOON - timedelta(seconds=1))
    page = desk.get(page_of(PeriodicTask, "changelist")).text
    assert "ValueError: no" in page
    assert "every 5 seconds" in page
    row.enabled = False
    assert board.next_run(row) is None


def test_somebody_runs_a_job_now(desk, job, monkeypatch, django_capture_on_commit_callbacks):
    sent: list = []
    monkeypatch.setattr("config.jobs.current_app.send_task", lambda name, args, retry: sent.append((name, args)))
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post(
            page_of(PeriodicTask, "changelist"), {"action": "run_tasks", "_selected_action": [job.pk]}, follow=True
        )

    assert sent == [(SWEEP, ())]
    assert f"Sent to a worker: {SWEEP}." in answer.text


def test_no_page_of_a_job_has_a_script_that_the_policy_refuses(desk, job):
    for page in (page_of(PeriodicTask, "changelist"), page_of(PeriodicTask, "change", job.pk)):
        answer = desk.get(page)
        assert answer.status_code == 200
        assert not INLINE.search(answer.text)


def test_a_job_that_never_ran_runs_within_its_interval(desk, job):
    [row] = desk.get(page_of(PeriodicTask, "changelist")).context["cl"].result_list
    board = desk.get(page_of(PeriodicTask, "changelist")).context["cl"].model_admin

    assert board.last_run(row) is None
    assert board.next_run(row) - timezone.now() <= timedelta(seconds=5)
