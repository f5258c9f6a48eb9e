"""Flows: the list, one flow's page with its trails, and what a component must prove."""

from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from catalog.middleware import PortalRequest
from catalog.models import Component, Event
from catalog.timeline import timeline
from catalog.views.access import portal, seen
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from compliance.filters import FlowFilter, TrailFilter
from compliance.flow_template import Entry, TemplateError, read_template
from compliance.models import Flow, Trail
from compliance.services.facts import TrailFacts, facts_of_trails
from compliance.services.needs import needs_of, requirements_of

HISTORY = 12
FLOWS_OF_COMPONENT = 5
SHOWN = ("uid", "name", "commit", "branch", "author", "status", "created_at")  # of each trail in the list


@require_safe
@portal
def flow_list(request: PortalRequest) -> HttpResponse:
    """What builds must prove, and how the newest trail of each flow stands."""
    found = FlowFilter(request.GET, queryset=with_newest(Flow.objects.visible_to(request.actor)), request=request)
    context = {
        "filter": found,
        "page": keyset_page(found.qs, request),
        "example": {"name": "checkout", "requiredAttestationTypes": ["junit"], "orgSlug": slug_of(request)},
    }
    return render_page(request, "compliance/flow_list.html", context, partial="rows")


@require_safe
@portal
def flow_page(request: PortalRequest, uid: UUID) -> HttpResponse:
    """One flow: what it asks for, its trails, what happened to it."""
    flow = seen(Flow.objects.for_list, request, uid=uid)
    trails = Trail.objects.visible_to(request.actor).filter(flow=flow).only(*SHOWN)
    found = TrailFilter(request.GET, queryset=trails, request=request)
    events = Event.objects.visible_to(request.actor).filter(subject_uid=flow.uid).about(flow.uid)[:HISTORY]
    context = {
        "flow": flow,
        "flow_id": str(flow.uid),
        "join_body": {"componentId": "<component>"},
        "needs": needs_of(TrailFacts(flow=flow)),
        "of_artifacts": needs_of_artifacts(flow),
        "filter": found,
        "page": keyset_page(found.qs, request),
        "events": SimpleLazyObject(lambda: timeline(events)),  # a partial shows none
        "example": {
            "flowId": str(flow.uid),
            "gitCommitSha": "<commit>",
            "gitBranch": "main",
            "gitAuthor": str(request.user),
            "gitAuthorEmail": request.user.email,
        },
    }
    return render_page(request, "compliance/flow.html", context, partial="rows")


def needs_of_artifacts(flow: Flow) -> list[tuple[str, Entry]]:
    """(image name, entry) of each attestation the template asks of artifacts of that name."""
    try:
        template = read_template(flow.template_yaml)
    except TemplateError:
        return []
    return [(name, entry) for name, entries in (template.artifacts if template else ()) for entry in entries]


def with_newest(flows: QuerySet[Flow]) -> QuerySet[Flow]:
    """Flows with their component, and of their newest trail the status, time and id."""
    newest = Trail.objects.filter(flow=OuterRef("pk")).order_by("-created_at", "-pk")
    return flows.select_related("component").annotate(
        newest_uid=Subquery(newest.values("uid")[:1]),
        newest_status=Subquery(newest.values("status")[:1]),
        newest_at=Subquery(newest.values("created_at")[:1]),
    )


def proof_panel(request: PortalRequest, component: Component) -> str:
    """What the flows of a component ask for, each with how far its newest trail has come."""
    flows = Flow.objects.visible_to(request.actor).filter(component=component).select_related("organization")
    shown = list(flows[: FLOWS_OF_COMPONENT + 1])
    newest = newest_trails(request, shown[:FLOWS_OF_COMPONENT])
    facts = facts_of_trails(list(newest.values()))
    context = {
        "component": component,
        "more": len(shown) > FLOWS_OF_COMPONENT,
        "flows": [flow_progress(each, newest.get(each.pk), facts) for each in shown[:FLOWS_OF_COMPONENT]],
        "example": {
            "name": component.slug,
            "componentId": str(component.uid),
            "requiredAttestationTypes": ["junit"],
            "orgSlug": slug_of(request),
        },
    }
    return render_to_string("compliance/panels/proof.html", context, request=request)


def newest_trails(request: PortalRequest, flows: list[Flow]) -> dict[int, Trail]:
    """By flow id, its newest trail."""
    trails = Trail.objects.visible_to(request.actor).filter(flow__in=flows).select_related("component")
    newest = {each.flow_id: each for each in trails.order_by("flow_id", "-created_at", "-pk").distinct("flow_id")}
    for flow in flows:
        if flow.pk in newest:
            newest[flow.pk].flow = flow
    return newest


def flow_progress(flow: Flow, trail: Trail | None, facts: dict[int, list[TrailFacts]]) -> dict:
    """A flow with its newest trail, and for the artifact that lacks most what holds; without a trail what is asked."""
    known = facts[trail.pk] if trail else [TrailFacts(flow=flow)]
    judged = [[one.as_dict() for one in requirements_of(each, needs_of(each), ask=False)] for each in known]
    worst = max(judged, key=lambda each: sum(one["state"] != "satisfied" for one in each))
    return {"flow": flow, "trail": trail, "requirements": worst}


def slug_of(request: PortalRequest) -> str:
    """The organization at hand, as the wire names it."""
    return request.actor.organization.slug
