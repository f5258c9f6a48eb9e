"""Asking people: who may answer, when an answer settles, and what outlives it."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog.actors import user_actor
from catalog.models import Event
from catalog.services.organizations import create_organization, update_organization
from compliance.models import Trail
from config.errors import Conflict, Forbidden
from releases.models import ApprovalRequest, Decision, Release, ReleaseJob
from releases.services.approvals import decide, expire_overdue, objection, request_trail_approval
from releases.services.electorate import electorate, whom_to_ask
from releases.services.engine import work_on
from releases.services.releases import cancel_release, update_release
from tests.people import make_machine, make_user
from tests.releases.proofs import (
    ANY_ONE,
    DIGEST,
    OTHER_DIGEST,
    a_flow,
    a_release,
    a_trail,
    an_application,
    an_environment,
    asked,
    person,
)

pytestmark = pytest.mark.django_db
Status = ApprovalRequest.Status
APPROVED, REJECTED = Decision.Verdict.APPROVED, Decision.Verdict.REJECTED


@pytest.fixture
def trail(admin) -> Trail:
    return a_trail(admin, a_flow(admin))


@pytest.fixture
def request_(trail, admin) -> ApprovalRequest:
    return request_trail_approval(actor=admin, trail=trail)


@pytest.fixture
def manager(acme):
    return person(acme, "change-manager", name="Maeve Donnelly")


def kinds(organization):
    return list(Event.objects.filter(organization_id=organization.pk).order_by("pk").values_list("kind", flat=True))


def test_a_trail_approval_is_asked_for_with_all_it_needs_to_be_decided(trail, admin, acme):
    trail.flow.required_approver_roles = ["CHANGE_MANAGER"]
    deadline = timezone.now() + timedelta(days=1)

    request = request_trail_approval(
        actor=admin, trail=trail, required_approvers=["a@x.example", "a@x.example"], comments="soak", deadline=deadline
    )

    request.refresh_from_db()
    assert (request.status, request.requested_by, request.comments) == (Status.PENDING, admin.label, "soak")
    assert request.required_approvers == ["a@x.example"]
    assert request.required_roles == ["change-manager"]
    event = Event.objects.get(kind="approval.requested")
    assert event.subject_uid == request.uid
    assert trail.uid in event.related
    assert Trail.objects.get(pk=trail.pk).approval_status == "pending_approval"


def test_asking_needs_the_right(trail, acme):
    viewer = person(acme, "viewer")

    with pytest.raises(Forbidden, match="organization:approval:request"):
        request_trail_approval(actor=viewer, trail=trail)

    assert not ApprovalRequest.objects.exists()


def test_only_a_service_account_asks_on_behalf(trail, admin, acme):
    machine, _ = make_machine(acme, "ci")

    by_machine = request_trail_approval(actor=machine, trail=trail, requested_by="jonas@acme.example")
    by_person = request_trail_approval(actor=admin, trail=trail, requested_by="jonas@acme.example")

    assert (by_machine.requested_by, by_person.requested_by) == ("jonas@acme.example", admin.label)


def test_one_approval_settles_a_request_that_names_nobody(request_, manager, trail):
    settled = decide(actor=manager, request=request_, verdict=APPROVED, comments="fine")

    assert settled.status == Status.APPROVED
    assert settled.resolved_at is not None
    decision = Decision.objects.get()
    assert (decision.identity, decision.role, decision.user, decision.comments) == (
        manager.label,
        "change-manager",
        manager.user,
        "fine",
    )
    trail.refresh_from_db()
    assert (trail.approval_status, trail.approver_roles) == ("approved", ["change-manager"])
    granted = Event.objects.get(kind="approval.granted")
    assert granted.data["identity"] == manager.label
    assert granted.data["status"] == "approved"


def test_everybody_on_the_list_must_approve(trail, admin, acme):
    one, two = person(acme, email="one@acme.example"), person(acme, email="Two@acme.example")
    request = request_trail_approval(
        actor=admin, trail=trail, required_approvers=["one@acme.example", "two@ACME.example"]
    )

    first = decide(actor=one, request=request, verdict=APPROVED)
    second = decide(actor=two, request=request, verdict=APPROVED)

    assert (first.status, second.status) == (Status.PENDING, Status.APPROVED)
    assert kinds(acme).count("approval.granted") == 2


def test_somebody_not_on_the_list_is_refused(trail, admin, manager):
    request = request_trail_approval(actor=admin, trail=trail, required_approvers=["one@acme.example"])

    with pytest.raises(Forbidden, match=r"one@acme\.example may decide"):
        decide(actor=manager, request=request, verdict=APPROVED)

    assert not Decision.objects.exists()


def test_each_role_the_flow_names_must_be_heard(admin, acme, manager):
    flow = a_flow(admin, requires_approval=True, required_approver_roles=["CHANGE_MANAGER", "owner"])
    request = request_trail_approval(actor=admin, trail=a_trail(admin, flow))
    admin_too = person(acme, "admin", email="another@acme.example")

    with pytest.raises(Forbidden, match="lacks a role"):
        decide(actor=admin_too, request=request, verdict=APPROVED)
    first = decide(actor=manager, request=request, verdict=APPROVED)
    second = decide(actor=person(acme, "owner"), request=request, verdict=APPROVED)

    assert (first.status, second.status) == (Status.PENDING, Status.APPROVED)
    assert Trail.objects.get().approver_roles == ["change-manager", "owner"]


def test_one_rejection_rejects(trail, admin, acme, manager):
    request = request_trail_approval(actor=admin, trail=trail, required_approvers=[manager.label, "one@acme.example"])

    settled = decide(actor=manager, request=request, verdict=REJECTED, comments="not on a Friday")

    assert settled.status == Status.REJECTED
    assert Event.objects.get(kind="approval.rejected").data["comments"] == "not on a Friday"
    assert Trail.objects.get().approval_status == "rejected"


def test_who_asked_may_not_decide_where_four_eyes_are_needed(request_, admin, acme):
    with pytest.raises(Forbidden, match="four-eyes"):
        decide(actor=admin, request=request_, verdict=APPROVED)

    update_organization(actor=admin, organization=acme, four_eyes=False)
    settled = decide(actor=admin, request=ApprovalRequest.objects.get(), verdict=APPROVED)

    assert settled.status == Status.APPROVED


def test_deciding_needs_the_right(request_, acme):
    with pytest.raises(Forbidden, match="organization:approval:decide"):
        decide(actor=person(acme, "maintainer"), request=request_, verdict=APPROVED)


def test_another_organization_decides_nothing(request_, stranger):
    with pytest.raises(Forbidden):
        decide(actor=stranger, request=request_, verdict=APPROVED)


def test_nobody_speaks_twice(trail, admin, acme, manager):
    request = request_trail_approval(actor=admin, trail=trail, required_approvers=[manager.label, "one@acme.example"])
    decide(actor=manager, request=request, verdict=APPROVED)

    with pytest.raises(Conflict, match="has decided"):
        decide(actor=manager, request=request, verdict=REJECTED)

    assert ApprovalRequest.objects.get().status == Status.PENDING


def test_a_settled_request_takes_no_answer(request_, acme, manager):
    decide(actor=manager, request=request_, verdict=APPROVED)

    words = r"^Approval of [0-9a-f]+ is approved already: Maeve Donnelly, \d{4}-\d\d-\d\d \d\d:\d\d UTC\.$"
    with pytest.raises(Conflict, match=words):
        decide(actor=person(acme, email="late@acme.example"), request=request_, verdict=REJECTED)

    assert ApprovalRequest.objects.get().status == Status.APPROVED


def test_a_service_account_answers_for_the_person_it_names(request_, acme, manager):
    machine, _ = make_machine(acme, "admin")

    decide(actor=machine, request=request_, verdict=APPROVED, identity=manager.label.upper())

    decision = Decision.objects.get()
    assert (decision.identity, decision.user, decision.role) == (manager.label.upper(), manager.user, "change-manager")


def test_blanks_around_a_name_do_not_make_it_another(trail, acme, manager):
    machine, _ = make_machine(acme, "admin")
    request = request_trail_approval(actor=machine, trail=trail, requested_by=f"{manager.label} ")

    with pytest.raises(Forbidden, match="four-eyes"):
        decide(actor=machine, request=request, verdict=APPROVED, identity=f" {manager.label.upper()}")


def test_a_person_answers_only_for_themselves(request_, manager):
    decide(actor=manager, request=request_, verdict=APPROVED, identity="somebody@else.example")

    assert Decision.objects.get().identity == manager.label


def test_a_name_without_the_role_is_refused_also_on_behalf(admin, acme):
    boss = person(acme, "owner", email="boss@acme.example")
    flow = a_flow(admin, requires_approval=True, required_approver_roles=["change-manager"])
    request = request_trail_approval(actor=admin, trail=a_trail(admin, flow))
    machine, _ = make_machine(acme, "admin")

    with pytest.raises(Forbidden, match="lacks a role"):
        decide(actor=machine, request=request, verdict=APPROVED, identity=boss.label)


def test_an_overdue_request_expires_when_somebody_answers(trail, admin, manager):
    request = request_trail_approval(actor=admin, trail=trail, deadline=timezone.now() - timedelta(seconds=1))

    with pytest.raises(Conflict, match="expired"):
        decide(actor=manager, request=request, verdict=APPROVED)

    request.refresh_from_db()
    assert request.status == Status.EXPIRED
    assert Event.objects.get(kind="approval.expired").actor_label == "system"
    assert Trail.objects.get().approval_status == "expired"


def test_the_sweep_expires_what_is_overdue_once(trail, admin):
    now = timezone.now()
    request_trail_approval(actor=admin, trail=trail, deadline=now + timedelta(hours=1))
    request_trail_approval(actor=admin, trail=trail, deadline=now + timedelta(hours=3))

    assert expire_overdue(at=now) == 0
    assert expire_overdue(at=now + timedelta(hours=2)) == 1
    assert expire_overdue(at=now + timedelta(hours=2)) == 0
    assert list(ApprovalRequest.objects.order_by("pk").values_list("status", flat=True)) == ["expired", Status.PENDING]


def test_an_older_request_does_not_speak_over_the_newest(trail, admin, manager):
    older = request_trail_approval(actor=admin, trail=trail)
    request_trail_approval(actor=admin, trail=trail)

    decide(actor=manager, request=older, verdict=REJECTED)

    assert Trail.objects.get().approval_status == "pending_approval"


def test_status_is_read_as_of_a_moment(trail, admin, manager):
    now = timezone.now()
    request = request_trail_approval(actor=admin, trail=trail, deadline=now + timedelta(hours=1))
    assert request.status_at(now) == Status.PENDING
    assert request.status_at(now + timedelta(hours=2)) == Status.EXPIRED

    settled = decide(actor=manager, request=request, verdict=APPROVED)

    assert settled.status_at(now) == Status.PENDING
    assert settled.status_at(now + timedelta(hours=2)) == Status.APPROVED


# ---- manual rules of releases


def rule(policy, minimum=None):
    return {"type": "manual", "approval_policy": policy, "minimum": minimum}


def test_a_manual_rule_asks_once_and_binds_what_it_asks_about(admin, trail):
    environment = an_environment(admin)
    release = a_release(admin, an_application(admin, rules=(ANY_ONE,)), digest=DIGEST, environment="production")
    work_on(release.pk)

    request = asked(release)

    assert (request.digest, request.environment, request.requested_by) == (DIGEST, environment, admin.label)
    assert release.state == Release.State.PENDING


def test_one_approval_wakes_the_release_and_approves_it(admin, manager, trail):
    release = a_release(admin, an_application(admin, rules=(ANY_ONE,)), digest=DIGEST)
    assert ReleaseJob.objects.get().next_attempt_at is None

    decide(actor=manager, request=asked(release), verdict=APPROVED)
    assert ReleaseJob.objects.get().next_attempt_at <= timezone.now()
    work_on(release.pk)

    release.refresh_from_db()
    assert release.state == Release.State.APPROVED
    trail.refresh_from_db()
    assert (trail.approval_status, trail.approver_roles) == ("approved", ["change-manager"])


def test_one_rejection_rejects_the_release(admin, manager, trail):
    release = a_release(admin, an_application(admin, rules=(rule("minimum", 2),)), digest=DIGEST)

    decide(actor=manager, request=asked(release), verdict=REJECTED)
    work_on(release.pk)

    release.refresh_from_db()
    assert release.state == Release.State.REJECTED
    assert Trail.objects.get().approval_status == ""


def test_a_minimum_needs_that_many_different_people(admin, acme):
    release = a_release(admin, an_application(admin, rules=(rule("minimum", 2),)))
    request = asked(release)

    first = decide(actor=person(acme, email="one@acme.example"), request=request, verdict=APPROVED)
    second = decide(actor=person(acme, email="two@acme.example"), request=request, verdict=APPROVED)

    assert (first.status, second.status) == (Status.PENDING, Status.APPROVED)


def test_all_means_everybody_who_may_decide_at_that_moment(admin, acme):
    one, two = person(acme, email="one@acme.example"), person(acme, email="two@acme.example")
    person(acme, "viewer")
    release = a_release(admin, an_application(admin, rules=(rule("all"),)))
    request = asked(release)
    assert {voter.identity for voter in electorate(request)} == {one.label, two.label}  # not admin, who asked

    assert decide(actor=one, request=request, verdict=APPROVED).status == Status.PENDING
    assert decide(actor=two, request=request, verdict=APPROVED).status == Status.APPROVED


def test_an_answer_to_a_release_that_changed_makes_the_question_void(admin, manager, trail):
    application = an_application(admin, rules=(ANY_ONE,))
    release = a_release(admin, application, digest=DIGEST)
    request = asked(release)
    update_release(actor=admin, release=release, metadata={"digest": OTHER_DIGEST})

    with pytest.raises(Conflict, match=f"was {DIGEST} and is {OTHER_DIGEST} now"):
        decide(actor=manager, request=request, verdict=APPROVED)
    work_on(release.pk)

    request.refresh_from_db()
    assert request.status == Status.VOID
    assert asked(release).digest == OTHER_DIGEST
    assert "approval.void" in kinds(release.organization)


def test_an_approval_of_something_else_is_void_before_it_counts(admin, manager):
    release = a_release(admin, an_application(admin, rules=(ANY_ONE,)), digest=DIGEST)
    decide(actor=manager, request=asked(release), verdict=APPROVED)
    update_release(actor=admin, release=release, metadata={"digest": OTHER_DIGEST})

    work_on(release.pk)

    release.refresh_from_db()
    assert release.state == Release.State.PENDING
    assert sorted(ApprovalRequest.objects.values_list("status", flat=True)) == [Status.PENDING, Status.VOID]


def test_what_was_shown_must_be_what_is_asked(admin, manager):
    release = a_release(admin, an_application(admin, rules=(ANY_ONE,)), digest=DIGEST)

    with pytest.raises(Conflict, match="You were shown"):
        decide(actor=manager, request=asked(release), verdict=APPROVED, bound=OTHER_DIGEST)

    assert not Decision.objects.exists()


def test_a_cancelled_release_leaves_no_open_question(admin, manager):
    release = a_release(admin, an_application(admin, rules=(ANY_ONE,)))
    request = asked(release)

    cancel_release(actor=admin, release=release)

    with pytest.raises(Conflict):
        decide(actor=manager, request=request, verdict=APPROVED)
    request.refresh_from_db()
    assert request.status == Status.VOID


def test_pages_say_why_somebody_may_not_decide(request_, admin, manager, acme):
    assert objection(manager, request_) == ""
    assert "four-eyes" in objection(admin, request_)
    assert "organization:approval:decide" in objection(person(acme, "viewer"), request_)


def test_those_to_ask_are_named_without_whoever_asked(request_, admin, manager, acme):
    assert whom_to_ask(electorate(request_)) == [
        {"label": "Change manager", "kind": "role"},
        {"label": "Maeve Donnelly", "kind": "user"},
    ]


def test_whoever_an_approval_waits_for_is_named_among_those_to_ask(request_, manager, acme):
    """Owners and admins too; beyond the limit their number stands for them, beside their roles."""
    owner, waiting = person(acme, "owner"), ApprovalRequest.objects.waiting_for
    asked = [each for each in (owner, manager) if waiting(each, timezone.now()).exists()]

    named = whom_to_ask(electorate(request_))

    assert asked == [owner, manager]
    assert {each["label"] for each in named if each["kind"] == "user"} == {str(each.user) for each in asked}
    assert [each["label"] for each in named if each["kind"] == "role"] == ["Change manager", "Owner"]
    assert whom_to_ask(electorate(request_), limit=1)[-1] == {"label": "1 more", "kind": "more"}


def test_a_member_of_the_organization_above_may_decide(acme, admin):
    below = create_organization(name="Acme EU", parent=acme, actor=admin)
    actor = person(below, "admin", email="eu@acme.example")
    trail = a_trail(actor, a_flow(actor))

    request = request_trail_approval(actor=actor, trail=trail)

    assert [voter.identity for voter in electorate(request)] == [admin.label]
    assert decide(actor=user_actor(admin.user), request=request, verdict=APPROVED).status == Status.APPROVED


@pytest.mark.django_db(transaction=True)
def test_fifty_answers_at_once_end_in_one_final_state(admin, acme):
    trail = a_trail(admin, a_flow(admin))
    request = request_trail_approval(actor=admin, trail=trail)
    people = [user_actor(make_user(acme, "change-manager", f"p{number}@acme.example")) for number in range(50)]

    def answer(position):
        try:
            verdict = APPROVED if position % 2 else REJECTED
            return decide(actor=people[position], request=request, verdict=verdict).status
        except Conflict:
            return "conflict"
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(answer, range(50)))

    request.refresh_from_db()
    assert request.status in (Status.APPROVED, Status.REJECTED)
    assert [each for each in answers if each != "conflict"] == [request.status]
    assert Decision.objects.count() == 1


def test_a_service_account_that_names_nobody_answers_for_itself(request_, acme):
    machine, _ = make_machine(acme, "admin", name="robot")

    decide(actor=machine, request=request_, verdict=APPROVED)

    assert Decision.objects.get().identity == "robot"


@pytest.mark.django_db(transaction=True)
def test_an_answer_does_not_speak_over_a_question_asked_meanwhile(admin, manager):
    trail = a_trail(admin, a_flow(admin))
    older = request_trail_approval(actor=admin, trail=trail)

    def answer():
        try:
            decide(actor=manager, request=older, verdict=APPROVED)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            request_trail_approval(actor=admin, trail=trail)
            answering = pool.submit(answer)
            wait_for_a_lock()
        answering.result(timeout=10)

    assert Trail.objects.get().approval_status == "pending_approval"


def wait_for_a_lock() -> None:
    """Until somebody in this database waits for a row."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    pytest.fail("Nobody waits.")


def test_a_release_does_not_speak_over_what_was_asked_about_its_trail_since(admin, manager, trail):
    release = a_release(admin, an_application(admin, rules=(ANY_ONE,)), digest=DIGEST)
    assert release.trail == trail
    newer = request_trail_approval(actor=admin, trail=trail)

    decide(actor=manager, request=asked(release), verdict=APPROVED)
    work_on(release.pk)

    assert Release.objects.get(pk=release.pk).state == "approved"
    assert Trail.objects.get().approval_status == "pending_approval"
    decide(actor=manager, request=newer, verdict=REJECTED)
    assert Trail.objects.get().approval_status == "rejected"
