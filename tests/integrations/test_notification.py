"""Who hears what, once, and what becomes of it when it is read."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from catalog.actors import service_account_actor
from catalog.models import Event, OutboxEntry, Role, ServiceAccount
from compliance.services.drift import approve_baseline
from compliance.services.snapshots import record_snapshot
from config.errors import Forbidden
from integrations.models import Notification
from integrations.services import notifications
from integrations.services.notifications import read_all, read_notification, tell, unread_count
from releases.models import Decision
from releases.services.approvals import decide, request_trail_approval
from releases.services.gate import evaluate
from tests.integrations.news import a_notification, drain, of, readers, told
from tests.people import make_machine, make_user
from tests.releases.proofs import (
    ANY_ONE,
    DIGEST,
    OTHER_DIGEST,
    a_component,
    a_flow,
    a_policy,
    a_release,
    a_trail,
    an_application,
    an_environment,
    attest,
    person,
)


@pytest.fixture
def people(acme, globex, admin) -> dict[str, object]:
    """One person per role beside Acme's admin, and a stranger who could decide at home."""
    make_user(globex, "change-manager")
    return {role: person(acme, role) for role in ("change-manager", "maintainer", "ci", "viewer")}


# Approvals


def test_who_may_decide_hears_that_approval_is_requested(admin, people):
    trail = a_trail(people["maintainer"], a_flow(admin))
    environment = an_environment(admin)
    request = request_trail_approval(
        actor=people["maintainer"], trail=trail, environment=environment, comments="Please look."
    )

    rows = told("approval.requested")

    assert readers(rows) == {"", "admin@acme.example", "change-manager@acme.example"}
    assert {row.title for row in rows} == {f"Approval requested: {trail}"}
    assert rows[0].message == (
        f"maintainer@acme.example asks for your approval of {trail} for production.\nPlease look."
    )
    assert {(row.severity, row.subject_type, row.subject_uid) for row in rows} == {("info", "approval", request.uid)}
    assert {row.url for row in rows} == {reverse("releases:approval", args=[request.uid])}
    assert {row.organization_id for row in rows} == {admin.organization_id}


def test_only_whom_the_request_names_hear_of_it(admin, people):
    trail = a_trail(admin, a_flow(admin))
    request_trail_approval(actor=admin, trail=trail, required_approvers=["change-manager@acme.example"])

    assert readers(told("approval.requested")) == {"", "change-manager@acme.example"}


@pytest.mark.parametrize(
    ("verdict", "kind", "title", "severity"),
    [
        (Decision.Verdict.APPROVED, "approval.granted", "Approved: ", "info"),
        (Decision.Verdict.REJECTED, "approval.rejected", "Rejected: ", "warning"),
    ],
)
def test_who_asked_hears_how_it_was_decided(admin, people, verdict, kind, title, severity):
    trail = a_trail(admin, a_flow(admin))
    request = request_trail_approval(actor=people["maintainer"], trail=trail)
    decide(actor=people["change-manager"], request=request, verdict=verdict, comments="Because.")

    rows = told(kind)

    assert readers(rows) == {"", "maintainer@acme.example"}
    assert {row.title for row in rows} == {f"{title}{trail}"}
    assert {row.severity for row in rows} == {severity}
    assert "by change-manager@acme.example.\nBecause." in rows[0].message


def test_what_is_settled_waits_for_nobody(admin, people):
    request = request_trail_approval(actor=people["maintainer"], trail=a_trail(admin, a_flow(admin)))
    told("approval.requested")
    assert unread_count(admin) == 1

    decide(actor=people["change-manager"], request=request, verdict=Decision.Verdict.APPROVED)
    told("approval.granted")
    told("approval.granted")

    assert (unread_count(admin), unread_count(people["change-manager"])) == (0, 0)
    assert unread_count(people["maintainer"]) == 1
    assert Notification.objects.filter(user=None, read_at=None).count() == 2


def test_an_answer_that_others_must_join_is_no_news_yet(admin, people):
    trail = a_trail(admin, a_flow(admin))
    request = request_trail_approval(
        actor=people["maintainer"],
        trail=trail,
        required_approvers=["change-manager@acme.example", "admin@acme.example"],
    )
    decide(actor=people["change-manager"], request=request, verdict=Decision.Verdict.APPROVED)
    assert told("approval.granted") == []
    assert unread_count(admin) == 0

    decide(actor=admin, request=request, verdict=Decision.Verdict.APPROVED)
    assert readers(told("approval.granted")) == {"", "maintainer@acme.example"}


