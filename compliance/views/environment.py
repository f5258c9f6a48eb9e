"""What compliance hangs on pages of environments, components and home: what runs, what changed, what drifts."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.template.loader import render_to_string
from django.urls import reverse

from catalog.middleware import PortalRequest
from catalog.models import Component, Environment
from compliance.drift_note import drift_note
from compliance.images import ShortName
from compliance.models import Artifact, DriftReport, RunningArtifact, Sighting, Snapshot
from compliance.running import Overview, overview_of
from compliance.services.drift import in_words

CHANGES = 12  # lines of the card on an environment's page
PLACES = 12  # of one component
DRIFTED = 5  # environments on the home page
APPROVE = "organization:baseline:create"
State = Environment.DriftState


def overview(request: PortalRequest, environment: Environment) -> Overview:
    """What the panels of one page show, read once per request."""
    known = request.__dict__.setdefault("environment_overviews", {})
    if environment.pk not in known:
        known[environment.pk] = overview_of(request.actor, environment)
    return known[environment.pk]


def tabs_panel(request: PortalRequest, environment: Environment) -> str:
    """The environment's own tabs."""
    return _drawn(request, "tabs", {"environment": environment})


def drift_panel(request: PortalRequest, environment: Environment) -> str:
    """The note on top: what drifts and what that means."""
    seen = overview(request, environment)
    note = drift_note(seen)
    if note is None or seen.latest is None or seen.approved is None:
        return ""
    compare = f"{_snapshots_url(environment)}?from={seen.approved.index}&to={seen.latest.index}"
    return _drawn(request, "drift", {"note": note, "state": environment.drift_state, "url": compare})


def running_panel(request: PortalRequest, environment: Environment) -> str:
    """What runs now, what drifts first."""
    seen = overview(request, environment)
    drifted = len(seen.drift.added) + len(seen.drift.updated) if seen.drift else 0
    context = {
        "environment": environment,
        "seen": seen,
        "drifted": drifted,
        "path": f"/api/v1/environments/{environment.uid}/snapshots",
        "example": {
            "recordedBy": "k8s-reporter",
            "artifacts": [{"artifactSha256": "sha256:$DIGEST", "artifactName": "checkout", "artifactTag": "1.0"}],
        },
    }
    return _drawn(request, "running", context)


def changed_panel(request: PortalRequest, environment: Environment) -> str:
    """What the last snapshot that changed something changed."""
    seen = overview(request, environment)
    if seen.change is None:
        return ""
    changes = seen.known.changes(seen.changed, CHANGES)
    more = len(seen.changed.changes) - len(changes)
    context = {"seen": seen, "changes": changes, "more": more, "url": _snapshots_url(environment)}
    return _drawn(request, "changed", context)


def baseline_panel(request: PortalRequest, environment: Environment) -> str:
    """What was approved, and the way to approve what runs now."""
    seen = overview(request, environment)
    if seen.latest is None:
        return ""
    may = seen.latest != seen.approved and request.actor.may(APPROVE, environment)
    return _drawn(request, "baseline", {"environment": environment, "seen": seen, "may": may})


def places_panel(request: PortalRequest, component: Component) -> str:
    """Where a component's builds run now; what only has the name and tag of one is said to be a near miss."""
    places = _places(request, component)
    return _drawn(request, "places", {"places": places[:PLACES], "more": len(places) > PLACES}) if places else ""


def drifted_panel(request: PortalRequest, subject: None) -> str:
    """The environments that drift, for the home page."""
    drifted = Environment.objects.visible_to(request.actor).filter(drift_state__in=[State.DRIFTED, State.WARNED])
    found = list(drifted.order_by("-drifted_at", "-pk")[: DRIFTED + 1])
    if not found:
        return ""
    reports = {
        each.environment_id: each
        for each in DriftReport.objects.visible_to(request.actor)
        .filter(environment__in=found)
        .order_by("environment_id", "-created_at", "-pk")
        .distinct("environment_id")
    }
    rows = [{"environment": each, "said": _drift_said(reports.get(each.pk))} for each in found[:DRIFTED]]
    return _drawn(request, "drifted", {"rows": rows, "more": len(found) > DRIFTED})


def _drift_said(report: DriftReport | None) -> str:
    return in_words([*report.added, *report.updated, *report.removed]) if report else ""


def _places(request: PortalRequest, component: Component) -> Sequence[RunningArtifact]:
    """What runs of a component, by environment; one query."""
    snapshots = Snapshot.objects.visible_to(request.actor).filter(environment__organization=component.organization_id)
    builds = Artifact.objects.filter(trail__component=component).annotate(short=ShortName("name"))
    running = (
        RunningArtifact.objects.filter(snapshot__in=snapshots.current())
        .annotate(
            is_build=Exists(builds.filter(digest=OuterRef("digest"))),
            is_near=Exists(builds.filter(short=ShortName(OuterRef("name")), tag=OuterRef("tag"))),
            since=Sighting.objects.filter(
                environment=OuterRef("snapshot__environment"), digest=OuterRef("digest")
            ).values("seen_at")[:1],
        )
        .filter(Q(is_build=True) | Q(is_near=True))
        .select_related("snapshot__environment")
        .order_by("snapshot__environment__name", "name", "pk")
    )
    return list(running[: PLACES + 1])


def _snapshots_url(environment: Environment) -> str:
    return reverse("compliance:environment-snapshots", args=[environment.uid])


def _drawn(request: PortalRequest, panel: str, context: dict[str, Any]) -> str:
    return render_to_string(f"compliance/panels/environment_{panel}.html", context, request=request)
