"""The jobs behind releases: sweeps, real workers, and what they leave behind."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from releases import tasks
from releases.models import ApprovalRequest, Release, ReleaseJob
from releases.services import engine
from releases.services.releases import create_release
from tests.live import eventually
from tests.releases.shipping import MANUAL, MATCHING, make_application


@pytest.fixture
def sent(monkeypatch) -> list:
    """The messages to workers."""
    messages: list = []
    monkeypatch.setattr(engine, "enqueue", lambda *message: messages.append(message))
    return messages


def make_due(**ago: int) -> None:
    ReleaseJob.objects.update(next_attempt_at=timezone.now() - timedelta(**ago))


def test_the_message_of_a_new_release_is_given_a_moment_before_the_sweep_sends_another(admin, sent):
    create_release(actor=admin, application=make_application(admin))

    assert tasks.sweep() == 0
    assert sent == []


def test_a_sweep_sends_what_is_due_again_with_growing_pauses(admin, sent):
    release = create_release(actor=admin, application=make_application(admin))
    make_due(seconds=1)

    assert tasks.sweep() == 1
    assert tasks.sweep() == 0

    assert sent == [("releases.work", release.pk)]
    job = ReleaseJob.objects.get()
    assert job.attempts == 1
    assert timedelta(seconds=2) < job.next_attempt_at - timezone.now() <= timedelta(seconds=5)


def test_a_sweep_takes_a_bounded_number_oldest_first(admin, sent, monkeypatch):
    monkeypatch.setattr(engine, "BATCH", 2)
    application = make_application(admin)
    releases = [create_release(actor=admin, application=application) for _ in range(3)]
    make_due(seconds=1)

    assert [tasks.sweep(), tasks.sweep(), tasks.sweep()] == [2, 1, 0]
    assert [pk for _, pk in sent] == [release.pk for release in releases]


def test_a_sweep_leaves_alone_what_waits_for_people(admin, sent):
    release = create_release(actor=admin, application=make_application(admin, MANUAL))
    engine.work_on(release.pk)

    assert tasks.sweep() == 0
    assert ReleaseJob.objects.get().next_attempt_at is None


def test_a_sweep_wakes_what_waits_for_an_answer_that_was_given(admin, sent):
    release = create_release(actor=admin, application=make_application(admin, MANUAL))
    engine.work_on(release.pk)
    ApprovalRequest.objects.update(status="approved", resolved_at=timezone.now())  # and nobody told the job

    assert tasks.sweep() == 1
    tasks.work(*[pk for _, pk in sent])

    release.refresh_from_db()
    assert release.state == "approved"


def test_a_message_for_a_release_that_is_gone_does_nothing(db):
    tasks.work(404)


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_send_each_job_once(admin, sent):
    application = make_application(admin)
    for _ in range(20):
        create_release(actor=admin, application=application)
    make_due(seconds=1)
    barrier = threading.Barrier(2)

    def sweeper():
        try:
            barrier.wait(10)
            engine.sweep()
        finally:
            connection.close()

    threads = [threading.Thread(target=sweeper) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(sent) == len(set(sent)) == 20


@pytest.mark.django_db(transaction=True)
def test_fifty_releases_hold_no_connections(admin):
    application = make_application(admin, MATCHING, MATCHING)
    with connection.cursor() as cursor:
        open_now = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        cursor.execute(sessions)
        before = cursor.fetchone()[0]

        for _ in range(50):
            engine.work_on(create_release(actor=admin, application=application).pk)

        cursor.execute(sessions)
        assert cursor.fetchone()[0] <= before
        cursor.execute(open_now)
        assert cursor.fetchone()[0] == 1  # this very question
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert cursor.fetchone()[0] == 0
    assert Release.objects.filter(state="approved").count() == 50


def test_a_real_worker_judges_a_release_at_once(worker, admin):
    release = create_release(actor=admin, application=make_application(admin, MATCHING))

    eventually(lambda: Release.objects.filter(pk=release.pk, state="approved").exists(), seconds=5)
    assert ReleaseJob.objects.count() == 0


def test_a_killed_worker_loses_nothing(worker, admin):
    application = make_application(admin, MATCHING)
    worker.kill("worker")
    releases = [create_release(actor=admin, application=application) for _ in range(3)]
    make_due(seconds=1)

    worker.start("worker")

    eventually(lambda: Release.objects.filter(state="approved").count() == len(releases))
    assert all(release.events.count() == 2 for release in releases)
