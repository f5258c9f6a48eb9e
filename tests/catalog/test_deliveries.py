"""Delivery events: stored once by their identity, incidents opened and closed in whatever order they are told."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from catalog.actors import system_actor
from catalog.models import Component, DeliveryEvent, Event, Incident
from catalog.services.components import create_component
from catalog.services.deliveries import Reported, report_delivery
from config.errors import Forbidden
from tests.people import make_actor


@pytest.fixture
def component(acme) -> Component:
    return create_component(actor=system_actor(acme), name="Checkout", record_id="checkout01")


def t(seconds: int) -> datetime:
    """A moment, so many seconds after a beginning."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def opened(id: str, began: int) -> Reported:
    return Reported(kind="incident-opened", external_id=id, started_at=t(began))


def resolved(id: str, began: int, ended: int) -> Reported:
    return Reported(kind="incident-resolved", external_id=id, started_at=t(began), ended_at=t(ended))


def change(commit: str, at: int) -> Reported:
    return Reported(kind="change", commit=commit, at=t(at))


def deployed(commit: str, at: int) -> Reported:
    return Reported(kind="deployment", commit=commit, at=t(at))


def merged(began: int | None, ended: int | None, kind: str = "pr-merged") -> Reported:
    return Reported(
        kind=kind,
        started_at=None if began is None else t(began),
        ended_at=None if ended is None else t(ended),
    )


IDENTITIES = {  # what is told, one after another -> which of it was known already
    "a change counts once": ([change("a", 10), change("a", 20), change("b", 10)], [False, True, False]),
    "an earlier time is the same change": ([change("a", 10), change("a", 5)], [False, True]),
    "a deployment by commit and time": (
        [deployed("a", 10), deployed("a", 10), deployed("a", 11), deployed("b", 10)],
        [False, True, False, False],
    ),
    "a change and a deployment of one commit": ([change("a", 10), deployed("a", 10)], [False, False]),
    "the end of a pull request by its times": (
        [merged(1, 2), merged(1, 2), merged(1, 3), merged(1, 2, "pr-closed"), merged(1, 2, "pr-closed")],
        [False, True, False, False, True],
    ),
    "a review by its times": (
        [merged(1, 2, "review-approved"), merged(1, 2, "review-changes"), merged(1, 2, "review-approved")],
        [False, False, True],
    ),
    "without both times each counts": (
        [merged(None, 2), merged(None, 2), merged(1, None), merged(1, None), merged(None, None), merged(None, None)],
        [False] * 6,
    ),
    "comments are all different": ([Reported(kind="comment")] * 3, [False] * 3),
    "so are opened pull requests": ([Reported(kind="pr-opened", sizes={"additions": 5})] * 2, [False] * 2),
}


def test_an_event_is_stored_once_by_its_identity(acme, component, subtests):
    system = system_actor(acme)
    for name, (told, expected) in IDENTITIES.items():
        with subtests.test(name), transaction.atomic():
            DeliveryEvent.objects.all().delete()
            answers = [report_delivery(actor=system, component=component, said=each) for each in told]

            assert [known for _, known in answers] == expected
            assert {event for event, _ in answers} == set(DeliveryEvent.objects.all())
            assert DeliveryEvent.objects.count() == expected.count(False)


INCIDENTS = {  # what is told -> what was known, and the incidents that are then stored: id, from, to
    "opened and resolved": ([opened("A", 10), resolved("A", 10, 20)], [0, 0], [("A", 10, 20)]),
    "opened twice": ([opened("A", 10), opened("A", 10), opened("A", 15)], [0, 1, 1], [("A", 10, None)]),
    "resolved twice": (
        [opened("A", 10), resolved("A", 10, 20), resolved("A", 10, 20), resolved("A", 10, 25)],
        [0, 0, 1, 1],
        [("A", 10, 20)],
    ),
    "reopened by a later beginning": (
        [opened("A", 10), resolved("A", 10, 20), opened("A", 10), opened("A", 30), resolved("A", 30, 40)],
        [0, 0, 1, 0, 0],
        [("A", 10, 20), ("A", 30, 40)],
    ),
    "an old resolution told again leaves the new incident open": (
        [opened("A", 10), resolved("A", 10, 20), opened("A", 30), resolved("A", 10, 20)],
        [0, 0, 0, 1],
        [("A", 10, 20), ("A", 30, None)],
    ),
    "resolved before it was opened": (
        [resolved("A", 10, 20), opened("A", 10), opened("A", 10)],
        [0, 0, 1],
        [("A", 10, 20)],
    ),
    "resolved unseen and opened again": (
        [resolved("A", 10, 20), opened("A", 30)],
        [0, 0],
        [("A", 10, 20), ("A", 30, None)],
    ),
    "closed by its beginning where the id is another": (
        [opened("A", 10), resolved("B", 10, 20), resolved("B", 10, 20), resolved("A", 10, 30)],
        [0, 0, 1, 1],
        [("A", 10, 20)],
    ),
    "an id goes before a beginning": (
        [opened("A", 10), opened("B", 12), resolved("B", 10, 20)],
        [0, 0, 0],
        [("A", 10, None), ("B", 12, 20)],
    ),
    "nothing ends before it began": (
        [opened("A", 50), resolved("A", 10, 20)],
        [0, 0],
        [("A", 10, 20), ("A", 50, None)],
    ),
    "ended as it began": ([opened("A", 10), resolved("A", 10, 10)], [0, 0], [("A", 10, 10)]),
}