# Gate and drift


def closed_gate(admin, *, digest: str = DIGEST):
    flow = a_flow(admin, component=a_component(admin), required_types=["junit"])
    environment = an_environment(admin)
    a_trail(admin, flow, digest=digest)
    a_policy(admin, flow, environment=environment, required_types=["junit"])
    return flow, environment


def test_a_closed_gate_is_told_to_who_may_ship(admin, people):
    flow, environment = closed_gate(admin)
    decision = evaluate(actor=people["ci"], digest=DIGEST, environment=environment)

    rows = told("gate.blocked")

    assert not decision.allowed
    assert readers(rows) == {
        "",
        "admin@acme.example",
        "change-manager@acme.example",
        "ci@acme.example",
        "maintainer@acme.example",
    }
    assert {row.title for row in rows} == {"Gate closed: checkout to production"}
    assert rows[0].message.startswith(decision.document["headline"])
    assert "junit" in rows[0].message
    assert {(row.severity, row.subject_type) for row in rows} == {("critical", "environment")}
    assert {row.subject_uid for row in rows} == {environment.uid}
    assert {row.url for row in rows} == {reverse("catalog:component", args=[flow.component.uid])}


def test_a_gate_closed_for_a_release_leads_to_the_release(admin):
    release = a_release(admin, an_application(admin, rules=(ANY_ONE,)), judged=False, digest=DIGEST)
    evaluate(actor=admin, digest=DIGEST, release=release)

    rows = told("gate.blocked")

    assert {row.url for row in rows} == {reverse("releases:release-by-uid", args=[release.uid])}
    assert {(row.severity, row.subject_type) for row in rows} == {("warning", "gate")}


def test_the_same_closed_gate_is_said_once_until_it_is_read(admin, people):
    _, environment = closed_gate(admin)
    for _ in range(3):
        evaluate(actor=admin, digest=DIGEST, environment=environment)
        told("gate.blocked")
    assert len(of(admin)) == 1

    read_all(actor=admin)
    evaluate(actor=admin, digest=DIGEST, environment=environment)
    told("gate.blocked")
    assert len(of(admin)) == 2
    assert len(of(people["maintainer"])) == 1


def test_a_gate_that_opens_has_read_that_it_was_closed(admin, people):
    flow, environment = closed_gate(admin)
    evaluate(actor=admin, digest=DIGEST, environment=environment)
    told("gate.blocked")
    attest(admin, flow.trails.get(), "junit")
    evaluate(actor=admin, digest=DIGEST, environment=environment)
    drain()

    assert len(of(admin)) == 1
    assert of(admin)[0].read_at is not None


def test_an_open_gate_is_no_news(admin):
    environment = an_environment(admin)
    evaluate(actor=admin, digest=DIGEST, environment=environment)
    drain()

    assert Event.objects.filter(kind="gate.allowed").exists()
    assert not Notification.objects.exists()


@pytest.mark.parametrize(("policy", "severity"), [("warn", "warning"), ("block", "critical")])
def test_drift_is_told_to_who_may_approve_a_baseline(admin, people, policy, severity):
    environment = an_environment(admin, drift_policy=policy)
    running = {"digest": DIGEST, "name": "checkout", "tag": "1", "instances": 1}
    record_snapshot(actor=admin, environment=environment, recorded_by="k8s", artifacts=[running])
    approve_baseline(actor=admin, environment=environment, approved_by="admin")
    unknown = running | {"digest": OTHER_DIGEST}
    record_snapshot(actor=admin, environment=environment, recorded_by="k8s", artifacts=[unknown])

    rows = told("drift.found")

    assert readers(rows) == {"", "admin@acme.example", "change-manager@acme.example", "maintainer@acme.example"}
    assert {row.title for row in rows} == {"Drift in production"}
    assert rows[0].message == "Not as the baseline says, seen in snapshot #2: checkout."
    assert {(row.severity, row.subject_type, row.subject_uid) for row in rows} == {
        (severity, "environment", environment.uid)
    }
    assert {row.url for row in rows} == {reverse("catalog:environment", args=[environment.uid])}


# Telling


