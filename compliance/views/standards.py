"""What the last checks of a repository found, on its component's page."""

from collections import Counter
from datetime import timedelta
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from catalog.middleware import PortalRequest
from catalog.models import Component
from compliance.models import StandardsResult, StandardsRun
from compliance.standards import result_names

TREND = 20  # runs
SHOWN = 12  # results
STALE = timedelta(days=30)
Level, Status = StandardsRun.Level, StandardsResult.Status
WORST_FIRST = {Status.FAILURE.value: 0, Status.WARNING.value: 1, "": 2, Status.PASS.value: 3}
STATES = {Level.PASSING: "pass", Level.ATTENTION: "warning", Level.FAILING: "failure"}


def standards_panel(request: PortalRequest, component: Component) -> str:
    """The latest run with its score and checks, the trend of the last ones, and what makes it doubtful."""
    found = StandardsRun.objects.visible_to(request.actor).of(component).select_related("baseline")
    runs = list(found[:TREND])
    if not runs:
        return render_to_string("compliance/panels/standards_none.html", {"component": component}, request=request)
    run = runs[0]
    results = list(run.results.all())
    lines = sorted([*_lines(results), *_not_evaluated(run, results)], key=lambda line: WORST_FIRST[line["status"]])
    scores = [float(each.score) for each in reversed(runs) if each.score is not None]
    context = {
        "component": component,
        "run": run,
        "state": STATES.get(Level(run.level)) if run.level else "",
        "lines": lines[:SHOWN],
        "more": max(0, len(lines) - SHOWN),
        "differ": _differ(run, results),
        "stale": run.created_at < timezone.now() - STALE,
        "scores": scores if len(scores) > 1 else (),
        "said": f"Score of the last {len(scores)} runs: {', '.join(f'{score:g}' for score in scores)}",
    }
    return render_to_string("compliance/panels/standards.html", context, request=request)


def _lines(results: list[StandardsResult]) -> list[dict[str, Any]]:
    return [{"name": each.name, "status": each.status, "message": each.message, "path": each.path} for each in results]


def _not_evaluated(run: StandardsRun, results: list[StandardsResult]) -> list[dict[str, Any]]:
    """Checks of the baseline without a line: an older tool does not know them. Unless it said something else then."""
    if run.baseline_revision != run.baseline.revision:
        return []
    there = {each.name for each in results}
    return [{"name": name, "status": ""} for name in result_names(run.baseline.config) if name not in there]


def _differ(run: StandardsRun, results: list[StandardsResult]) -> bool:
    """Whether the counts that were sent are not those of the list that was sent."""
    listed = Counter(each.status for each in results)
    counts = {Status.PASS: run.passes, Status.WARNING: run.warnings, Status.FAILURE: run.failures}
    return any(listed[status.value] != count for status, count in counts.items())
