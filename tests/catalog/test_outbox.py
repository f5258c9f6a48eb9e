"""The outbox: every subscriber is told every event at least once, whatever fails."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog import tasks
from catalog.actors import system_actor
from catalog.models import Event, Organization, OutboxEntry
from catalog.services import events
from catalog.services.events import record_event
from catalog.tasks import drain_outbox, tell_entry
from config.errors import Conflict


@pytest.fixture
def subscribers(monkeypatch) -> list:
    """The subscribers of this test, none yet."""
    told: list = []
    monkeypatch.setattr(events, "SUBSCRIBERS", told)
    return told


@pytest.fixture
def entry(acme) -> OutboxEntry:
    """One event to tell; those of making the organization are told."""
    OutboxEntry.objects.update(done_at=timezone.now())
    record_event("organization.updated", subject=acme, actor=system_actor(acme))
    return OutboxEntry.objects.get(done_at=None)


def later(entry: OutboxEntry, time_machine) -> None:
    """Wait until the entry is due."""
    entry.refresh_from_db()
    time_machine.move_to(entry.next_attempt_at + timedelta(milliseconds=1), tick=False)


def test_every_subscriber_is_told_once(subscribers, entry):
    heard: list = []
    subscribers += [lambda event: heard.append(("one", event)), lambda event: heard.append(("two", event))]

    tell_entry(entry.pk)
    tell_entry(entry.pk)
    drain_outbox()

    assert heard == [("one", entry.event), ("two", entry.event)]
    entry.refresh_from_db()
    assert entry.done_at is not None
    assert entry.attempts == 1


def test_a_refusal_keeps_the_event_and_not_the_others_from_it(subscribers, entry, acme, time_machine):
    attempts: list[int] = []

    def fails(event: Event) -> None:
        attempts.append(len(attempts))
        Organization.objects.update(name="half done")
        if len(attempts) < 3:
            raise Conflict("Not now.")

    heard: list[Event] = []
    subscribers += [fails, heard.append]
    tell_entry(entry.pk)

    entry.refresh_from_db()
    acme.refresh_from_db()
    assert (entry.done_at, entry.attempts, len(heard), acme.name) == (None, 1, 1, "Acme")
    assert "fails: Conflict: Not now." in entry.last_error
    assert drain_outbox() == 0

    for _ in range(2):
        later(entry, time_machine)
        assert drain_outbox() == 1
    entry.refresh_from_db()
    acme.refresh_from_db()
    assert entry.done_at is not None
    assert (entry.attempts, len(attempts), len(heard), acme.name) == (3, 3, 3, "half done")


def test_a_database_error_of_a_subscriber_is_a_refusal(subscribers, entry):
    def fails(event: Event) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    subscribers.append(fails)
    tell_entry(entry.pk)

    entry.refresh_from_db()
    assert "DataError: division by zero" in entry.last_error
    assert entry.done_at is None


def test_the_pause_grows_and_ends_at_an_hour(subscribers, entry, time_machine):
    def fails(event: Event) -> None:
        raise ValueError("never")

    subscribers.append(fails)
    pauses = []
    for _ in range(14):
        later(entry, time_machine)
        now = timezone.now()
        tell_entry(entry.pk)
        entry.refresh_from_db()
        pauses.append((entry.next_attempt_at - now).total_seconds())

    assert pauses[:5] == [2, 4, 8, 16, 32]
    assert pauses[-1] == 3600
    assert entry.attempts == 14


def test_a_worker_that_dies_loses_nothing_and_blocks_nobody(subscribers, entry, acme, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    record_event("organization.updated", subject=acme, actor=system_actor(acme))
    heard: list[Event] = []

    def dies_at_first(event: Event) -> None:
        if event == entry.event and not heard:
            raise SystemExit
        heard.append(event)

    subscribers.append(dies_at_first)
    with pytest.raises(SystemExit):
        drain_outbox()
    drain_outbox()
    assert len(heard) == 1
    assert heard[0] != entry.event

    later(entry, time_machine)
    drain_outbox()
    assert heard[1:] == [entry.event]
    assert not OutboxEntry.objects.filter(done_at=None).exists()


def test_a_defect_in_a_subscriber_does_not_hold_up_later_events(subscribers, entry, acme):
    record_event("organization.updated", subject=acme, actor=system_actor(acme))
    heard: list[Event] = []

    def defect(event: Event) -> None:
        if event == entry.event:
            raise AttributeError("a defect")
        heard.append(event)

    subscribers.append(defect)
    with pytest.raises(AttributeError):
        drain_outbox()
    drain_outbox()

    assert len(heard) == 1


def test_who_claims_first_tells(entry):
    now = timezone.now()

    assert OutboxEntry.claim(entry.pk, now).attempts == 1
    assert OutboxEntry.claim(entry.pk, now) is None
    assert OutboxEntry.claim(entry.pk, now + timedelta(seconds=9)) is None
    assert OutboxEntry.claim(entry.pk, now + timedelta(seconds=10)).attempts == 2
    assert OutboxEntry.claim(entry.pk, now + timedelta(seconds=29)) is None
    assert OutboxEntry.claim(entry.pk, now + timedelta(seconds=30)).attempts == 3
    entry.finish(now)
    assert OutboxEntry.claim(entry.pk, now + timedelta(days=1)) is None


def test_due_entries_come_oldest_first(entry, acme):
    record_event("organization.updated", subject=acme, actor=system_actor(acme))
    future = timezone.now() + timedelta(hours=1)
    rows = list(OutboxEntry.due(timezone.now()))

    assert [row.event_id for row in rows] == sorted(row.event_id for row in rows)
    OutboxEntry.objects.filter(pk=entry.pk).update(next_attempt_at=future)
    assert entry not in OutboxEntry.due(timezone.now())
    assert entry in OutboxEntry.due(future)


def test_a_sweep_takes_a_bounded_number(subscribers, acme, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 2)
    for _ in range(3):
        record_event("organization.updated", subject=acme, actor=system_actor(acme))

    assert drain_outbox() == 2


def test_the_message_is_sent_after_the_commit_and_may_get_lost(acme, monkeypatch, django_capture_on_commit_callbacks):
    sent: list = []
    monkeypatch.setattr("config.jobs.current_app.send_task", lambda name, args, retry: sent.append((name, args)))
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        event = record_event("organization.updated", subject=acme, actor=system_actor(acme))
        assert sent == []
    assert sent == [("catalog.tell", (event.outbox.pk,))]

    def lost(*args, **kwargs):
        raise OSError("no broker")

    monkeypatch.setattr("config.jobs.current_app.send_task", lost)
    with django_capture_on_commit_callbacks(execute=True):
        event = record_event("organization.updated", subject=acme, actor=system_actor(acme))
    assert OutboxEntry.objects.filter(event=event, done_at=None).exists()
