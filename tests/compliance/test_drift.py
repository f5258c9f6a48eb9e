"""Drift: when it begins, changes and ends, what is stored and what is told."""

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from catalog.models import Environment, Event, JobTick
from catalog.services.components import create_component
from catalog.services.environments import update_environment
from catalog.services.ticks import claim_tick
from compliance import tasks
from compliance.models import DriftReport
from compliance.services.drift import check_drift, in_words, read_drift, recheck_drift
from config.errors import Forbidden
from tests.compliance.proving import a_flow, a_trail, an_artifact
from tests.compliance.running import a_baseline, a_snapshot, an_environment, fresh, running, sha
from tests.live import eventually
from tests.people import make_actor, make_machine


@pytest.fixture
def environment(admin) -> Environment:
    """An environment whose baseline is app and db, and runs them."""
    environment = an_environment(admin, drift_policy="block")
    a_snapshot(admin, environment, running("app", "a"), running("db", "d"))
    a_baseline(admin, environment)
    return environment


def told() -> list[str]:
    return list(Event.objects.filter(kind__startswith="drift.").order_by("pk").values_list("kind", flat=True))


def test_what_runs_as_approved_is_in_sync_and_nothing_is_told(admin, environment):
    a_snapshot(admin, environment, running("app", "a"), running("db", "d", "other tag"))

    stored = fresh(environment)
    assert (stored.drift_state, stored.drifted_at) == ("in_sync", None)
    assert told() == []
    assert not DriftReport.objects.exists()


def test_an_unknown_digest_drifts_at_once(admin, environment):
    snapshot = a_snapshot(admin, environment, running("app", "tampered"), running("miner", "m"))

    report = DriftReport.objects.get()
    assert (report.snapshot, report.has_drift, report.drift_policy, report.allowlisted) == (snapshot, True, "block", [])
    assert report.updated == [
        {"artifactName": "app", "artifactTag": "1.0", "sha256From": "a", "sha256To": "tampered"},
    ]
    assert [each["artifactName"] for each in report.added] == ["miner"]
    assert [each["artifactName"] for each in report.removed] == ["db"]
    stored = fresh(environment)
    assert stored.drift_state == "drifted"
    assert stored.drifted_at is not None
    event = Event.objects.get(kind="drift.found")
    assert event.subject_uid == environment.uid
    assert snapshot.uid in event.related
    assert event.data | {"environment_id": None} == {
        "environment": "production", "environment_id": None, "index": 2, "policy": "block", "count": 3,
        "said": "miner, app and db", "added": ["miner"], "removed": ["db"], "updated": ["app"],
    }  # fmt: skip


def test_the_component_whose_build_drifts_hears_of_it(admin, environment):
    component = create_component(actor=admin, name="app")
    an_artifact(admin, a_trail(admin, a_flow(admin, component=component)), sha("b"), "app")

    a_snapshot(admin, environment, running("app", sha("b")), running("db", "d"))

    assert component.uid in Event.objects.get(kind="drift.found").related


def test_the_same_drift_is_told_once_and_another_again(admin, environment):
    a_snapshot(admin, environment, running("app", "b"), running("db", "d"))
    began = fresh(environment).drifted_at
    a_snapshot(admin, environment, running("app", "b"), running("db", "d"))
    assert told() == ["drift.found"]
    assert DriftReport.objects.count() == 1

    a_snapshot(admin, environment, running("app", "c"), running("db", "d"))

    assert told() == ["drift.found", "drift.found"]
    assert DriftReport.objects.count() == 2
    assert fresh(environment).drifted_at == began


def test_drift_ends_when_it_is_gone(admin, environment):
    a_snapshot(admin, environment, running("app", "b"), running("db", "d"))

    a_snapshot(admin, environment, running("app", "a"), running("db", "d"))

    assert told() == ["drift.found", "drift.cleared"]
    assert [each.has_drift for each in DriftReport.objects.order_by("pk")] == [True, False]
    stored = fresh(environment)
    assert (stored.drift_state, stored.drifted_at) == ("in_sync", None)


