"""May this digest go to that environment now? Gathered, judged and explained in one object (DESIGN 5)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.actors import Actor, require
from catalog.models import Component, Environment, Organization
from catalog.services.events import record_event
from compliance.models import Flow, Trail
from config.errors import RuleViolation
from releases.models import DeploymentPolicy, GateDecision, Release
from releases.services.gate_asked import Json, Question
from releases.services.gate_document import decide, reasons
from releases.services.gate_inputs import Rows, gather

TOLD_REASONS = 10


@dataclass(frozen=True)
class Judgement:
    """One answer, not stored: the document, the inputs it was made from, and the rows it points at."""

    document: Json
    inputs: Json
    rows: Rows

    @property
    def allowed(self) -> bool:
        """Whether the digest may go."""
        return bool(self.document["allowed"])

    @property
    def requirements(self) -> list[Json]:
        """The requirements of the document."""
        return list(self.document["requirements"])

    @property
    def policy(self) -> DeploymentPolicy | None:
        """The policy that was evaluated last."""
        policies = self.document["policies"]
        return self.rows.policies[policies[-1]["uid"]] if policies else None

    @property
    def trail(self) -> Trail | None:
        """The trail that proved most."""
        return self.rows.trails[self.document["trail"]["uid"]] if self.document["trail"] else None


def judge(
    *,
    actor: Actor,
    digest: str,
    environment: Environment | None = None,
    flow: Flow | None = None,
    at: datetime | None = None,
    release: Release | None = None,
    base_url: str = "",
) -> Judgement:
    """What stands between `digest` and `environment` at the moment `at` (now); writes nothing, at most eight queries.

    `flow` is a flow the asker names, `release` the release on whose occasion it is asked; without a digest only its
    rules are judged. Requests in the document start with `base_url`. Raises Forbidden without
    `organization:gate:read`. Whatever can't be judged is denied, with the reason in the document.
    """
    organization = _organization(actor, environment, flow, release)
    component = release.application.component if release else flow.component if flow else None
    require(actor, "organization:gate:read", _subject(organization, component))
    question = Question(organization, digest, at or timezone.now(), environment, flow, release, base_url)
    inputs, rows = gather(question)
    return Judgement(decide(inputs), inputs, rows)


@transaction.atomic
def evaluate(
    *,
    actor: Actor,
    digest: str,
    environment: Environment | None = None,
    flow: Flow | None = None,
    at: datetime | None = None,
    release: Release | None = None,
    requested_by: str = "",
    base_url: str = "",
) -> GateDecision:
    """Judge and keep the answer with all it was made from.

    Raises Forbidden without `organization:gate:evaluate`. Records `gate.allowed` or `gate.blocked`.
    """
    judgement = judge(
        actor=actor, digest=digest, environment=environment, flow=flow, at=at, release=release, base_url=base_url
    )
    document, trail = judgement.document, judgement.trail
    component = (trail.component if trail else None) or (release.application.component if release else None)
    decision = GateDecision(
        organization=_organization(actor, environment, flow, release),
        digest=digest,
        component=component,
        environment=environment,
        policy=judgement.policy,
        release=release,
        allowed=judgement.allowed,
        verdict=document["verdict"],
        policies_evaluated=len(document["policies"]),
        requested_by=requested_by or actor.label,
        judged_at=document["judged_at"],
        document=document,
        inputs=judgement.inputs,
    )
    require(actor, "organization:gate:evaluate", decision)
    decision.put()
    _tell(actor, decision, trail)
    return decision


def replay(decision: GateDecision) -> Json:
    """The document made again from the stored inputs alone; it equals the stored one."""
    return decide(decision.inputs)


def _tell(actor: Actor, decision: GateDecision, trail: Trail | None) -> None:
    document: dict[str, Any] = decision.document
    data = {
        "digest": decision.digest,
        "environment": decision.environment.name if decision.environment else None,
        "environment_id": decision.environment.uid if decision.environment else None,
        "component": decision.component.name if decision.component else None,
        "verdict": decision.verdict,
        "headline": document["headline"],
        "reasons": reasons(document)[:TOLD_REASONS],
        "trail": trail.uid if trail else None,
    }
    record_event(
        "gate.allowed" if decision.allowed else "gate.blocked",
        subject=decision,
        actor=actor,
        data=data,
        related=[decision.component, decision.environment, trail, decision.release],
        label=str(decision.component or decision.digest[:19]),
    )


def _organization(
    actor: Actor, environment: Environment | None, flow: Flow | None, release: Release | None
) -> Organization:
    """The organization whose rules count: that of what is named, which must be one and the same."""
    named = [each for each in (environment, flow, release) if each is not None]
    if len({each.organization_id for each in named}) > 1:
        raise RuleViolation("Environment, flow and release belong to different organizations.")
    if not named or named[0].organization_id == actor.organization_id:
        return actor.organization
    return named[0].organization


def _subject(organization: Organization, component: Component | None) -> GateDecision:
    """What the right to ask is checked on."""
    return GateDecision(organization=organization, component=component)
