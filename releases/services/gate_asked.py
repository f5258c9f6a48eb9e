"""What people were asked about a digest, as the gate's inputs keep it: releases with their rules, requests, answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import JSONObject
from django.urls import reverse

from catalog.models import Component, Environment, Organization
from catalog.prepared import prepared
from compliance.digests import normal_digest
from compliance.models import Flow, Trail
from releases.models import Application, ApprovalRequest, Decision, Outcome, Release, ReleaseBinding, Rule
from releases.services import schedule
from releases.services.electorate import Member, electorate, whom_to_ask

Json = dict[str, Any]
RELEASES = 50  # of one digest, the newest
IN_TURN = Case(  # as the engine judges them
    When(adjustment__rules__type=Rule.Type.SCHEDULE, then=0),
    When(adjustment__rules__type=Rule.Type.HTTP_API, then=1),
    default=2,
)
RULE = ("type", "number", "approval_policy", "minimum", *schedule.PARTS)
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


def component_json(component: Component | None) -> Json | None:
    """A component as documents name it."""
    if component is None:
        return None
    return {
        "name": component.name,
        "uid": component.uid,
        "url": reverse("catalog:component", args=[component.uid]),
    }


def releases_about(question: Question, trails: Sequence[Trail]) -> list[Release]:
    """The releases about this digest and environment, newest first, each with the rules it froze. One query."""
    return _releases(
        organization=question.organization.pk,
        digests=sorted({question.digest, normal_digest(question.digest)}) if question.digest else None,
        environment=question.environment.pk if question.environment else None,
        release=question.release.pk if question.release else None,
        trails=[each.pk for each in trails],
        at=question.at,
    )


@prepared
def _releases(
    *,
    organization: int,
    digests: list[str] | None,
    environment: int | None,
    release: int | None,
    trails: list[int],
    at: datetime,
) -> QuerySet[Release]:
    about = Q(trail__in=trails, digest="")
    if digests is not None:
        about |= Q(digest__in=digests)
    if environment is not None:
        about &= Q(environment=environment) | Q(environment=None)
    if release is not None:
        about |= Q(pk=release)
    outcomes = Outcome.objects.filter(
        release=OuterRef("release"), rule=OuterRef("adjustment__rules"), created_at__lte=at
    )
    rules = (
        ReleaseBinding.objects.filter(release=OuterRef("pk"), adjustment__rules__enabled=True)
        .order_by(IN_TURN, "ruleset__key", "adjustment__rules__number")
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
        Release.objects.filter(about, organization=organization, created_at__lte=at)
        .exclude(state=Release.State.CANCELLED)
        .select_related("application__component", "environment", "trail")
        .annotate(rules=ArraySubquery(rules))
        .order_by("-created_at", "-pk")[:RELEASES]
    )


def release_json(release: Release, at: datetime) -> Json:
    """A release as it stood at `at`."""
    final = release.finalized_at is not None and release.finalized_at <= at
    return {
        "number": release.number,
        "label": f"Release {release.number}",
        "url": reverse("releases:release", args=[release.number]),
        "application": release.application.key,
        "component": component_json(release.application.component),
        "state": release.state if final else Release.State.PENDING,
        "digest": release.digest,
        "digest_by": release.digest_by,
        "trail": release.trail.uid if release.trail else None,
        "trail_by": release.trail_by,
        "created_at": release.created_at,
        "created_by": release.created_by,
        "rules": release.rules,  # type: ignore[attr-defined]
    }


def requests_about(question: Question, releases: Sequence[Release], trails: Sequence[Trail]) -> list[ApprovalRequest]:
    """What people were asked about these releases and trails, newest first, each with its answers. One query."""
    return _requests(
        environment=question.environment.pk if question.environment else None,
        releases=[each.pk for each in releases],
        trails=[each.pk for each in trails],
        at=question.at,
    )


@prepared
def _requests(
    *, environment: int | None, releases: list[int], trails: list[int], at: datetime
) -> QuerySet[ApprovalRequest]:
    of_trails = Q(trail__in=trails)
    if environment is not None:
        of_trails &= Q(environment=environment) | Q(environment=None)
    answers = (
        Decision.objects.filter(request=OuterRef("pk"), created_at__lte=at)
        .order_by("pk")
        .values(
            json=JSONObject(
                identity=F("identity"), name=F("user__name"), role=F("role"), verdict=F("verdict"), said=F("comments")
            )
        )
    )
    return (
        ApprovalRequest.objects.filter(of_trails | Q(release__in=releases), created_at__lte=at)
        .exclude(status=Status.VOID)
        .select_related("organization", "component", "trail", "release", "rule")
        .annotate(answers=ArraySubquery(answers))
        .order_by("-created_at", "-pk")
    )


def request_json(request: ApprovalRequest, at: datetime, members: Sequence[Member]) -> Json:
    """A request as it stood at `at`, with whom it still waits for."""
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
        "rule": request.rule.number if request.rule else None,
        "digest": request.digest,
        "requested_by": request.requested_by,
        "created_at": request.created_at,
        "four_eyes": request.organization.four_eyes,
        "needed": needed(request, len(voters)),
        "answers": answers,
        "who": whom_to_ask(
            [voter for voter in voters if voter.identity.casefold() not in spoken],
            named=[each for each in request.required_approvers if each.casefold() not in spoken],
        ),
    }


def needed(request: ApprovalRequest, voters: int) -> int:
    """How many approvals settle a request, at the least."""
    by_policy = {Rule.Policy.MINIMUM: request.minimum or 1, Rule.Policy.ALL: voters}.get(Rule.Policy(request.policy), 1)
    return max(by_policy, len(request.required_approvers), len(request.required_roles), 1)


def applications_of(trails: Sequence[Trail]) -> dict[str, str]:
    """Component uid to application key, for the line that asks for a release."""
    components = {each.component_id for each in trails if each.component_id}
    return {str(uid): key for uid, key in _keys(components=sorted(components))}


@prepared
def _keys(*, components: list[int]) -> QuerySet[Application, tuple[UUID, str]]:
    return Application.objects.filter(component__in=components).values_list("component__uid", "key")
