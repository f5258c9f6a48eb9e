"""One trail: what it must prove, what it proved, with which files; and the newest trails of a component."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.middleware import PortalRequest
from catalog.models import Component, Event
from catalog.timeline import timeline
from catalog.views.access import portal
from catalog.views.rendering import render_page
from compliance.downloads import evidence_response
from compliance.models import Artifact, Attestation, Evidence, Trail
from compliance.services.facts import TrailFacts, facts_of_trails
from compliance.services.needs import needs_of, requirements_of
from compliance.services.standing import Standing, compliance_state, running_where
from compliance.summaries import summary

HISTORY = 30
SHOWN = 100  # attestations, files
ARTIFACTS = 20
TRAILS_OF_COMPONENT = 6


@require_safe
@portal
def trail_page(request: PortalRequest, uid: UUID) -> HttpResponse:
    """Everything about one commit in one flow."""
    trails = Trail.objects.visible_to(request.actor).select_related(
        "flow__organization", "flow__component", "component"
    )
    trail = get_object_or_404(trails, uid=uid)
    facts = facts_of_trails([trail])[trail.pk]
    groups = [group(each, request, number if len(facts) > 1 else None) for number, each in enumerate(facts[:ARTIFACTS])]
    events = Event.objects.visible_to(request.actor).about(trail.uid)[:HISTORY]
    files = evidence_of(request, trail)
    context = {
        "trail": trail,
        "flow_id": str(trail.flow.uid),
        "join_body": {"componentId": "<component>"},
        "artifacts_path": f"/api/v1/trails/{trail.uid}/artifacts",
        "groups": groups,
        "unshown": len(facts) - len(groups),
        "artifacts": artifacts_of(request, facts[:ARTIFACTS]),
        "attestations": attestations_of(request, trail, files),
        "files": files,
        "events": timeline(events),
        "example": {"imageName": str(trail.flow), "imageTag": "1.0", "sha256Digest": "$DIGEST"},
    }
    return render_page(request, "compliance/trail.html", context)


@require_safe
@portal
def attestation_page(request: PortalRequest, uid: UUID) -> HttpResponse:
    """An attestation is shown on its trail."""
    found = get_object_or_404(Attestation.objects.visible_to(request.actor).select_related("trail"), uid=uid)
    return redirect(f"{reverse('compliance:trail', args=[found.trail.uid])}#a-{found.uid}")


@require_safe
@portal
def artifact_page(request: PortalRequest, uid: UUID) -> HttpResponse:
    """An artifact is shown on its trail."""
    found = get_object_or_404(Artifact.objects.visible_to(request.actor).select_related("trail"), uid=uid)
    return redirect(f"{reverse('compliance:trail', args=[found.trail.uid])}#artifacts")


@require_safe
@portal
def evidence_download(request: PortalRequest, uid: UUID) -> HttpResponse:
    """The bytes of one evidence file."""
    return evidence_response(get_object_or_404(Evidence.objects.visible_to(request.actor), uid=uid))


def group(facts: TrailFacts, request: PortalRequest, number: int | None) -> dict[str, Any]:
    """What one artifact (or the trail itself) must prove. With a number, keys are unique on the page."""
    base_url = request.build_absolute_uri("/").rstrip("/")
    judged = [each.as_dict() for each in requirements_of(facts, needs_of(facts), base_url=base_url)]
    if number is not None:
        judged = [each | {"key": f"{number}.{each['key']}"} for each in judged]
    return {"artifact": facts.artifact, "requirements": judged}


def artifacts_of(request: PortalRequest, facts: Sequence[TrailFacts]) -> list[tuple[Artifact, Standing]]:
    """The artifacts with where each stands."""
    artifacts = [each.artifact for each in facts if each.artifact]
    running = running_where(request.actor, artifacts)
    return [
        (
            each.artifact,
            Standing(compliance_state(each), running.get((each.artifact.organization_id, each.artifact.digest), ())),
        )
        for each in facts
        if each.artifact
    ]


def evidence_of(request: PortalRequest, trail: Trail) -> list[dict[str, Any]]:
    """The newest evidence files as `components/evidence.html` prints them."""
    files = Evidence.objects.visible_to(request.actor).filter(attestation__trail=trail)
    return [
        {
            "name": each.file_name,
            "note": f"{file_size(each.size)}, for {each.attestation}",
            "digest": f"sha256:{each.sha256}",
            "url": reverse("compliance:evidence", args=[each.uid]),
            "area": "attestation",
            "state": each.status,
            "attestation_id": each.attestation_id,
        }
        for each in files.select_related("attestation")[:SHOWN]
    ]


def attestations_of(
    request: PortalRequest, trail: Trail, files: Sequence[dict[str, Any]]
) -> list[tuple[Attestation, str, list[dict[str, Any]]]]:
    """The newest attestations, each with what it says in short and its files."""
    rows = Attestation.objects.visible_to(request.actor).filter(trail=trail)[:SHOWN]
    return [
        (each, summary(each.details), [file for file in files if file["attestation_id"] == each.pk]) for each in rows
    ]


def trails_panel(request: PortalRequest, component: Component) -> str:
    """The newest trails of a component."""
    rows = Trail.objects.visible_to(request.actor).filter(component=component).select_related("flow")
    trails = list(rows[:TRAILS_OF_COMPONENT])
    if not trails:
        return ""
    return render_to_string("compliance/panels/trails.html", {"trails": trails}, request=request)


def file_size(size: int) -> str:
    """ "184 KB"."""
    for unit in ("bytes", "KB", "MB"):
        if size < 1024 or unit == "MB":
            break
        size = -(-size // 1024)
    return f"{size:,} {unit}"
