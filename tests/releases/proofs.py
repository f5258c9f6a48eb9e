"""What releases' tests judge: a component with its flow, built and attested digests, rules that ask people."""

from typing import Any

from catalog.actors import Actor, user_actor
from catalog.models import Component, Environment, Organization
from catalog.services.components import create_component
from catalog.services.environments import create_environment
from compliance.models import Attestation, Flow, Trail
from compliance.services.artifacts import register_artifact
from compliance.services.attestations import record_attestation
from compliance.services.flows import create_flow
from compliance.services.trails import create_trail
from releases.models import Application, ApprovalRequest, DeploymentPolicy, Release, Rule
from releases.services.applications import create_application
from releases.services.bindings import create_binding
from releases.services.engine import work_on
from releases.services.policies import create_policy
from releases.services.releases import create_release
from releases.services.rulesets import create_ruleset
from tests.people import make_user

DIGEST = f"sha256:{'a1' * 32}"
OTHER_DIGEST = f"sha256:{'b2' * 32}"


def person(organization: Organization, role: str = "change-manager", email: str = "", name: str = "") -> Actor:
    """The actor of a new person."""
    actor = user_actor(make_user(organization, role, email, name))
    assert actor is not None
    return actor


def a_component(actor: Actor, slug: str = "checkout") -> Component:
    return create_component(actor=actor, name=slug, slug=slug)


def an_environment(actor: Actor, name: str = "production", **values: Any) -> Environment:
    return create_environment(actor=actor, name=name, **values)


def a_flow(actor: Actor, name: str = "checkout", **values: Any) -> Flow:
    return create_flow(actor=actor, name=name, **values)


def a_trail(actor: Actor, flow: Flow, *, digest: str = DIGEST, commit: str = "7c1e94d0aa", **values: Any) -> Trail:
    """A trail of `flow` that reports `digest` ('' for none)."""
    known = {"branch": "main", "author": "Jonas", "author_email": "jonas@acme.example"}
    trail = create_trail(actor=actor, flow=flow, commit=commit, **(known | values))
    if digest:
        register_artifact(actor=actor, trail=trail, name="checkout", tag="1.4", digest=digest, reported_by="ci")
    return trail


def attest(actor: Actor, trail: Trail, type: str, status: str = "passed", **values: Any) -> Attestation:
    return record_attestation(actor=actor, trail=trail, type=type, status=status, **values)


def a_policy(actor: Actor, flow: Flow, name: str = "prod-baseline", **values: Any) -> DeploymentPolicy:
    return create_policy(actor=actor, name=name, flow=flow, **values)


def an_application(
    actor: Actor, key: str = "checkout", *, rules: tuple[dict, ...] = (), mode: str = "enforcing"
) -> Application:
    """The release side of a component, with `rules` in a ruleset of its own."""
    application = create_application(actor=actor, key=key)
    if rules:
        ruleset = create_ruleset(actor=actor, key=f"{key}-rules", rules=rules)
        create_binding(actor=actor, application=application, ruleset=ruleset, mode=mode)
    return application


ANY_ONE = {"type": Rule.Type.MANUAL, "approval_policy": "any"}
NEVER_OPEN = {"type": Rule.Type.SCHEDULE, "days_of_month": "30", "months_of_year": "2"}


def a_release(actor: Actor, application: Application, *, judged: bool = True, **metadata: Any) -> Release:
    """A release about what `metadata` names, taken as far as its rules let it go."""
    release = create_release(actor=actor, application=application, metadata=metadata)
    if judged:
        work_on(release.pk)
    return Release.objects.for_list().get(pk=release.pk)


def asked(release: Release) -> ApprovalRequest:
    """The open question about a release."""
    return ApprovalRequest.objects.get(release=release, status=ApprovalRequest.Status.PENDING)
