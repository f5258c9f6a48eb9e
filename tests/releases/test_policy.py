"""Deployment policies: made, changed and deleted through their service."""

import pytest
from django.core.exceptions import ValidationError

from catalog.models import Event
from config.errors import Forbidden
from releases.models import DeploymentPolicy, GateDecision
from releases.services.gate import evaluate
from releases.services.policies import create_policy, delete_policy, update_policy
from tests.releases.proofs import DIGEST, a_component, a_flow, a_policy, an_environment, person

pytestmark = pytest.mark.django_db


def test_a_policy_keeps_what_it_asks_for_once_and_in_order(admin):
    component, environment = a_component(admin), an_environment(admin)
    flow = a_flow(admin)

    policy = create_policy(
        actor=admin, name="prod", flow=flow, environment=environment, required_types=["snyk", "junit", "snyk"]
    )

    policy.refresh_from_db()
    assert (policy.required_types, policy.is_active, policy.enforce_approvals) == (["snyk", "junit"], True, False)
    event = Event.objects.get(kind="policy.created")
    assert event.related == [policy.uid, flow.uid, component.uid, environment.uid]
    assert event.data["required_types"] == ["snyk", "junit"]


def test_a_change_records_only_what_changed(admin):
    policy = a_policy(admin, a_flow(admin), required_types=["junit"])

    update_policy(actor=admin, policy=policy, required_types=[], enforce_approvals=True, name="prod-baseline")
    update_policy(actor=admin, policy=policy, enforce_approvals=True)

    event = Event.objects.get(kind="policy.updated")
    assert event.data["before"] == {"enforce_approvals": False, "required_types": ["junit"]}
    assert event.data["after"] == {"enforce_approvals": True, "required_types": []}


def test_deleting_a_policy_leaves_the_decisions_made_with_it(admin):
    policy = a_policy(admin, a_flow(admin), required_types=["junit"])
    evaluate(actor=admin, digest=DIGEST)

    delete_policy(actor=admin, policy=policy)

    assert not DeploymentPolicy.objects.exists()
    decision = GateDecision.objects.get()
    assert (decision.policy, decision.document["policy"]) == (None, "prod-baseline")
    assert Event.objects.get(kind="policy.deleted").data["required_types"] == ["junit"]


@pytest.mark.parametrize("role", ["ci", "viewer"])
def test_writing_policies_needs_the_right(admin, acme, role):
    flow = a_flow(admin)
    policy = a_policy(admin, flow)
    actor = person(acme, role)

    with pytest.raises(Forbidden, match="policy:create"):
        create_policy(actor=actor, name="mine", flow=flow)
    with pytest.raises(Forbidden, match="policy:update"):
        update_policy(actor=actor, policy=policy, is_active=False)
    with pytest.raises(Forbidden, match="policy:delete"):
        delete_policy(actor=actor, policy=policy)

    assert DeploymentPolicy.objects.get().is_active


def test_a_policy_stays_within_its_organization(admin, stranger):
    with pytest.raises(ValidationError, match="another organization"):
        create_policy(actor=admin, name="prod", flow=a_flow(admin), environment=an_environment(stranger))
    with pytest.raises(Forbidden):
        create_policy(actor=admin, name="prod", flow=a_flow(stranger))

    assert not DeploymentPolicy.objects.exists()


def test_a_policy_needs_a_name(admin):
    with pytest.raises(ValidationError, match="name"):
        create_policy(actor=admin, name="", flow=a_flow(admin))