def test_incidents_are_opened_and_closed_in_any_order(acme, component, subtests):
    system = system_actor(acme)
    for name, (told, expected, stored) in INCIDENTS.items():
        with subtests.test(name), transaction.atomic():
            Incident.objects.all().delete()
            answers = [report_delivery(actor=system, component=component, said=each) for each in told]

            assert [known for _, known in answers] == [bool(each) for each in expected]
            seconds = [
                (
                    each.external_id,
                    *(at and int((at - t(0)).total_seconds()) for at in (each.opened_at, each.resolved_at)),
                )
                for each in Incident.objects.order_by("opened_at")
            ]
            assert seconds == stored
            assert {event for event, _ in answers} == set(DeliveryEvent.objects.all())


def test_an_earlier_time_of_a_change_replaces_a_later_one(acme, component):
    system = system_actor(acme)
    first, _ = report_delivery(actor=system, component=component, said=change("a", 10))
    for at in (20, 5, 7):
        report_delivery(actor=system, component=component, said=change("a", at))

    first.refresh_from_db()
    assert first.occurred_at == t(5)
    moved = Event.objects.get(kind="delivery.redated")
    assert moved.data == {"kind": "change", "before": "2026-01-01T00:00:10Z", "after": "2026-01-01T00:00:05Z"}


def test_an_event_counts_for_the_day_of_its_own_time_and_keeps_what_lasted(acme, component, time_machine):
    system = system_actor(acme)
    time_machine.move_to("2026-02-01T10:00:00.123456Z", tick=False)
    now = datetime(2026, 2, 1, 10, 0, 0, 123000, tzinfo=UTC)
    cases = [
        (change("a", 10), t(10), None),
        (Reported(kind="deployment", commit="a"), now, None),
        (opened("A", 10), t(10), None),
        (resolved("A", 10, 20), t(20), timedelta(seconds=10)),
        (merged(10, 25), t(25), timedelta(seconds=15)),
        (merged(25, 10, "pr-closed"), t(10), None),  # backwards: the event stays, without a duration
        (merged(10, None, "review-changes"), now, None),
        (Reported(kind="comment", payload={"event": "comment"}), now, None),
    ]
    for said, occurred_at, duration in cases:
        event, _ = report_delivery(actor=system, component=component, said=said)
        event.refresh_from_db()

        assert (event.occurred_at, event.duration) == (occurred_at, duration)
        assert (event.organization, event.reported_by, event.payload) == (acme, "system", said.payload)


def test_an_event_is_on_the_timeline_of_its_component_and_needs_the_right(acme, component):
    event, _ = report_delivery(actor=system_actor(acme), component=component, said=opened("A", 1))
    report_delivery(actor=system_actor(acme), component=component, said=opened("A", 1))
    told = Event.objects.get(kind="incident.opened")

    assert (told.subject_uid, told.subject_label) == (event.uid, "incident A")
    assert told.related == [event.uid, component.uid]
    with pytest.raises(Forbidden, match="organization:delivery:create"):
        report_delivery(actor=make_actor(acme, "viewer"), component=component, said=opened("B", 1))


def test_the_database_holds_what_an_event_is(acme, component):
    fixed = {"organization": acme, "component": component}
    twice = [
        (DeliveryEvent, {"kind": "change", "commit": "a"}, "delivery_change_once"),
        (DeliveryEvent, {"kind": "deployment", "commit": "a", "occurred_at": t(1)}, "delivery_deployment_once"),
        (DeliveryEvent, {"kind": "pr-merged", "started_at": t(1), "ended_at": t(2)}, "delivery_times_once"),
        (Incident, {"external_id": "A"}, "incident_one_open"),
    ]
    for model, values, constraint in twice:
        values = {"occurred_at": t(0)} | values if model is DeliveryEvent else {"opened_at": t(0)} | values
        model.objects.create(**fixed, **values)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            model.objects.create(**fixed, **values)
    with pytest.raises(IntegrityError, match="incident_runs_forward"), transaction.atomic():
        Incident.objects.create(**fixed, opened_at=t(2), resolved_at=t(1))


@pytest.mark.django_db(transaction=True)
def test_of_the_same_told_at_once_one_is_stored(acme, component):
    answers, ready = [], threading.Barrier(4)

    def tell() -> None:
        ready.wait()
        try:
            answers.append(report_delivery(actor=system_actor(acme), component=component, said=opened("A", 1)))
        finally:
            connection.close()

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(known for _, known in answers) == [False, True, True, True]
    assert Incident.objects.count() == DeliveryEvent.objects.count() == 1
