"""Releases: the list, and one release's page: why it is blocked, who may decide, what its rules said."""

from typing import Any
from urllib.parse import quote

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from catalog.middleware import PortalRequest
from catalog.prepared import look_through
from catalog.timeline import timeline_of
from catalog.views.access import portal, seen
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from releases.filters import ReleaseFilter
from releases.forms import DecisionForm
from releases.models import Application, ApprovalRequest, Release
from releases.services.gate import Judgement, judge
from releases.services.joins import unknown_names
from releases.views.approval import is_uid
from releases.views.deciding import approval_box, take_answer
from releases.views.rows import asker, with_gates

HISTORY = 30
DERIVED = {
    "digest": "found by the digest",
    "commit": "found by the commit",
    "source": "found by the source identity",
    "trail": "taken from the trail",
    "policy": "the only one its policies name",
}


@require_safe
@portal
def release_list(request: PortalRequest) -> HttpResponse:
    """Who asked to ship what, and what became of it."""
    found = ReleaseFilter(request.GET, queryset=releases_of(request), request=request)
    page = keyset_page(found.qs, request)
    context = {"filter": found, "page": page, "rows": with_gates(request.actor, page)}
    if not page:
        context["release_path"] = release_path(request)
    return render_page(request, "releases/release_list.html", context, partial="rows")


def release_path(request: PortalRequest) -> str:
    """Where a first release is asked for: of an application this person may see, else of one to come."""
    visible = Application.objects.visible_to(request.actor).filter(organization=request.actor.organization_id)
    key = visible.values_list("key", flat=True).first() or "checkout-api"
    return f"/v1/applications/{quote(key)}/releases"


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def release_page(request: PortalRequest, number: int) -> HttpResponse:
    """One release as it stands now. A post answers the approval it names, on this page."""
    release = _one(request, number=number)
    form, status = None, 200
    if request.method == "POST":
        uid = request.GET.get("approval", "")
        asked = get_object_or_404(_approvals(request, release), uid=uid if is_uid(uid) else None)
        form, status = take_answer(request, asked)
        if status == 302:
            return redirect("releases:release", number=number)
        release = _one(request, number=number)
    return render_page(request, "releases/release.html", _about(request, release, form), status=status)


@require_safe
@portal
def release_decision(request: PortalRequest, number: int) -> HttpResponse:
    """What the gate says about a release now, as JSON."""
    return JsonResponse(_judge(request, _one(request, number=number)).document)


@require_safe
@portal
def release_by_uid(request: PortalRequest, uid: str) -> HttpResponse:
    """To the page of the release with this uid: where timelines point."""
    return redirect("releases:release", number=_one(request, uid=uid).number)


def releases_of(request: PortalRequest) -> QuerySet[Release]:
    """The releases this person may see in the organization at hand: numbers are unique only there."""
    releases = Release.objects.visible_to(request.actor).filter(organization=request.actor.organization_id)
    return shown(releases)


def _one(request: PortalRequest, **values: Any) -> Release:
    return seen(_shown, request, organization=request.actor.organization_id, **values)


def _shown() -> QuerySet[Release]:
    return shown(Release.objects.all())


def shown(releases: Any) -> QuerySet[Release]:
    """The releases with all that rows show."""
    return releases.for_list().annotate(asker=asker("created_by"))


def _approvals(request: PortalRequest, release: Release) -> QuerySet[ApprovalRequest]:
    return ApprovalRequest.objects.visible_to(request.actor).filter(release=release).for_list()


def _judge(request: PortalRequest, release: Release) -> Judgement:
    return judge(
        actor=request.actor,
        digest=release.digest,
        environment=release.environment,
        release=release,
        base_url=request.build_absolute_uri("/").rstrip("/"),
    )


