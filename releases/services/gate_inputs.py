"""What a decision of the gate is made from: everything it needs as plain JSON, so that it can be made again from that.

Nothing here judges. The facts are those of the whole organization, whoever asks: a narrow right to read must not hide
the policy that would have blocked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse

from catalog.actors import resource_path, system_actor
from catalog.models import Component, Environment, Organization
from catalog.services.events import plain
from catalog.services.who import Who
from compliance.digests import normal_digest
from compliance.models import Attestation, DriftReport, Flow, Trail
from compliance.services.facts import SUPPLY, TrailFacts, facts_about
from releases.models import (
    Application,
    ApprovalRequest,
    Decision,
    DeploymentPolicy,
    Outcome,
    Release,
    ReleaseBinding,
    Rule,
)
from releases.services import schedule
from releases.services.electorate import DECIDE, Member, able, electorate, members_of, whom_to_ask

Json = dict[str, Any]
VERSION = 1
RELEASES = 50  # of one digest, the newest
Status = ApprovalRequest.Status


@dataclass(frozen=True)
class Question:
    """May `digest` go to `environment` at `at`? `flow` is the one the asker names, `release` the occasion."""

    organization: Organization
    digest: str
    at: datetime
    environment: Environment | None = None
    flow: Flow | None = None
    release: Release | None = None
    base_url: str = ""


@dataclass(frozen=True)
class KeptFacts(TrailFacts):
    """Facts made again from inputs: whom to ask was found out when they were gathered."""

    suppliers: tuple[Who, ...] = ()  # type: ignore[assignment]


@dataclass(frozen=True)
class Rows:
    """The rows behind the inputs, by uid: what a stored decision points at."""

    policies: dict[str, DeploymentPolicy]
    trails: dict[str, Trail]


def gather(question: Question) -> tuple[Json, Rows]:
    """The inputs of one decision. At most eight queries, however many facts there are."""
    organization, environment = question.organization, question.environment
    policies = list(selected_policies(organization, environment))
    facts = _one_per_trail(facts_about(system_actor(organization), question.digest, at=question.at))
    releases = list(_releases(question, [each.trail for each in facts if each.trail]))
    requests = list(_requests(question, releases, [each.trail for each in facts if each.trail]))
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
        "flow": question.flow.uid if question.flow else None,
        "component": _component(question.release.application.component) if question.release else None,
        "policies": [_policy(each) for each in policies],
        "flows": {str(uid): _flow(flow, organization, members) for uid, flow in flows.items()},
        "trails": [_trail(each) for each in facts],
        "releases": [_release(each, question.at) for each in releases],
        "requests": [_request(each, question.at, members) for each in requests],
        "applications": _applications(facts) if policies and not releases else {},
    }
    trails = {str(each.trail.uid): each.trail for each in facts if each.trail}
    return plain(inputs), Rows({str(each.uid): each for each in policies}, trails)


def selected_policies(organization: Organization, environment: Environment | None) -> QuerySet[DeploymentPolicy]:
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


def _drifted(environment: Environment) -> list[str]:
    report = DriftReport.objects.filter(environment=environment).order_by("-created_at", "-pk").first()
    if report is None:
        return []
    entries = [*report.added, *report.removed, *report.updated]
    return sorted({f"{each['artifactName']}:{each['artifactTag']}" for each in entries})


def _component(component: Component | None) -> Json | None:
    if component is None:
        return None
    return {
        "name": component.name,
        "uid": component.uid,
        "url": reverse("catalog:component", args=[component.uid]),
    }


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
    voters = able(members, DECIDE, resource_path(request, organization.slug))
    return whom_to_ask(voter for voter in voters if voter.fits(flow.required_approver_roles))


def _whom(members: Sequence[Member], action: str, subject: Model, organization: Organization) -> list[Who]:
    return whom_to_ask(able(members, action, resource_path(subject, organization.slug)))


def _trail(facts: TrailFacts) -> Json:
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
        "component": _component(trail.component),
        "component_by": trail.component_by,
        "artifact": {"label": str(artifact), "reported_by": artifact.reported_by},
        "attestations": [
            {"uid": each.uid} | {name: getattr(each, name) for name in ATTESTED} for each in facts.attestations
        ],
    }


def _releases(question: Question, trails: Sequence[Trail]) -> QuerySet[Release]:
    """The releases about this digest and environment, newest first, each with the rules it froze. One query."""
    about = Q(trail__in=trails, digest="")
    if question.digest:
        about |= Q(digest__in={question.digest, normal_digest(question.digest)})
    if question.environment is not None:
        about &= Q(environment=question.environment) | Q(environment=None)
    if question.release is not None:
        about |= Q(pk=question.release.pk)
    outcomes = Outcome.objects.filter(
        release=OuterRef("release"), rule=OuterRef("adjustment__rules"), created_at__lte=question.at
    )
    rules = (
        ReleaseBinding.objects.filter(release=OuterRef("pk"), adjustment__rules__enabled=True)
        .order_by("ruleset__key", "adjustment__rules__type", "adjustment__rules__number")
        .values(
            json=JSONObject(
                ruleset=F("ruleset__key"),
                mode=F("mode"),
                success=Subquery(outcomes.values("success")[:1]),
                reason=Subquery(outcomes.values("reason")[:1]),
                **{name: F(f"adjustment__rules__{name}") for name in RULE},
            )
        )
    )
    return (
        Release.objects.filter(about, organization=question.organization, created_at__lte=question.at)
        .exclude(state=Release.State.CANCELLED)
        .select_related("application__component", "environment", "trail")
        .annotate(rules=ArraySubquery(rules))
        .order_by("-created_at", "-pk")[:RELEASES]
    )


RULE = ("type", "number", "approval_policy", "minimum", *schedule.PARTS)


def _release(release: Release, at: datetime) -> Json:
    final = release.finalized_at is not None and release.finalized_at <= at
    return {
        "number": release.number,
        "label": f"Release {release.number}",
        "url": reverse("releases:release", args=[release.number]),
        "application": release.application.key,
        "component": _component(release.application.component),
        "state": release.state if final else Release.State.PENDING,
        "digest": release.digest,
        "digest_by": release.digest_by,
        "trail": release.trail.uid if release.trail else None,
        "trail_by": release.trail_by,
        "created_at": release.created_at,
        "created_by": release.created_by,
        "rules": release.rules,  # type: ignore[attr-defined]
    }


def _requests(question: Question, releases: Sequence[Release], trails: Sequence[Trail]) -> QuerySet[ApprovalRequest]:
    """What people were asked about these releases and trails, newest first, each with its answers. One query."""
    of_trails = Q(trail__in=trails)
    if question.environment is not None:
        of_trails &= Q(environment=question.environment) | Q(environment=None)
    answers = (
        Decision.objects.filter(request=OuterRef("pk"), created_at__lte=question.at)
        .order_by("pk")
        .values(
            json=JSONObject(
                identity=F("identity"), name=F("user__name"), role=F("role"), verdict=F("verdict"), said=F("comments")
            )
        )
    )
    return (
        ApprovalRequest.objects.filter(of_trails | Q(release__in=releases), created_at__lte=question.at)
        .exclude(status=Status.VOID)
        .select_related("organization", "component", "trail", "release")
        .annotate(answers=ArraySubquery(answers))
        .order_by("-created_at", "-pk")
    )


def _request(request: ApprovalRequest, at: datetime, members: Sequence[Member]) -> Json:
    answers = request.answers  # type: ignore[attr-defined]
    status = request.status_at(at)
    voters = electorate(request, members) if status == Status.PENDING else []
    spoken = {each["identity"].casefold() for each in answers}
    return {
        "uid": request.uid,
        "url": reverse("releases:approval", args=[request.uid]),
        "status": status,
        "trail": request.trail.uid if request.trail else None,
        "release": request.release.number if request.release else None,
        "digest": request.digest,
        "requested_by": request.requested_by,
        "created_at": request.created_at,
        "four_eyes": request.organization.four_eyes,
        "needed": needed(request, len(voters)),
        "answers": answers,
        "who": whom_to_ask(voter for voter in voters if voter.identity.casefold() not in spoken),
    }


def needed(request: ApprovalRequest, voters: int) -> int:
    """How many approvals settle a request, at the least."""
    by_policy = {Rule.Policy.MINIMUM: request.minimum or 1, Rule.Policy.ALL: voters}.get(Rule.Policy(request.policy), 1)
    return max(by_policy, len(request.required_approvers), len(request.required_roles), 1)


def _applications(facts: Sequence[TrailFacts]) -> dict[str, str]:
    """Component uid to application key, for the line that asks for a release."""
    components = {each.trail.component_id for each in facts if each.trail and each.trail.component_id}
    if not components:
        return {}
    keys = Application.objects.filter(component__in=components).values_list("component__uid", "key")
    return {str(uid): key for uid, key in keys}
