"""History: what an event says, and that nothing changes or deletes it."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from catalog.actors import system_actor, token_actor
from catalog.models import Event, OutboxEntry
from catalog.services.events import event_of, plain, record_event, record_events
from catalog.services.keys import issue_webhook_token
from catalog.services.organizations import create_organization
from tests.people import make_machine, make_user


def test_an_event_says_what_happened_to_what_by_whom(acme, admin):
    about, other = create_organization(name="Lab", parent=acme), uuid.uuid4()
    event = record_event(
        "organization.updated", subject=about, actor=admin, data={"a": 1}, related=[acme, None, other, about]
    )

    event.refresh_from_db()
    assert (event.kind, event.subject_type, event.subject_uid) == ("organization.updated", "organization", about.uid)
    assert (event.subject_label, event.organization_id) == ("Lab", about.pk)
    assert event.related == [about.uid, acme.uid, other]
    assert (event.actor_kind, event.actor_label, event.actor_uid) == ("user", "admin@acme.example", admin.user.uid)
    assert event.data == {"a": 1}


def test_each_kind_of_actor_is_named(acme):
    token, _ = issue_webhook_token(actor=system_actor(acme), label="CI")
    machine, _ = make_machine(acme)
    for actor, expected in (
        (system_actor(acme), ("system", "system", None)),
        (token_actor(token), ("webhook_token", "CI", token.uid)),
        (machine, ("service_account", "ci-machine", machine.service_account.uid)),
    ):
        event = record_event("organization.updated", subject=acme, actor=actor)
        assert (event.actor_kind, event.actor_label, event.actor_uid) == expected


def test_data_is_plain(acme):
    made = uuid.uuid4()
    said = plain(
        {
            "uuid": made,
            "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "day": date(2026, 1, 2),
            "number": Decimal("1.50"),
            "deep": [{"set": {1}}, (True, None, 1.5)],
            7: "key",
        }
    )

    assert said == {
        "uuid": str(made),
        "at": "2026-01-02T03:04:05Z",
        "day": "2026-01-02",
        "number": "1.50",
        "deep": [{"set": [1]}, [True, None, 1.5]],
        "7": "key",
    }


def test_a_long_name_is_cut_and_never_refused(acme):
    assert (
        len(record_event("organization.updated", subject=acme, actor=system_actor(acme), label="x" * 600).subject_label)
        == 512
    )


@pytest.mark.parametrize("statement", ["UPDATE catalog_event SET kind = 'x'", "DELETE FROM catalog_event"])
def test_the_database_refuses_to_change_or_delete_history(acme, statement):
    before = list(Event.objects.values())
    assert before

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Event.objects.update(kind="x")
    OutboxEntry.objects.all().delete()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Event.objects.first().delete()
    assert list(Event.objects.values()) == before


def test_nothing_cascades_into_history(acme, admin):
    user = make_user(acme, "viewer", "gone@acme.example")
    machine, _ = make_machine(acme)
    event = record_event("member.added", subject=acme, actor=machine, related=[user])
    user.delete()

    assert not any(field.is_relation for field in Event._meta.concrete_fields)
    assert Event.objects.get(pk=event.pk).actor_label == "ci-machine"


def test_a_timeline_shows_what_is_related_and_only_that(acme, globex, admin):
    about = uuid.uuid4()
    shown = [record_event("organization.updated", subject=acme, actor=admin, related=[about]) for _ in range(2)]
    record_event("organization.updated", subject=acme, actor=admin, related=[uuid.uuid4()])
    record_event("organization.updated", subject=globex, actor=admin, related=[about])

    assert list(Event.objects.visible_to(admin).about(about)) == shown[::-1]
    assert list(Event.objects.visible_to(None).about(about)) == []


def test_many_events_are_written_and_queued_by_one_statement(acme, django_assert_num_queries):
    events = [event_of("organization.updated", subject=acme, actor=system_actor(acme)) for _ in range(20)]

    with django_assert_num_queries(1):
        record_events(events)
    record_events([])

    for stored, event in zip(Event.objects.order_by("-pk")[:20], reversed(events), strict=True):
        assert stored == event
        assert (stored.uid, stored.kind, stored.data, stored.related, stored.occurred_at) == (
            event.uid,
            event.kind,
            event.data,
            event.related,
            event.occurred_at,
        )
    queued = OutboxEntry.objects.filter(event__in=events, done_at=None, attempts=0).order_by("pk")
    assert [(each.event, each.next_attempt_at) for each in queued] == [(each, each.occurred_at) for each in events]


def test_a_change_that_is_rolled_back_never_happened(acme, django_capture_on_commit_callbacks):
    before = Event.objects.count()
    with django_capture_on_commit_callbacks() as sent, transaction.atomic():
        record_event("organization.updated", subject=acme, actor=system_actor(acme))
        transaction.set_rollback(True)

    assert (Event.objects.count(), OutboxEntry.objects.count(), sent) == (before, before, [])
