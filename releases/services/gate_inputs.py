"""What a decision of the gate is made from: everything it needs as plain JSON, so that it can be made again from that.

Nothing here judges. The facts are those of the whole organization, whoever asks: a narrow right to read must not hide
the policy that would have blocked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.urls import reverse

from catalog.actors import resource_path, system_actor, team_of
from catalog.models import Component, Environment, Organization
from catalog.prepared import prepared
from catalog.services.events import plain
from catalog.services.who import EVERYTHING, Who
from compliance.digests import normal_digest
from compliance.models import Artifact, Attestation, DriftReport, Flow, Trail
from compliance.services.allowed import leave_for
from compliance.services.facts import SUPPLY, TrailFacts, facts_about
from releases.models import ApprovalRequest, DeploymentPolicy
from releases.services.electorate import DECIDE, Member, able, members_of, whom_to_ask
from releases.services.gate_asked import (
    Json,
    Question,
    applications_of,
    component_json,
    release_json,
    releases_about,
    request_json,
    requests_about,
)

VERSION = 1


@dataclass(frozen=True)
class KeptFacts(TrailFacts):
    """Facts made again from inputs: whom to ask was found out when they were gathered."""

    suppliers: tuple[Who, ...] = ()


@dataclass(frozen=True)
class Rows:
    """The rows behind the inputs, by uid: what a stored decision points at."""

    policies: dict[str, DeploymentPolicy]
    trails: dict[str, Trail]


def gather(question: Question) -> tuple[Json, Rows]:
    """The inputs of one decision. At most eight queries, with an allow-list twelve, however many facts there are."""
    organization, environment = question.organization, question.environment
    policies = selected_policies(organization=organization.pk, environment=environment.pk if environment else None)
    facts = _one_per_trail(facts_about(system_actor(organization), question.digest, at=question.at))
    trails = [each.trail for each in facts if each.trail]
    releases = releases_about(question, trails)
    requests = requests_about(question, releases, trails)
    members = members_of(organization) if policies or requests else []
    flows = {policy.flow.uid: policy.flow for policy in policies} | {each.flow.uid: each.flow for each in facts}
    inputs = {
        "version": VERSION,
        "at": question.at,
        "digest": question.digest,
        "base_url": question.base_url,
        "organization": {
            "slug": organization.slug,
            "time_zone": organization.time_zone,
            "gate_default_allows": organization.gate_default_allows,
        },
        "environment": _environment(environment),
        "allowlisted": _allowlisted(question),
        "flow": question.flow.uid if question.flow else None,
        "component": component_json(question.release.application.component) if question.release else None,
        "policies": [_policy(each) for each in policies],
        "flows": {str(uid): _flow(flow, organization, members) for uid, flow in flows.items()},
        "trails": [_trail(each, question) for each in facts],
        "releases": [release_json(each, question.at) for each in releases],
        "requests": [request_json(each, question.at, members) for each in requests],
        "applications": applications_of(trails) if policies and not releases else {},
    }
    rows = Rows({str(each.uid): each for each in policies}, {str(each.uid): each for each in trails})
    return plain(inputs), rows


@prepared
def selected_policies(*, organization: int, environment: int | None) -> QuerySet[DeploymentPolicy]:
    """The active policies that may have a say: of this environment and those of any; all when none is named."""
    policies = DeploymentPolicy.objects.filter(organization=organization, is_active=True)
    if environment is not None:
        policies = policies.filter(Q(environment=environment) | Q(environment=None))
    return policies.select_related("flow__component", "flow__organization", "environment").order_by("name", "pk")


def trail_facts(inputs: Json, flow_uid: str, trail: Json | None) -> TrailFacts:
    """The facts of one trail as compliance judges them, made again from the inputs; None stands for no trail."""
    kept = inputs["flows"][flow_uid]
    organization = Organization(slug=inputs["organization"]["slug"])
    flow = Flow(uid=UUID(flow_uid), name=kept["name"], organization=organization)
    suppliers = tuple(kept["suppliers"])
    if trail is None:
        return KeptFacts(flow, digest=inputs["digest"], suppliers=suppliers)
    component = Component(name=trail["component"]["name"]) if trail["component"] else None
    row = Trail(
        uid=UUID(trail["uid"]),
        name=trail["name"],
        commit=trail["commit"],
        flow=flow,
        component=component,
        component_by=trail["component_by"],
    )
    attestations = (
        Attestation(trail=row, uid=UUID(each["uid"]), **{name: each[name] for name in ATTESTED})
        for each in trail["attestations"]
    )
    return KeptFacts(flow, row, digest=inputs["digest"], attestations=tuple(attestations), suppliers=suppliers)


ATTESTED = ("type", "name", "status", "recorded_by")


def _one_per_trail(facts: Iterable[TrailFacts]) -> list[TrailFacts]:
    found: dict[UUID, TrailFacts] = {}
    for each in facts:
        if each.trail is not None:
            found.setdefault(each.trail.uid, each)
    return list(found.values())


def _environment(environment: Environment | None) -> Json | None:
    if environment is None:
        return None
    drifted = environment.drift_state == Environment.DriftState.DRIFTED
    blocks = environment.drift_policy == Environment.DriftPolicy.BLOCK
    return {
        "name": environment.name,
        "uid": environment.uid,
        "url": reverse("catalog:environment", args=[environment.uid]),
        "drift_policy": environment.drift_policy,
        "drift_state": environment.drift_state,
        "drifted_at": environment.drifted_at,
        "drifted": _drifted(environment) if drifted and blocks else [],
    }


def _allowlisted(question: Question) -> Json | None:
    """By which entry of its allow-list the digest may go to the environment, whatever else is asked."""
    if question.environment is None or not question.digest:
        return None
    entry = leave_for(question.environment, normal_digest(question.digest), question.at)
    if entry is None:
        return None
    named = ("uid", "digest", "name_pattern", "reason", "approved_by", "created_at", "expires_at")
    return {name: getattr(entry, name) for name in named}


def _drifted(environment: Environment) -> list[str]:
    report = DriftReport.objects.filter(environment=environment).order_by("-created_at", "-pk").first()
    if report is None:
        return []
    entries = [*report.added, *report.removed, *report.updated]
    return sorted({f"{each['artifactName']}:{each['artifactTag']}" for each in entries})


def _policy(policy: DeploymentPolicy) -> Json:
    return {
        "uid": policy.uid,
        "name": policy.name,
        "flow": policy.flow.uid,
        "component": policy.flow.component.uid if policy.flow.component else None,
        "required_types": policy.required_types,
        "enforce_provenance": policy.enforce_provenance,
        "enforce_approvals": policy.enforce_approvals,
        "require_signature": policy.require_signature,
        "block_on_failed_scan": policy.block_on_failed_scan,
    }


def _flow(flow: Flow, organization: Organization, members: Sequence[Member]) -> Json:
    return {
        "name": flow.name,
        "requires_approval": flow.requires_approval,
        "required_approver_roles": flow.required_approver_roles,
        "suppliers": _whom(members, SUPPLY, flow, organization),
        "approvers": _approvers(members, flow, organization),
    }


def _approvers(members: Sequence[Member], flow: Flow, organization: Organization) -> list[Who]:
    """Who could approve what this flow builds, were they asked."""
    request = ApprovalRequest(component=flow.component)
    voters = able(members, DECIDE, resource_path(request, organization.slug), team_of(request))
    return whom_to_ask(voter for voter in voters if voter.fits(flow.required_approver_roles))


def _whom(members: Sequence[Member], action: str, subject: Model, organization: Organization) -> list[Who]:
    """Who may do it; owners and admins may do anything, and are named only when nobody else may."""
    found = able(members, action, resource_path(subject, organization.slug), team_of(subject))
    return whom_to_ask([voter for voter in found if voter.role not in EVERYTHING] or found)


def _provenance(artifact: Artifact, question: Question) -> Json | None:
    """Where the artifact comes from, as far as it was known at the moment that is asked for."""
    origin = artifact.origin
    if origin is None or origin.created_at > question.at:
        return None
    has_key = bool(question.organization.provenance_key)
    named = {name: getattr(origin, name) for name in ("builder_id", "level", "verified", "verdict", "recorded_by")}
    return named | {"vouched": origin.vouched(has_key=has_key), "has_key": has_key}


def _trail(facts: TrailFacts, question: Question) -> Json:
    trail, artifact = facts.trail, facts.artifact
    if trail is None or artifact is None:
        raise ValueError("facts about a digest have a trail and an artifact")
    return {
        "uid": trail.uid,
        "flow": trail.flow.uid,
        "name": trail.name,
        "commit": trail.commit,
        "label": str(trail),
        "url": reverse("compliance:trail", args=[trail.uid]),
        "component": component_json(trail.component),
        "component_by": trail.component_by,
        "artifact": {
            "label": str(artifact),
            "reported_by": artifact.reported_by,
            "provenance": _provenance(artifact, question),
        },
        "attestations": [
            {"uid": each.uid} | {name: getattr(each, name) for name in ATTESTED} for each in facts.attestations
        ],
    }
