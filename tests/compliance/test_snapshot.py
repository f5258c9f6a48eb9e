"""Snapshots: what runs in an environment, what of it is kept, and what follows from it."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from catalog.models import Event, OutboxEntry
from catalog.services.components import create_component
from catalog.services.environments import delete_environment, update_environment
from compliance.models import RunningArtifact, Sighting, Snapshot
from compliance.services import snapshots
from compliance.services.snapshots import in_scope, record_snapshot
from config.errors import BadInput, Forbidden, NotFound, RuleViolation
from tests.compliance.proving import a_flow, a_trail, an_artifact
from tests.compliance.running import a_snapshot, an_environment, fresh, running, sha
from tests.people import make_actor, make_machine


def kept(snapshot: Snapshot) -> list[tuple[str, str, str, int]]:
    return list(snapshot.artifacts.order_by("pk").values_list("name", "digest", "tag", "instances"))


def test_a_snapshot_is_stored_and_shown_on_its_environment(admin):
    environment = an_environment(admin)

    first = a_snapshot(admin, environment, running("old"))
    second = a_snapshot(
        admin, environment, running("app", sha("A"), "1.2", 3), running("db", "sha256:ABC", ""), by="k8s"
    )

    assert (first.index, second.index) == (1, 2)
    assert (second.running, second.added, second.updated, second.removed) == (2, 2, 0, 1)
    assert kept(second) == [("app", sha("a"), "1.2", 3), ("db", "sha256:ABC", "", 1)]  # free forms stay as they are
    stored = fresh(environment)
    assert (stored.snapshot_index, stored.running_count, stored.snapshot_by) == (2, 2, "k8s")
    assert stored.snapshot_at == second.created_at
    assert stored.updated_at == environment.updated_at  # nobody changed the environment
    assert list(RunningArtifact.objects.running_now().order_by("pk")) == list(second.artifacts.order_by("pk"))


def test_an_empty_snapshot_says_that_nothing_runs(admin):
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("app"))

    snapshot = a_snapshot(admin, environment)

    assert kept(snapshot) == []
    assert fresh(environment).running_count == 0


def test_the_same_name_twice_is_kept_twice(admin):
    snapshot = a_snapshot(admin, an_environment(admin), running("app", "a"), running("app", "b"), running("app", "a"))

    assert [digest for _, digest, _, _ in kept(snapshot)] == ["a", "b", "a"]


def test_what_happened_is_told_where_it_matters(admin):
    component = create_component(actor=admin, name="checkout")
    flow = a_flow(admin, component=component)
    trail = a_trail(admin, flow)
    an_artifact(admin, trail, sha("b"))
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("checkout", sha("a")), running("gone", "g"))
    before = Event.objects.latest("pk").pk

    snapshot = a_snapshot(admin, environment, running("checkout", sha("b"), "2.0"), running("new", "n", "7"))

    events = list(Event.objects.filter(pk__gt=before).order_by("pk"))
    assert [(each.kind, each.subject_label) for each in events] == [
        ("snapshot.recorded", "#2"),
        ("artifact.deployed", "new:7"),
        ("artifact.updated", "checkout:2.0"),
        ("artifact.removed", "gone:1.0"),
    ]
    assert OutboxEntry.objects.filter(event__in=events).count() == 4
    recorded, _, updated, removed = events
    assert recorded.subject_uid == snapshot.uid
    assert recorded.data | {"environment_id": None} == {
        "environment": "production", "environment_id": None, "index": 2, "recorded_by": "reporter",
        "artifacts": 2, "out_of_scope": 0, "added": 1, "updated": 1, "removed": 1, "not_told": 0,
    }  # fmt: skip
    assert {environment.uid, trail.uid, component.uid} <= set(updated.related)
    assert updated.data | {"environment_id": None} == {
        "environment": "production", "environment_id": None, "index": 2, "name": "checkout", "tag": "2.0",
        "digest": sha("b"), "before": sha("a"), "first_seen": True, "known": True, "trail": str(trail.uid),
    }  # fmt: skip
    assert updated.data["environment_id"] == str(environment.uid)
    assert removed.related == [removed.subject_uid, environment.uid]
    assert (removed.data["digest"], removed.data["before"], removed.data["known"]) == ("g", None, False)


def test_an_unchanged_state_tells_no_differences(admin):
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("app"))

    a_snapshot(admin, environment, running("app", tag="other tag", instances=9))

    assert Event.objects.filter(kind__startswith="artifact.").count() == 1
    first, second = Event.objects.filter(kind="snapshot.recorded").order_by("pk")
    assert environment.uid in first.related
    assert environment.uid not in second.related  # no news of the environment
    assert list(Snapshot.objects.changed()) == [Snapshot.objects.get(index=1)]


def test_a_flood_of_differences_is_counted_and_not_told_one_by_one(admin, monkeypatch):
    monkeypatch.setattr(snapshots, "MAX_EVENTS", 3)
    environment = an_environment(admin)

    a_snapshot(admin, environment, *(running(f"app-{at}") for at in range(5)))

    assert Event.objects.filter(kind="artifact.deployed").count() == 3
    assert Event.objects.get(kind="snapshot.recorded").data["not_told"] == 2


def test_a_digest_is_sighted_the_first_time_only(admin):
    environment, other = an_environment(admin), an_environment(admin, "staging")
    first = a_snapshot(admin, environment, running("app", "a"))
    a_snapshot(admin, environment, running("app", "b"), running("twin", "b"))
    a_snapshot(admin, environment, running("app", "a"))
    a_snapshot(admin, other, running("app", "a"))

    sighted = Sighting.objects.filter(environment=environment).order_by("digest")

    assert list(sighted.values_list("digest", "snapshot_index")) == [("a", 1), ("b", 2)]
    assert sighted[0].seen_at == first.created_at
    assert Sighting.objects.filter(environment=other).count() == 1
    back = Event.objects.filter(kind="artifact.updated").latest("pk")
    assert (back.data["digest"], back.data["first_seen"]) == ("a", False)


@pytest.mark.parametrize(("kind", "scope", "names"), [
    ("k8s", {}, "api api-canary db job"),
    ("k8s", {"include": {"names": ["db"]}}, "db"),
    ("k8s", {"include": {"patterns": ["api.*"]}}, "api api-canary"),
    ("k8s", {"include": {"patterns": ["pi"]}}, ""),
    ("k8s", {"include": {"patterns": ["a|api"]}}, "api"),
    ("k8s", {"include": {"names": ["db"], "patterns": ["job"]}}, "db job"),
    ("ecs", {"include": {"patterns": ["api.*"]}, "exclude": {"patterns": [".*-canary"]}}, "api"),
    ("lambda", {"exclude": {"names": ["db"]}}, "api api-canary job"),
    ("k8s", {"include": {"names": ["db"]}, "exclude": {"names": ["db"]}}, ""),
    ("docker", {"include": {"names": ["db"], "patterns": ["api"]}}, "db"),
    ("docker", {"include": {"patterns": ["db"]}, "exclude": {"patterns": ["api"]}}, "api api-canary db job"),
    ("s3", {"include": {"names": ["db"]}}, "api api-canary db job"),
    ("generic", {"exclude": {"names": ["db"], "patterns": [".*"]}}, "api api-canary db job"),
])  # fmt: skip
def test_the_scope_decides_what_is_kept(admin, kind, scope, names):
    whole = {side: {"names": [], "patterns": []} | scope.get(side, {}) for side in ("include", "exclude")}
    environment = an_environment(admin, kind=kind, scope=whole)
    artifacts = [running(each) for each in ("api", "api-canary", "db", "job")]

    snapshot = a_snapshot(admin, environment, *artifacts)

    assert [name for name, *_ in kept(snapshot)] == names.split()
    recorded = Event.objects.get(kind="snapshot.recorded").data
    assert recorded["out_of_scope"] == 4 - len(names.split())
    assert fresh(environment).running_count == len(names.split())


def test_a_changed_scope_holds_from_the_next_snapshot_on(admin):
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("api"), running("db"))
    scope = {"include": {"names": ["api"], "patterns": []}, "exclude": {"names": [], "patterns": []}}
    update_environment(actor=admin, environment=environment, scope=scope)

    assert fresh(environment).running_count == 2
    assert kept(a_snapshot(admin, environment, running("api"), running("db"))) == [("api", "digest-of-api", "1.0", 1)]


def test_a_pattern_that_never_ends_is_stopped(admin, monkeypatch):
    monkeypatch.setattr("catalog.services.environments.PATTERN_MILLISECONDS", 1)
    bomb = r"((((a*)*)*)*)*\1\2\3b"
    scope = {"include": {"names": [], "patterns": [bomb]}, "exclude": {"names": [], "patterns": []}}
    environment = an_environment(admin)
    type(environment).objects.filter(pk=environment.pk).update(scope=scope)

    with pytest.raises(RuleViolation, match="take too long"):
        a_snapshot(admin, environment, *(running("a" * 400 + str(at)) for at in range(2000)))

    assert not Snapshot.objects.exists()


def test_only_who_may_reports(acme, admin):
    environment = an_environment(admin)
    ci, _ = make_machine(acme, "ci")

    with pytest.raises(Forbidden, match="organization:snapshot:create"):
        a_snapshot(make_actor(acme, "viewer"), environment, running("app"))

    assert not Snapshot.objects.exists()
    assert a_snapshot(ci, environment, running("app")).index == 1


def test_a_stranger_reports_nothing_here(admin, stranger):
    with pytest.raises(Forbidden):
        a_snapshot(stranger, an_environment(admin), running("app"))


def test_too_much_is_refused(admin):
    environment = an_environment(admin)
    one = running("app")

    with pytest.raises(BadInput, match="5,001"):
        record_snapshot(actor=admin, environment=environment, recorded_by="k8s", artifacts=[one] * 5001)
    with pytest.raises(ValidationError) as refused:
        a_snapshot(admin, environment, one, running("x" * 513))

    assert "artifacts[1].name" in refused.value.message_dict
    assert not Snapshot.objects.exists()
    assert fresh(environment).snapshot_index == 0


def test_a_deleted_environment_takes_no_snapshot(admin):
    environment = an_environment(admin)
    stale = fresh(environment)
    delete_environment(actor=admin, environment=environment)

    with pytest.raises(NotFound):
        a_snapshot(admin, stale, running("app"))


def test_recording_costs_the_same_for_any_number_of_artifacts(admin, django_assert_num_queries):
    environment = an_environment(admin)
    costs = []
    for count in (1, 40):
        a_snapshot(admin, environment)
        with connection.execute_wrapper(lambda run, *rest: costs.append(count) or run(*rest)):  # noqa: B023
            a_snapshot(admin, environment, *(running(f"app-{at}") for at in range(count)))

    assert costs.count(1) == costs.count(40) <= 30


def test_ten_reporters_at_once_get_ten_indexes(transactional_db, acme):
    actor = make_actor(acme)
    environment = an_environment(actor)
    indexes: list[int] = []
    start = threading.Barrier(10)

    def report(at: int) -> None:
        try:
            start.wait()
            indexes.append(a_snapshot(actor, environment, running("app", f"digest {at}"), running("db", "d")).index)
        finally:
            connection.close()

    threads = [threading.Thread(target=report, args=[at]) for at in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(indexes) == list(range(1, 11))
    assert fresh(environment).snapshot_index == 10
    assert Sighting.objects.filter(environment=environment).count() == 11
    assert not in_scope(environment, [])