def test_drift_ends_when_it_is_approved(admin, environment):
    a_snapshot(admin, environment, running("app", "b"))

    a_baseline(admin, environment)

    assert fresh(environment).drift_state == "in_sync"
    assert told() == ["drift.found", "drift.cleared"]


def test_going_back_to_an_older_baseline_finds_drift(admin, environment):
    old = a_snapshot(admin, environment, running("app", "b"))
    a_baseline(admin, environment, old)
    a_snapshot(admin, environment, running("app", "c"))
    a_baseline(admin, environment)
    assert fresh(environment).drift_state == "in_sync"

    a_baseline(admin, environment, old)

    assert fresh(environment).drift_state == "drifted"


@pytest.mark.parametrize(("policy", "state"), [("block", "drifted"), ("warn", "warned"), ("ignore", "ignored")])
def test_the_policy_says_what_drift_is_called(admin, policy, state):
    environment = an_environment(admin, drift_policy=policy)
    a_snapshot(admin, environment, running("app", "a"))
    a_baseline(admin, environment)

    a_snapshot(admin, environment, running("app", "b"))
    assert fresh(environment).drift_state == state
    assert DriftReport.objects.get().has_drift

    a_snapshot(admin, environment, running("app", "a"))

    assert told() == ([] if policy == "ignore" else ["drift.found", "drift.cleared"])


def test_another_policy_holds_at_once_and_ignored_drift_is_told_then(admin):
    environment = an_environment(admin, drift_policy="ignore")
    a_snapshot(admin, environment, running("app", "a"))
    a_baseline(admin, environment)
    a_snapshot(admin, environment, running("app", "b"))

    update_environment(actor=admin, environment=environment, drift_policy="block")
    assert fresh(environment).drift_state == "drifted"
    recheck_drift(actor=admin, environment=environment)
    recheck_drift(actor=admin, environment=environment)

    assert told() == ["drift.found"]
    assert [each.drift_policy for each in DriftReport.objects.order_by("pk")] == ["ignore", "block"]


def test_nothing_can_be_said_without_both_sides(admin):
    environment = an_environment(admin)
    assert check_drift(actor=admin, environment=environment) is None
    a_baseline(admin, environment)
    assert check_drift(actor=admin, environment=environment) is None
    a_snapshot(admin, environment, running("app"))

    assert check_drift(actor=admin, environment=environment) is None
    assert fresh(environment).drift_state == "unknown"
    assert not DriftReport.objects.exists()


def test_everybody_who_asks_gets_a_report_of_their_own(admin, environment):
    first, second = (read_drift(actor=admin, environment=environment) for _ in range(2))
    a_snapshot(admin, environment, running("app", "b"))
    by_the_snapshot = DriftReport.objects.get(answered=False)

    third, fourth = (read_drift(actor=admin, environment=environment) for _ in range(2))

    assert third == by_the_snapshot  # the report a change made is given out first
    assert len({each.pk for each in (first, second, third, fourth)}) == DriftReport.objects.count() == 4
    assert told() == ["drift.found"]


def test_a_change_back_and_forth_is_not_answered_with_an_old_report(admin, environment):
    a_snapshot(admin, environment, running("app", "b"))
    a_snapshot(admin, environment, running("app", "a"), running("db", "d"))

    report = read_drift(actor=admin, environment=environment)

    assert report.has_drift is False


def test_a_check_by_hand_stores_a_report_each_time(admin, environment):
    check_drift(actor=admin, environment=environment)
    check_drift(actor=admin, environment=environment)

    assert DriftReport.objects.count() == 2


def test_reading_and_checking_take_rights(acme, environment):
    viewer = make_actor(acme, "viewer")

    assert read_drift(actor=viewer, environment=environment) is not None
    for check in (check_drift, recheck_drift):
        with pytest.raises(Forbidden, match="organization:drift:create"):
            check(actor=viewer, environment=environment)


def test_a_reporter_needs_no_right_on_drift(acme, environment):
    ci, _ = make_machine(acme, "ci")

    a_snapshot(ci, environment, running("app", "b"))

    assert fresh(environment).drift_state == "drifted"


