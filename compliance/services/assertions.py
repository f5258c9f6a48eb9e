"""Is what is known about a digest enough for a flow? (contract 5)"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from catalog.actors import Actor, require
from catalog.services.events import record_event
from compliance.digests import normal_digest
from compliance.models import Attestation, Flow
from compliance.requirements import Requirement
from compliance.services.facts import TrailFacts, facts_about
from compliance.services.needs import Need, all_hold, needs_of, requirements_of


@dataclass(frozen=True)
class Assertion:
    """The answer: `facts` are those of the trail that proves most, `requirements` what the flow asks of it.

    `missing_…` have no passed attestation, `failed_…` have a failed one, asked for or not.
    """

    digest: str
    flow: Flow
    compliant: bool
    facts: TrailFacts
    requirements: tuple[Requirement, ...]
    missing_types: tuple[str, ...]
    missing_names: tuple[str, ...]
    failed_types: tuple[str, ...]
    failed_names: tuple[str, ...]
    details: str
    checked_at: datetime


@transaction.atomic
def assert_compliance(*, actor: Actor, digest: str, flow: Flow) -> Assertion:
    """Judge `digest` (free form) by what trails of this flow prove about it, and by nothing else.

    Where several trails know it, one that meets everything suffices; else the one that lacks least is reported, the
    newest of equals. An unknown digest is never compliant. Raises Forbidden without `organization:gate:evaluate` on
    the flow. Records `assert.passed` or `assert.failed` with the digest.
    """
    require(actor, "organization:gate:evaluate", flow)
    known = facts_about(actor, digest, flow=flow)
    judged = [_judge(facts) for facts in known or [TrailFacts(flow=flow, digest=normal_digest(digest))]]
    facts, needs, requirements = min(judged, key=lambda each: sum(not one.holds for one in each[2]))
    compliant = bool(known) and all_hold(requirements)
    by_names = any(need.kind == "name" for need in needs)
    assertion = Assertion(
        digest=digest,
        flow=flow,
        compliant=compliant,
        facts=facts,
        requirements=requirements,
        missing_types=tuple(need.name for need in needs if need.kind == "type" and not _passed(facts, need)),
        missing_names=tuple(need.name for need in needs if need.kind == "name" and not _passed(facts, need)),
        failed_types=() if by_names else tuple(sorted(facts.failed_types)),
        failed_names=tuple(sorted(facts.failed_names)) if by_names else (),
        details=_details(digest, flow, facts, requirements, known=bool(known)),
        checked_at=timezone.now(),
    )
    _record(actor, assertion)
    return assertion


def _judge(facts: TrailFacts) -> tuple[TrailFacts, list[Need], tuple[Requirement, ...]]:
    needs = needs_of(facts)
    return facts, needs, tuple(requirements_of(facts, needs, ask=False))


def _passed(facts: TrailFacts, need: Need) -> bool:
    if need.kind == "type":
        return need.name in facts.passed_types
    return any(
        each.name == need.name and need.type in ("", each.type) and each.status == Attestation.Status.PASSED
        for each in facts.attestations
    )


def _details(digest: str, flow: Flow, facts: TrailFacts, requirements: tuple[Requirement, ...], *, known: bool) -> str:
    if not known:
        return f"No artifact with digest {digest} is known in flow {flow.name}."
    still_open = [f"{each.title}: {each.detail}" for each in requirements if not each.holds]
    if still_open:
        return f"{digest} lacks {len(still_open)} of {len(requirements)}. " + " ".join(still_open)
    if not requirements:
        return f"Flow {flow.name} asks for nothing."
    return f"Trail {facts.trail} meets all {len(requirements)} requirements of flow {flow.name}."


def _record(actor: Actor, assertion: Assertion) -> None:
    trail = assertion.facts.trail
    record_event(
        "assert.passed" if assertion.compliant else "assert.failed",
        subject=assertion.flow,
        actor=actor,
        related=[trail, trail.component if trail else assertion.flow.component],
        data={
            "digest": assertion.digest,
            "trail": trail.uid if trail else None,
            "missing": assertion.missing_types + assertion.missing_names,
            "failed": assertion.failed_types + assertion.failed_names,
        },
    )