def _about(request: PortalRequest, release: Release, form: DecisionForm | None) -> dict[str, Any]:
    judgement = _judge(request, release)
    asked = look_through(ApprovalRequest.objects.for_list, request.actor, release=release)
    asked.sort(key=lambda each: -each.pk)
    current = next((each for each in asked if each.status == ApprovalRequest.Status.PENDING), next(iter(asked), None))
    context = {
        "release": release,
        "decision": judgement.document,
        "rules": _rules(judgement, release),
        "joins": _joins(release),
        "unknown": unknown_names(release),
        "patch_path": f"/v1/applications/{quote(release.application.key)}/releases/{release.number}",
        "is_being_judged": is_being_judged(release, asked),
        "events": timeline_of(request.actor, release, HISTORY),
    }
    if current is not None:
        url = f"{reverse('releases:release', args=[release.number])}?approval={current.uid}#decide"
        box = approval_box(request.actor, current, url=url, judgement=judgement, form=form)
        context |= {"approval": box, "earlier": [each for each in asked if each is not current]}
    return context


def is_being_judged(release: Release, asked: list[ApprovalRequest]) -> bool:
    """Whether a worker is about to settle the release: it is pending, and no person is waited for."""
    waits = any(each.status == ApprovalRequest.Status.PENDING for each in asked)
    return release.state == Release.State.PENDING and not waits


def _rules(judgement: Judgement, release: Release) -> list[dict[str, Any]]:
    """The rules this release froze, each with what it said; a cancelled release is not judged, so it shows none."""
    found = [each for each in judgement.inputs["releases"] if each["number"] == release.number]
    return [
        rule | {"words": rule_words(rule)} | _rule_state(rule, is_final=release.is_final)
        for each in found
        for rule in each["rules"]
    ]


def _rule_state(rule: dict[str, Any], *, is_final: bool) -> dict[str, str]:
    """What a rule said: its state in the vocabulary of requirements, and the word where the page can say more."""
    if rule["success"] is None and is_final:
        return {"state": "not_required", "word": "Not asked"}  # a rule before it had ended the release
    if rule["success"] is None:
        return (
            {"state": "awaiting", "word": "Waiting"} if rule["type"] == "manual" else {"state": "later", "word": "Next"}
        )
    if rule["success"]:
        return {"state": "satisfied", "word": "Passed"}
    if rule["mode"] == "enforcing":
        return {"state": "failing", "word": "Failed"}
    return {"state": "not_required", "word": "Failed, passed over"}


def rule_words(rule: dict[str, Any]) -> str:
    """What a rule asks, in words."""
    if rule["type"] == "manual":
        asks = {"any": "One person approves", "all": "Everybody who may decide approves"}
        return asks.get(rule["approval_policy"], f"At least {rule['minimum']} people approve")
    if rule["type"] == "http_api":
        return f"{rule['url']} says yes" if rule.get("url") else "An HTTP API says yes"
    hours = f"{rule['begin_time']} to {rule['end_time']}" if rule["begin_time"] else ""
    lists = {"days_of_week": "on", "days_of_month": "on day", "months_of_year": "in"}
    parts = [hours, *(f"{word} {', '.join(rule[name].title().split())}" for name, word in lists.items() if rule[name])]
    if not any(parts):
        return "At any time"
    return f"Made {', '.join(filter(None, parts))}" + (f" ({rule['time_zone']})" if rule.get("time_zone") else "")


def _joins(release: Release) -> list[dict[str, Any]]:
    """What the release is about and how that is known; derived joins say so."""
    trail, environment = release.trail, release.environment
    component = release.application.component
    return [
        {"label": "Component", "text": component, "url": reverse("catalog:component", args=[component.uid])},
        {
            "label": "Trail",
            "text": trail,
            "url": reverse("compliance:trail", args=[trail.uid]) if trail else "",
            "derived": DERIVED.get(release.trail_by, ""),
        },
        {"label": "Artifact", "digest": release.digest, "derived": DERIVED.get(release.digest_by, "")},
        {
            "label": "To",
            "text": environment,
            "url": reverse("catalog:environment", args=[environment.uid]) if environment else "",
            "derived": DERIVED.get(release.environment_by, ""),
        },
    ]
