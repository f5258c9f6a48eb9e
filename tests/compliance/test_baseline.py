"""Baselines: the snapshot somebody approved as what should run."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from catalog.models import Event
from compliance.models import EnvironmentBaseline
from config.errors import Forbidden, NotFound
from tests.compliance.running import a_baseline, a_snapshot, an_environment, fresh, running
from tests.people import make_actor, make_machine


def test_a_snapshot_is_approved(admin):
    environment = an_environment(admin)
    first = a_snapshot(admin, environment, running("app"))
    a_snapshot(admin, environment, running("app"), running("db"))

    baseline = a_baseline(admin, environment, first)

    assert (baseline.snapshot, baseline.is_active, baseline.approved_by) == (first, True, "Ada")
    event = Event.objects.get(kind="baseline.approved")
    assert event.data == {
        "environment": "production", "environment_id": str(environment.uid), "snapshot": 1, "said": "snapshot #1",
        "approved_by": "Ada", "description": None,
    }  # fmt: skip
    assert {environment.uid, first.uid} <= set(event.related)


def test_without_a_snapshot_the_latest_is_approved(admin):
    environment = an_environment(admin)
    a_snapshot(admin, environment)
    latest = a_snapshot(admin, environment)

    assert a_baseline(admin, environment).snapshot == latest


def test_before_the_first_snapshot_nothing_is_approved_yet(admin):
    environment = an_environment(admin)

    baseline = a_baseline(admin, environment)

    assert baseline.snapshot is None
    assert fresh(environment).drift_state == "unknown"


def test_one_baseline_is_active(admin):
    environment, other = an_environment(admin), an_environment(admin, "staging")
    elsewhere = a_baseline(admin, other)
    first = a_baseline(admin, environment)

    second = a_baseline(admin, environment)

    active = EnvironmentBaseline.objects.filter(is_active=True)
    assert set(active) == {second, elsewhere}
    assert EnvironmentBaseline.objects.get(pk=first.pk).updated_at > first.updated_at
    with pytest.raises(IntegrityError), transaction.atomic():
        EnvironmentBaseline.objects.filter(pk=first.pk).update(is_active=True)


def test_a_snapshot_of_another_environment_is_not_there(admin):
    environment, other = an_environment(admin), an_environment(admin, "staging")
    theirs = a_snapshot(admin, other)

    with pytest.raises(NotFound, match=str(theirs.uid)):
        a_baseline(admin, environment, theirs)

    assert not EnvironmentBaseline.objects.exists()


@pytest.mark.parametrize(("role", "may"), [
    ("admin", True), ("change-manager", True), ("maintainer", True), ("ci", False), ("viewer", False),
])  # fmt: skip
def test_only_who_may_approves(acme, role, may):
    actor = make_actor(acme, role)
    environment = an_environment(make_actor(acme, "owner"))

    if may:
        assert a_baseline(actor, environment).is_active
    else:
        with pytest.raises(Forbidden, match="organization:baseline:create"):
            a_baseline(actor, environment)
        assert not EnvironmentBaseline.objects.exists()


def test_two_approvals_at_once_leave_one_active(transactional_db, acme):
    actor, _ = make_machine(acme, "admin")
    environment = an_environment(actor)
    a_snapshot(actor, environment, running("app"))
    start = threading.Barrier(4)

    def approve() -> None:
        try:
            start.wait()
            a_baseline(actor, environment)
        finally:
            connection.close()

    threads = [threading.Thread(target=approve) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert EnvironmentBaseline.objects.count() == 4
    assert EnvironmentBaseline.objects.filter(is_active=True).count() == 1
