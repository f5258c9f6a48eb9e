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
from catalog.models import Component
from catalog.timeline import timeline_of
from catalog.views.access import portal, seen
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
    trail = seen(Trail.objects.for_page, request, uid=uid)
    facts = facts_of_trails([trail])[trail.pk]
    shown = facts[:ARTIFACTS]
    files = evidence_of(request, trail)
    context = {
        "trail": trail,
        "flow_id": str(trail.flow.uid),
        "join_body": {"componentId": "<component>"},
        "artifacts_path": f"/api/v1/trails/{trail.uid}/artifacts",
        "groups": proof_groups(shown, request.build_absolute_uri("/").rstrip("/")),
        "unshown": len(facts) - len(shown),
        "artifacts": artifacts_of(request, shown),
        "attestations": attestations_of(request, trail, files),
        "files": files,
        "events": timeline_of(request.actor, trail, HISTORY),
        "example": {"imageName": str(trail.flow), "imageTag": "1.0", "sha256Digest": "<digest>"},
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


def proof_groups(facts: Sequence[TrailFacts], base_url: str) -> list[dict[str, Any]]:
    """What the trail must prove: of several artifacts first what is the same for each, then what each lacks or has
    alone. Keys are unique on the page."""
    judged = [
        [one.as_dict() | {"derived": None} for one in requirements_of(each, needs_of(each), base_url=base_url)]
        for each in facts
    ]
    if len(facts) == 1:
        return [{"artifact": facts[0].artifact, "requirements": judged[0]}]
    shared = [one for one in judged[0] if all(one in each for each in judged)]
    own = [
        {
            "artifact": each.artifact,
            "requirements": [one | {"key": f"{number}.{one['key']}"} for one in found if one not in shared],
        }
        for number, (each, found) in enumerate(zip(facts, judged, strict=True), start=1)
    ]
    return [{"artifact": None, "requirements": shared}] * bool(shared) + [each for each in own if each["requirements"]]


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
