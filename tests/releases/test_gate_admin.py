"""Approvals, policies and decisions in Django's admin: services do the writing, history is only read."""

import pytest
from django.test import Client

from catalog.models import Event, User
from releases.models import ApprovalRequest, Decision, DeploymentPolicy, GateDecision
from releases.services.gate import evaluate
from tests.catalog.desk import page_of
from tests.releases.proofs import DIGEST, a_flow, a_policy, a_trail, an_environment

ROOT = "root@gatehouse.example"


@pytest.fixture
def desk(db) -> Client:
    """The admin as a superuser sees it."""
    client = Client()
    client.force_login(User.objects.create_superuser(ROOT))
    return client


def test_a_policy_is_made_changed_and_deleted_by_its_services(desk, acme, admin):
    flow, environment = a_flow(admin), an_environment(admin)
    body = {"organization": acme.pk, "name": "prod", "flow": flow.pk, "environment": environment.pk}

    made = desk.post(page_of(DeploymentPolicy, "add"), body | {"required_types": "junit,snyk", "is_active": "on"})
    policy = DeploymentPolicy.objects.get()
    changed = desk.post(page_of(DeploymentPolicy, "change", policy.pk), {"name": "prod", "required_types": "junit"})
    policy.refresh_from_db()
    gone = desk.post(page_of(DeploymentPolicy, "delete", policy.pk), {"post": "yes"})

    assert (made.status_code, changed.status_code, gone.status_code) == (302, 302, 302)
    assert (policy.required_types, policy.is_active, policy.flow) == (["junit"], False, flow)
    assert not DeploymentPolicy.objects.exists()
    kinds = Event.objects.filter(actor_label=ROOT, kind__startswith="policy.").order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == ["policy.created", "policy.updated", "policy.deleted"]


def test_an_approval_of_a_trail_is_asked_for(desk, acme, admin):
    trail = a_trail(admin, a_flow(admin))

    answer = desk.post(
        page_of(ApprovalRequest, "add"), {"organization": acme.pk, "trail": trail.pk, "comments": "soak"}
    )

    assert answer.status_code == 302
    request = ApprovalRequest.objects.get()
    assert (request.trail, request.requested_by, request.comments) == (trail, ROOT, "soak")
    assert desk.get(page_of(ApprovalRequest, "change", request.pk)).status_code == 200


def test_what_was_decided_is_only_read(desk, admin):
    a_policy(admin, a_flow(admin), required_types=["junit"])
    decision = evaluate(actor=admin, digest=DIGEST)

    page = desk.get(page_of(GateDecision, "change", decision.pk))

    assert page.status_code == 200
    assert "junit" in page.text
    for model in (GateDecision, Decision):
        assert desk.get(page_of(model, "add")).status_code == 403
        assert desk.get(page_of(model, "changelist")).status_code == 200
    assert desk.post(page_of(GateDecision, "delete", decision.pk), {"post": "yes"}).status_code == 403
