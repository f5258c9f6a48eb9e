"""The outbox: every subscriber is told every event at least once, whatever fails, and of one subject in order."""

import threading
from concurrent.futures import ThreadPoolExecutor
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


def happens(to: Organization) -> OutboxEntry:
    """One more event to tell."""
    return record_event("organization.updated", subject=to, actor=system_actor(to)).outbox


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


def test_a_subscriber_that_names_kinds_is_told_no_others(subscribers, entry, acme, monkeypatch):
    heard: list[str] = []
    monkeypatch.setattr(events, "MINDED", {})
    events.subscribe(lambda event: heard.append("all"))
    events.subscribe(lambda event: heard.append("updates"), "organization.updated", "organization.moved")
    events.subscribe(lambda event: heard.append("others"), "organization.created")

    tell_entry(entry.pk)

    assert heard == ["all", "updates"]


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


def test_a_worker_that_dies_loses_nothing_and_blocks_no_other_subject(subscribers, entry, globex, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    happens(to=globex)
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


def test_a_defect_in_a_subscriber_does_not_hold_up_other_subjects(subscribers, entry, globex):
    happens(to=globex)
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
    happens(to=acme)
    future = timezone.now() + timedelta(hours=1)
    rows = list(OutboxEntry.due(timezone.now()))

    assert [row.event_id for row in rows] == sorted(row.event_id for row in rows)
    OutboxEntry.objects.filter(pk=entry.pk).update(next_attempt_at=future)
    assert entry not in OutboxEntry.due(timezone.now())
    assert entry in OutboxEntry.due(future)


def test_a_sweep_takes_a_bounded_number(subscribers, entry, acme, globex, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 2)
    for organization in (globex, globex, acme):
        happens(to=organization)

    assert drain_outbox() == 2
    assert OutboxEntry.objects.filter(done_at=None).count() == 2


def test_an_event_waits_for_the_older_ones_of_its_subject(entry, acme, globex):
    second, other, now = happens(to=acme), happens(to=globex), timezone.now()

    assert list(OutboxEntry.next_up(now)) == [entry, other]
    assert OutboxEntry.claim(second.pk, now) is None
    OutboxEntry.claim(entry.pk, now)
    assert OutboxEntry.claim(second.pk, now) is None
    entry.finish(now)
    assert OutboxEntry.claim(second.pk, now) == second


def test_who_told_an_event_goes_on_with_the_next_of_its_subject(subscribers, entry, acme, globex):
    later_ones, other = [happens(to=acme) for _ in range(2)], happens(to=globex)
    heard: list[Event] = []
    subscribers.append(heard.append)

    assert tell_entry(later_ones[0].pk) == 0  # its message came too early
    assert tell_entry(entry.pk) == 3

    assert heard == [each.event for each in (entry, *later_ones)]
    assert list(OutboxEntry.objects.filter(done_at=None)) == [other]


def test_a_busy_subject_is_handed_on_after_a_batch(subscribers, entry, acme, monkeypatch):
    second, third = happens(to=acme), happens(to=acme)
    sent: list = []
    monkeypatch.setattr(tasks, "BATCH", 2)
    monkeypatch.setattr(tasks, "enqueue", lambda *message: sent.append(message))

    tell_entry(entry.pk)
    assert sent == [("catalog.tell", third.pk)]
    second.refresh_from_db()
    assert second.done_at is not None

    tell_entry(third.pk)
    assert len(sent) == 1


def test_what_is_refused_three_times_holds_up_its_subject_no_longer(subscribers, entry, acme, time_machine):
    second = happens(to=acme)
    heard: list[Event] = []

    def refuses(event: Event) -> None:
        if event == entry.event:
            raise Conflict("Not this one.")
        heard.append(event)

    subscribers.append(refuses)
    for _ in range(2):
        later(entry, time_machine)
        tell_entry(entry.pk)
        assert OutboxEntry.claim(second.pk, timezone.now()) is None
    later(entry, time_machine)
    tell_entry(entry.pk)

    assert heard == [second.event]
    entry.refresh_from_db()
    assert (entry.done_at, entry.attempts) == (None, 3)


def test_what_kills_its_worker_three_times_holds_up_its_subject_no_longer(entry, acme, time_machine):
    second = happens(to=acme)
    for _ in range(3):
        later(entry, time_machine)
        OutboxEntry.claim(entry.pk, timezone.now())
        assert second not in OutboxEntry.next_up(timezone.now())
    later(entry, time_machine)
    OutboxEntry.claim(entry.pk, timezone.now())

    assert second in OutboxEntry.next_up(timezone.now())


def test_who_was_too_slow_to_tell_changes_nothing_that_others_wrote(entry):
    now = timezone.now()
    slow = OutboxEntry.claim(entry.pk, now)
    quick = OutboxEntry.claim(entry.pk, now + timedelta(seconds=10))

    slow.try_later(now + timedelta(seconds=11), "refused")
    entry.refresh_from_db()
    assert (entry.last_error, entry.next_attempt_at) == ("", quick.next_attempt_at)

    quick.finish(now + timedelta(seconds=12))
    slow.finish(now + timedelta(seconds=13))
    entry.refresh_from_db()
    assert entry.done_at == now + timedelta(seconds=12)


def test_of_many_workers_that_claim_at_once_one_has_it(transactional_db, acme):
    entry, at = happens(to=acme), timezone.now()
    OutboxEntry.objects.exclude(pk=entry.pk).update(done_at=at)
    start = threading.Barrier(4)

    def claim(_: int) -> bool:
        start.wait(10)
        try:
            return OutboxEntry.claim(entry.pk, at) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(claim, range(4))) == [False, False, False, True]


def test_telling_an_event_takes_four_queries_beside_the_subscribers(subscribers, entry, django_assert_num_queries):
    with django_assert_num_queries(4):  # look, claim, done, who is next
        tell_entry(entry.pk)


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
