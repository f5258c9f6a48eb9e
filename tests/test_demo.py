"""The demo organization: complete, told by its own services, and the same however often it is asked for."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from random import Random

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from catalog.actors import system_actor
from catalog.models import Component, DeliveryEvent, Environment, Event, Organization, OutboxEntry, SearchDocument, User
from catalog.search import sources
from catalog.services.keys import authenticate_key
from compliance.models import Artifact, StandardsBaseline, StandardsRun, Trail
from compliance.services.drift import check_drift
from compliance.services.trails import refresh_status
from config.demo.history import Build, History, moment
from integrations.models import Notification
from releases.models import ApprovalRequest, GateDecision, Release, ReleaseJob
from releases.services.gate import replay

TRAILS = 24

pytestmark = pytest.mark.xdist_group("demo")  # one process seeds, once


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker) -> Iterator[dict]:
    """What the command prints; with fewer builds than a newcomer gets. Each test's own changes are rolled back."""
    printed = StringIO()
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("seed_demo", json=True, trails=TRAILS, stdout=printed)
        yield json.loads(printed.getvalue())
        transaction.set_rollback(True)


@pytest.fixture
def demo(seeded, db) -> dict:
    """What the command printed, with its rows in the database."""
    return seeded


def test_the_demo_has_everything_a_newcomer_looks_for_and_prints_what_scripts_need(demo):
    assert Component.objects.count() == 12
    assert Trail.objects.count() == TRAILS
    assert set(Release.objects.values_list("state", flat=True)) == set(Release.State.values)
    assert ApprovalRequest.objects.filter(status=ApprovalRequest.Status.PENDING).count() == 1
    assert dict(Environment.objects.values_list("name", "drift_state")) == {
        "production": "in_sync",
        "staging": "warned",
    }
    assert GateDecision.objects.filter(verdict="blocked").exists()
    assert Notification.objects.filter(read_at=None).exists()
    assert not OutboxEntry.objects.filter(done_at=None).exists()
    for source in (sources()[kind] for kind in ("component", "environment", "member", "trail", "artifact", "release")):
        assert SearchDocument.objects.filter(kind=source.kind).count() == source.model.objects.count()
    built = Trail.objects.order_by("created_at")
    assert (built.last().created_at - built.first().created_at).days > 60
    assert demo["organization"] == "northwind"
    assert len(demo["organization_id"]) == 26
    default = StandardsBaseline.objects.get(organization__slug="northwind", is_default=True)
    assert default.public_id == demo["phaset"]["baseline_id"]
    assert StandardsRun.objects.values("component").order_by().distinct().count() == 12
    assert set(DeliveryEvent.objects.values_list("kind", flat=True)) >= {"change", "deployment", "pr-merged"}
    assert set(demo["phaset"]) == {"org_id", "record_id", "webhook_token", "baseline_id"}
    assert authenticate_key(demo["api_key"]).role == "admin"
    for user in demo["users"]:
        assert User.objects.get(email=user["email"]).check_password(user["password"])


def test_every_stored_status_of_the_demo_is_true_and_a_second_seeding_changes_nothing(demo):
    for trail in Trail.objects.all():
        assert refresh_status(trail).status == trail.status, trail
    for environment in Environment.objects.all():
        check_drift(actor=system_actor(environment.organization), environment=environment)
        before, environment = environment, Environment.objects.get(pk=environment.pk)
        assert environment.drift_state == before.drift_state
        latest = environment.snapshots.first()
        assert (environment.snapshot_index, environment.running_count) == (latest.index, latest.artifacts.count())
    for decision in GateDecision.objects.all():
        assert replay(decision) == decision.document
    pending = Release.objects.filter(state=Release.State.PENDING)
    assert set(pending.values_list("pk", flat=True)) == set(ReleaseJob.objects.values_list("release", flat=True))

    before = Organization.objects.count(), Event.objects.count()
    call_command("seed_demo", json=True, stdout=StringIO(), stderr=StringIO())
    assert (Organization.objects.count(), Event.objects.count()) == before


def test_the_digest_that_is_printed_was_built(demo):
    assert Artifact.objects.filter(digest=demo["digest"], trail__flow__uid=demo["flow_id"]).exists()


def test_the_figure_of_approved_releases_leads_to_those(demo, client):
    client.force_login(User.objects.get(email="maeve.donnelly@northwind.example"))
    [path] = set(re.findall(r'href="(/releases\?state=[^"]+)"', client.get("/").text))

    rows = client.get(path).context["page"]

    assert {row.state for row in rows} == {Release.State.APPROVED}


def test_every_page_of_the_demo_opens_within_twenty_queries(demo, client, django_assert_max_num_queries, subtests):
    client.force_login(User.objects.get(email="maeve.donnelly@northwind.example"))
    pages = [
        "/",
        "/catalog/components",
        "/environments",
        "/compliance/flows",
        "/releases",
        "/releases/approvals",
        "/integrations/notifications",
        "/search?q=e",
        "/search/palette?q=a",
        "/search?q=sha256&kind=artifact",
        *(f"/catalog/components/{each.uid}" for each in Component.objects.all()[:3]),
        f"/catalog/components/{Component.objects.all()[0].uid}/reports",
        f"/catalog/components/{Component.objects.all()[0].uid}/integration",
        *(f"/environments/{each.uid}" for each in Environment.objects.all()),
        *(f"/compliance/trails/{each.uid}" for each in Trail.objects.all()[:3]),
        *(f"/releases/{each.number}" for each in Release.objects.all()[:3]),
        *(f"/releases/approvals/{each.uid}" for each in ApprovalRequest.objects.all()[:2]),
    ]
    for page in pages:
        with subtests.test(page), django_assert_max_num_queries(20):
            assert client.get(page).status_code == 200


def test_nobody_decides_before_they_were_asked(monkeypatch):
    now = timezone.now()
    monkeypatch.setattr(History, "ask", lambda history, build: None)
    history = History(None, now, Random(7), lambda done, planned: None)  # noqa: S311 a demo, no secret
    build = Build(now - timedelta(days=9), "ledger-core", 1, ships=True)
    asked = build.at + timedelta(minutes=50)
    for _ in range(40):
        with moment(asked):
            history.release(build)

    assert len(history.agenda) == 40
    assert min(at for at, _, _ in history.agenda) > asked
