"""The rules engine: one final state from frozen rules, whatever happens on the way."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from catalog.models import Event
from releases.models import ApprovalRequest, Outcome, Release, ReleaseEvent, ReleaseJob
from releases.services import approvals, engine
from releases.services.releases import cancel_release, create_release
from tests.people import make_actor
from tests.releases.shipping import MANUAL, MATCHING, MISSING, bind, events_of, make_application

PENDING, APPROVED, REJECTED = Release.State.PENDING, Release.State.APPROVED, Release.State.REJECTED


class Killed(BaseException):
    """kill -9, as far as a test can play it: nobody catches it."""


@pytest.mark.parametrize(
    ("rules", "mode", "events", "state"),
    [
        ([MATCHING], "enforcing", [(APPROVED, False)], APPROVED),
        ([MISSING], "enforcing", [(REJECTED, False)], REJECTED),
        ([MISSING], "permissive", [(APPROVED, True)], APPROVED),
        ([], "enforcing", [], APPROVED),
        ([MATCHING, MISSING, MATCHING], "enforcing", [(PENDING, False), (REJECTED, False)], REJECTED),
        ([MISSING, MISSING], "permissive", [(PENDING, True), (APPROVED, True)], APPROVED),
    ],
)
def test_rules_give_events_and_a_final_state(admin, rules, mode, events, state):
    release = create_release(actor=admin, application=make_application(admin, *rules, mode=mode))

    engine.work_on(release.pk)

    release.refresh_from_db()
    assert (release.state, events_of(release)) == (state, events)
    assert release.finalized_at is not None
    assert not ReleaseJob.objects.exists()
    assert Event.objects.filter(kind=f"release.{state}").count() == 1


def test_a_stored_outcome_is_used_again_and_not_told_twice(admin, monkeypatch):
    release = create_release(actor=admin, application=make_application(admin, MATCHING, MISSING, mode="permissive"))
    with monkeypatch.context() as patched:
        patched.setattr(engine, "finish", lambda *_, **__: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            engine.work_on(release.pk)
    first = Outcome.objects.get()

    engine.work_on(release.pk)

    release.refresh_from_db()
    assert Outcome.objects.order_by("pk").first() == first
    assert events_of(release) == [(PENDING, False), (APPROVED, True)]


def test_stored_outcomes_alone_give_the_same_state_without_new_events(admin):
    release = create_release(actor=admin, application=make_application(admin, MATCHING, MISSING))
    for rule, _ in engine.rules_of(release):
        success = rule.begin_time is None
        Outcome.objects.create(
            organization=release.organization, release=release, rule=rule, number=rule.number, success=success
        )

    engine.work_on(release.pk)

    release.refresh_from_db()
    assert (release.state, events_of(release)) == (REJECTED, [])


@pytest.mark.parametrize("place", ["next_number", "write_event", "finish", "_state_after"])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_crash_anywhere_loses_nothing_and_repeats_nothing(admin, monkeypatch, place, call):
    application = make_application(admin, MATCHING, MATCHING)
    bind(admin, application, MISSING, mode="permissive", key="zeal")
    release = create_release(actor=admin, application=application)
    calls = []
    real = getattr(engine, place)

    def dying(*args, **kwargs):
        calls.append(1)
        if len(calls) == call:
            raise Killed
        return real(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(engine, place, dying)
        try:
            engine.work_on(release.pk)
        except Killed:
            release.refresh_from_db()
            assert release.state == PENDING
            assert ReleaseJob.objects.get().release == release
            assert release.outcomes.count() == release.events.exclude(type="created").count() < 3
    engine.work_on(release.pk)

    release.refresh_from_db()
    assert release.state == APPROVED
    assert events_of(release) == [(PENDING, False), (PENDING, False), (APPROVED, True)]
    assert release.outcomes.count() == 3


def test_a_final_release_is_never_touched_again(admin):
    release = create_release(actor=admin, application=make_application(admin, MATCHING))
    engine.work_on(release.pk)
    release.refresh_from_db()
    before = (release.state, release.finalized_at, release.updated_at)

    engine.work_on(release.pk)

    release.refresh_from_db()
    assert (release.state, release.finalized_at, release.updated_at) == before
    assert events_of(release) == [(APPROVED, False)]


def test_later_changes_of_the_rules_do_not_touch_a_release(admin):
    application = make_application(admin, MISSING)
    release = create_release(actor=admin, application=application)
    bind(admin, application, MATCHING, key="more")

    assert [rule.begin_time for rule, _ in engine.rules_of(release)] == ["1:00"]


def test_rules_go_by_type_then_by_ruleset_then_by_id(admin):
    application = make_application(admin, key="checkout")
    bind(admin, application, MANUAL, MATCHING, key="Beta")
    bind(admin, application, MISSING, MANUAL, key="alpha", mode="permissive")
    release = create_release(actor=admin, application=application)

    order = [(rule.type, rule.adjustment.version.subject.key, mode) for rule, mode in engine.rules_of(release)]

    assert order == [
        ("schedule", "alpha", "permissive"),
        ("schedule", "Beta", "enforcing"),
        ("manual", "alpha", "permissive"),
        ("manual", "Beta", "enforcing"),
    ]


def test_disabled_rules_are_not_evaluated(admin):
    release = create_release(actor=admin, application=make_application(admin, {**MISSING, "enabled": False}))

    engine.work_on(release.pk)

    release.refresh_from_db()
    assert (release.state, events_of(release)) == (APPROVED, [])


@pytest.mark.parametrize(
    ("mode", "state", "event"), [("enforcing", REJECTED, (REJECTED, False)), ("permissive", APPROVED, (APPROVED, True))]
)
def test_a_rule_that_cannot_be_evaluated_has_failed_with_its_reason(admin, mode, state, event):
    application = make_application(admin, MATCHING, mode=mode)
    release = create_release(actor=admin, application=application)
    rules = application.bindings.get().ruleset.latest.rules
    rules.update(days_of_month="someday")  # no service writes this

    engine.work_on(release.pk)

    release.refresh_from_db()
    assert (release.state, events_of(release)) == (state, [event])
    assert "day of month 'someday' is unknown" in release.outcomes.get().reason


def test_a_rule_of_an_unknown_type_has_failed(admin):
    application = make_application(admin, MATCHING)
    application.bindings.get().ruleset.latest.rules.update(type="oracle")
    release = create_release(actor=admin, application=application)

    engine.work_on(release.pk)

    release.refresh_from_db()
    assert release.state == REJECTED
    assert "oracle" in release.outcomes.get().reason


def test_a_schedule_is_read_in_the_organizations_zone_at_the_time_of_the_release(admin, acme):
    acme.time_zone = "Asia/Tokyo"
    acme.save()
    rule = {"type": "schedule", "begin_time": "3:00", "end_time": "4:00"}
    release = create_release(actor=admin, application=make_application(admin, rule))
    Release.objects.filter(pk=release.pk).update(created_at="2026-01-15T18:30:00Z")

    engine.work_on(release.pk)

    release.refresh_from_db()
    assert release.state == APPROVED
    assert "03:30:00 Asia/Tokyo" in release.outcomes.get().reason


def test_a_manual_rule_waits_for_people(admin):
    release = create_release(actor=admin, application=make_application(admin, MANUAL))

    engine.work_on(release.pk)
    engine.work_on(release.pk)

    release.refresh_from_db()
    assert (release.state, events_of(release)) == (PENDING, [])
    assert ApprovalRequest.objects.get().release == release
    assert release.job.next_attempt_at is None


@pytest.mark.parametrize(("verdict", "success", "state"), [("approved", True, APPROVED), ("rejected", False, REJECTED)])
def test_an_answer_wakes_the_release_and_decides_its_rule(admin, acme, verdict, success, state):
    release = create_release(actor=admin, application=make_application(admin, MANUAL))
    engine.work_on(release.pk)
    manager = make_actor(acme, "change-manager")

    approvals.decide(actor=manager, request=ApprovalRequest.objects.get(), verdict=verdict, comments="I looked at it.")
    assert ReleaseJob.objects.get().next_attempt_at <= timezone.now()
    engine.work_on(release.pk)

    release.refresh_from_db()
    outcome = release.outcomes.get()
    assert release.state == state
    assert (outcome.success, outcome.comments) == (success, "I looked at it.")
    assert manager.label in outcome.reason


def test_manual_rules_ask_one_after_the_other_and_only_what_schedules_let_pass(admin, acme):
    application = make_application(admin, MATCHING, MANUAL)
    bind(admin, application, MANUAL, key="second")
    release = create_release(actor=admin, application=application)
    manager = make_actor(acme, "change-manager")
    engine.work_on(release.pk)
    assert events_of(release) == [(PENDING, False)]

    first = ApprovalRequest.objects.get()
    approvals.decide(actor=manager, request=first, verdict="approved")
    engine.work_on(release.pk)

    second = ApprovalRequest.objects.exclude(pk=first.pk).get()
    approvals.decide(actor=manager, request=second, verdict="approved")
    engine.work_on(release.pk)
    release.refresh_from_db()
    assert (release.state, len(events_of(release))) == (APPROVED, 3)


def test_nobody_is_asked_about_what_a_schedule_rejects(admin):
    release = create_release(actor=admin, application=make_application(admin, MANUAL, MISSING))

    engine.work_on(release.pk)

    release.refresh_from_db()
    assert release.state == REJECTED
    assert not ApprovalRequest.objects.exists()


def test_a_cancelled_release_voids_its_question_and_stays_cancelled(admin):
    release = create_release(actor=admin, application=make_application(admin, MANUAL))
    engine.work_on(release.pk)

    cancel_release(actor=admin, release=release)
    engine.work_on(release.pk)

    release.refresh_from_db()
    assert release.state == Release.State.CANCELLED
    assert ApprovalRequest.objects.get().status == ApprovalRequest.Status.VOID


def test_what_goes_wrong_is_kept_on_the_job_which_is_due_again_later(admin, monkeypatch):
    release = create_release(actor=admin, application=make_application(admin, MATCHING))
    with monkeypatch.context() as patched:
        patched.setattr(engine, "_ask", lambda *_: (_ for _ in ()).throw(ValueError("out of luck")))
        for attempt, pause in ((1, 5), (2, 10), (3, 20)):
            before = timezone.now()
            engine.work_on(release.pk)
            job = ReleaseJob.objects.get()
            assert (job.attempts, job.last_error) == (attempt, "ValueError: out of luck")
            assert pause <= (job.next_attempt_at - before).total_seconds() < pause + 3

    engine.work_on(release.pk)

    release.refresh_from_db()
    assert release.state == APPROVED


def test_the_longest_pause_is_five_minutes(admin):
    release = create_release(actor=admin, application=make_application(admin, MATCHING))
    ReleaseJob.objects.update(attempts=50)

    engine.postpone(release.pk, "again")

    assert (ReleaseJob.objects.get().next_attempt_at - timezone.now()).total_seconds() == pytest.approx(300, abs=3)


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_judge_a_release_once(admin):
    application = make_application(admin, *[MATCHING] * 5)
    releases = [create_release(actor=admin, application=application) for _ in range(4)]
    barrier = threading.Barrier(4)

    def worker():
        try:
            barrier.wait(10)
            for release in releases:
                engine.work_on(release.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for release in releases:
        engine.work_on(release.pk)

    for release in releases:
        release.refresh_from_db()
        assert (release.state, len(events_of(release))) == (APPROVED, 5)
    assert ReleaseEvent.objects.count() == 4 * 6
    assert Event.objects.filter(kind="release.approved").count() == 4


@pytest.mark.django_db(transaction=True)
def test_a_cancel_and_a_worker_at_once_leave_one_final_state(admin):
    application = make_application(admin, *[MATCHING] * 10)
    release = create_release(actor=admin, application=application)
    barrier = threading.Barrier(2)

    def worker():
        try:
            barrier.wait(10)
            engine.work_on(release.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=worker)
    thread.start()
    barrier.wait(10)
    try:
        cancel_release(actor=admin, release=release)
        cancelled = True
    except engine.GatehouseError:
        cancelled = False
    thread.join(30)
    engine.work_on(release.pk)

    release.refresh_from_db()
    assert release.state == (Release.State.CANCELLED if cancelled else APPROVED)
    assert Event.objects.filter(kind__in=["release.cancelled", "release.approved"]).count() == 1
