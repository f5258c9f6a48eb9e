"""Snapshots, baselines and drift in Django's admin."""

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Event
from compliance.models import DriftReport, EnvironmentBaseline, RunningArtifact, Sighting, Snapshot
from tests.compliance.running import a_baseline, a_snapshot, an_environment, fresh, running


def page_of(model, name, *args) -> str:
    return reverse(f"admin:compliance_{model.__name__.lower()}_{name}", args=args)


@pytest.fixture
def clerk(admin) -> Client:
    """A browser of Acme's admin, who may use Django's."""
    admin.user.is_staff = True
    admin.user.save()
    client = Client()
    client.force_login(admin.user)
    return client


@pytest.mark.parametrize("model", [Snapshot, RunningArtifact, Sighting, EnvironmentBaseline, DriftReport])
def test_lists_and_pages_open_and_keep_to_the_own_organization(admin, stranger, clerk, model):
    for actor in (admin, stranger):
        environment = an_environment(actor, f"of-{actor.organization.slug}")
        a_snapshot(actor, environment)
        a_baseline(actor, environment)
        a_snapshot(actor, environment, running("app"))
    mine, theirs = (model.objects.filter(organization=each.organization).first() for each in (admin, stranger))

    listed = clerk.get(page_of(model, "changelist") + "?q=of").text

    assert page_of(model, "change", mine.pk) in listed
    assert page_of(model, "change", theirs.pk) not in listed
    assert clerk.get(page_of(model, "change", mine.pk)).status_code == 200
    assert clerk.get(page_of(model, "change", theirs.pk)).status_code == 302
    assert clerk.post(page_of(model, "delete", mine.pk), {"post": "yes"}).status_code == 403
    if model is not EnvironmentBaseline:
        assert clerk.get(page_of(model, "add")).status_code == 403


def test_a_baseline_is_approved_through_the_service(admin, clerk):
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("app", "a"))
    a_baseline(admin, environment)
    snapshot = a_snapshot(admin, environment, running("app", "b"))
    said = {"environment": environment.pk, "snapshot": snapshot.pk, "approved_by": "Ada", "description": "Agreed"}

    assert clerk.post(page_of(EnvironmentBaseline, "add"), said).status_code == 302

    baseline = EnvironmentBaseline.objects.get(is_active=True)
    assert (baseline.snapshot, baseline.approved_by, baseline.description) == (snapshot, "Ada", "Agreed")
    assert fresh(environment).drift_state == "in_sync"
    assert Event.objects.filter(kind="baseline.approved").count() == 2


def test_a_snapshot_of_another_environment_is_refused_on_the_form(admin, clerk):
    environment = an_environment(admin)
    elsewhere = a_snapshot(admin, an_environment(admin, "staging"))
    said = {"environment": environment.pk, "snapshot": elsewhere.pk, "approved_by": "Ada", "description": ""}

    answer = clerk.post(page_of(EnvironmentBaseline, "add"), said)

    assert answer.status_code == 200
    assert f"No snapshot {elsewhere.uid} in environment production." in answer.text
    assert not EnvironmentBaseline.objects.exists()