def test_an_event_told_twice_is_said_once(admin, people):
    request_trail_approval(actor=people["maintainer"], trail=a_trail(admin, a_flow(admin)))
    once = len(told("approval.requested"))
    Notification.objects.update(read_at="2026-01-01T00:00:00Z")

    assert len(told("approval.requested")) == once


def test_the_database_says_an_event_to_a_reader_once(acme, admin):
    row = a_notification(acme, admin.user)
    for user in (admin.user, None):
        a_notification(acme, user, event_uid=acme.uid)
        with pytest.raises(IntegrityError, match="notification_once"), transaction.atomic():
            a_notification(acme, user, event_uid=acme.uid)
    assert Notification.objects.filter(pk=row.pk).exists()


def test_the_job_that_empties_the_outbox_tells(admin, people):
    request_trail_approval(actor=people["maintainer"], trail=a_trail(admin, a_flow(admin)))

    drain()

    assert Notification.objects.count() == 3
    assert not OutboxEntry.objects.filter(done_at=None).exists()


def test_no_more_people_are_told_than_one_event_may_reach(admin, people, monkeypatch):
    monkeypatch.setattr(notifications, "FAN_OUT", 1)
    request_trail_approval(actor=people["maintainer"], trail=a_trail(admin, a_flow(admin)))

    assert len(told("approval.requested")) == 2


def test_what_is_gone_is_no_news(admin, people):
    request_trail_approval(actor=people["maintainer"], trail=a_trail(admin, a_flow(admin)))
    event = Event.objects.get(kind="approval.requested")
    for kind in ("approval.requested", "approval.granted", "gate.blocked", "drift.found", "component.created"):
        tell(Event(kind=kind, organization_id=event.organization_id, subject_uid=event.uid, subject_type="x"))

    assert not Notification.objects.exists()


@pytest.mark.parametrize("members", [1, 20])
def test_telling_costs_the_same_for_any_number_of_people(acme, admin, members, django_assert_max_num_queries):
    for number in range(members):
        make_user(acme, "change-manager", f"{number}@acme.example")
    request_trail_approval(actor=admin, trail=a_trail(admin, a_flow(admin)))
    event = Event.objects.get(kind="approval.requested")

    with django_assert_max_num_queries(9):
        tell(event)

    assert Notification.objects.count() == members + 1  # and the organization's copy; who asked may not decide


# Reading


def test_people_see_their_own_and_machines_what_went_to_all_of_them(acme, globex, admin, stranger):
    mine = a_notification(acme, admin.user)
    other = person(acme, "viewer")
    theirs = a_notification(acme, other.user)
    everybodys = a_notification(acme)
    a_notification(globex, stranger.user)
    a_notification(globex)
    machine, _ = make_machine(acme)

    assert of(admin) == [mine]
    assert of(other) == [theirs]
    assert of(machine) == [everybodys]
    assert list(Notification.objects.addressed_to(None)) == []


def test_a_notification_once_read_stays_read_since_then(acme, admin):
    row = a_notification(acme, admin.user)

    first = read_notification(actor=admin, notification=row).read_at
    read_notification(actor=admin, notification=row)

    row.refresh_from_db()
    assert row.read_at == first is not None
    assert unread_count(admin) == 0


def test_reading_all_reads_only_ones_own(acme, admin):
    other = person(acme, "viewer")
    rows = [a_notification(acme, admin.user) for _ in range(3)]
    a_notification(acme, other.user)
    a_notification(acme)
    read_notification(actor=admin, notification=rows[0])

    assert read_all(actor=admin) == 2
    assert (unread_count(admin), unread_count(other)) == (0, 1)


def test_a_machine_needs_the_right_to_read_for_all_of_them(acme):
    blind = Role.objects.create(organization=acme, canonical="blind", name="Blind")
    account = ServiceAccount.objects.create(organization=acme, name="blind", role=blind)
    row = a_notification(acme)
    actor = service_account_actor(account)

    with pytest.raises(Forbidden, match="organization:notification:update"):
        read_notification(actor=actor, notification=row)
    with pytest.raises(Forbidden, match="organization:notification:update"):
        read_all(actor=actor)
    assert Notification.objects.get().read_at is None


def test_a_new_organization_has_the_right_in_every_role(acme):
    for role in Role.objects.filter(organization=acme):
        actor = service_account_actor(ServiceAccount.objects.create(organization=acme, name=role.name, role=role))
        assert actor.may("organization:notification:update"), role