@pytest.mark.parametrize(("names", "said"), [
    ("", ""), ("a", "a"), ("a b", "a and b"), ("a b c", "a, b and c"), ("a b c d e", "a, b and 3 more"), ("a a", "a"),
])  # fmt: skip
def test_artifacts_in_words(names, said):
    entries = [{"artifactName": name, "artifactTag": "", "sha256From": None, "sha256To": "x"} for name in names.split()]

    assert in_words(entries) == said


# ---- the job


@transaction.atomic
def spoil(environment: Environment) -> None:
    """Pretend that what a snapshot should have written was missed; a worker sees all of it or nothing."""
    Environment.objects.filter(pk=environment.pk).update(drift_state="in_sync", drifted_at=None)
    DriftReport.objects.filter(environment=environment).delete()


def test_the_job_finds_what_was_missed_and_writes_how_it_went(admin, environment):
    a_snapshot(admin, environment, running("app", "b"))
    spoil(environment)
    in_sync = an_environment(admin, "staging")
    a_snapshot(admin, in_sync)
    a_baseline(admin, in_sync)
    an_environment(admin, "without a baseline")

    tasks.check_drift()

    assert fresh(environment).drift_state == "drifted"
    assert DriftReport.objects.get(environment=environment).has_drift
    tick = JobTick.objects.get()
    assert (tick.job, tick.outcome) == ("compliance.check_drift", "1 drifted, 1 in sync")
    assert tick.finished_at is not None
    event = Event.objects.filter(kind="drift.found").latest("pk")
    assert event.actor_kind == "system"


def test_two_beats_do_the_work_once(admin, environment, monkeypatch):
    judged = []
    monkeypatch.setattr(tasks, "recheck_drift", lambda **which: judged.append(which["environment"]))

    tasks.check_drift()
    tasks.check_drift()

    assert judged == [environment]
    assert JobTick.objects.count() == 1


def test_the_job_stores_only_what_is_new(admin, environment):
    a_snapshot(admin, environment, running("app", "b"))
    reports = DriftReport.objects.count()

    for _ in range(2):
        JobTick.objects.all().delete()
        tasks.check_drift()

    assert DriftReport.objects.count() == reports
    assert told() == ["drift.found"]


def test_one_failing_environment_does_not_hurt_the_others(admin, environment, monkeypatch):
    other = an_environment(admin, "staging")
    a_snapshot(admin, other, running("app", "a"))
    a_baseline(admin, other)
    judge = tasks.recheck_drift

    def fail_once(*, actor, environment):
        if environment.name == "production":
            raise DatabaseError("out of luck")
        return judge(actor=actor, environment=environment)

    monkeypatch.setattr(tasks, "recheck_drift", fail_once)
    a_snapshot(admin, other, running("app", "b"))
    spoil(other)

    tasks.check_drift()

    assert fresh(other).drift_state == "warned"
    assert JobTick.objects.get().outcome == "1 drifted, 1 failed"


@pytest.mark.parametrize("count", [1, 20])
def test_the_job_does_constant_work_per_environment(admin, count, django_assert_num_queries):
    for at in range(count):
        each = an_environment(admin, f"env {at}")
        a_snapshot(admin, each, *(running(f"app {number}") for number in range(at + 1)))
        a_baseline(admin, each)

    with django_assert_num_queries(7 + 7 * count):
        tasks.check_drift()


def test_ticks_of_last_week_go(db):
    at = timezone.now()
    old = claim_tick("job", seconds=60, at=at - timezone.timedelta(days=8))
    kept = claim_tick("job", seconds=60, at=at - timezone.timedelta(days=6))

    now = claim_tick("job", seconds=60, at=at)

    assert claim_tick("job", seconds=60, at=at) is None
    assert old not in JobTick.objects.all()
    assert set(JobTick.objects.all()) == {kept, now}


def test_a_real_beat_has_a_real_worker_look(worker, acme):
    actor = make_actor(acme)
    environment = an_environment(actor)
    a_snapshot(actor, environment, running("app", "a"))
    a_baseline(actor, environment)
    a_snapshot(actor, environment, running("app", "b"))
    spoil(environment)

    eventually(lambda: fresh(environment).drift_state == "warned")

    assert DriftReport.objects.get(environment=environment).has_drift
    eventually(lambda: JobTick.objects.filter(outcome="1 drifted").exists())
