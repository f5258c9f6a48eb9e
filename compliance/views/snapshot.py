"""Snapshots: those of an environment, one with all that ran, the difference of two, and approving one as baseline."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_safe

from catalog import moments
from catalog.actors import require
from catalog.middleware import PortalRequest
from catalog.models import Environment
from catalog.views.access import portal, seen
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from compliance.filters import SnapshotFilter
from compliance.models import EnvironmentBaseline, RunningArtifact, Snapshot
from compliance.running import Known, known_of, known_of_diff
from compliance.services.differences import diff_snapshots
from compliance.services.drift import approve_baseline
from compliance.views.environment import APPROVE

LINES = 50  # of a difference


class BaselineForm(forms.Form):
    """What somebody says about approving a snapshot."""

    description = forms.CharField(
        label="Why", max_length=2000, required=False, widget=forms.Textarea, help_text="Shown beside the baseline."
    )


class DayForm(forms.Form):
    """A day that somebody asks about."""

    on = forms.DateField(
        label="What ran at the end of",
        validators=[MinValueValidator(date(1970, 1, 1)), MaxValueValidator(date(2999, 12, 31))],
        widget=forms.DateInput(attrs={"type": "date", "class": "input"}),
    )

    def clean_on(self) -> date:
        """Refuse a day of which nobody knows yet."""
        day: date = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise forms.ValidationError("This day is still to come: pick today or an earlier one.")
        return day

    @property
    def end(self) -> datetime | None:
        """When the day ends where the organization is; None when no day was given."""
        if not self.is_valid():
            return None
        return timezone.make_aware(datetime.combine(self.cleaned_data["on"], time.max))


@require_safe
@portal
def environment_snapshots(request: PortalRequest, uid: UUID) -> HttpResponse:
    """What was seen running when, newest first; with `from` and `to` also the difference of two.

    With `on`, a day, it leads to the last snapshot of that day or before.
    """
    environment = seen(Environment.objects.for_list, request, uid=uid)
    day = DayForm(request.GET if "on" in request.GET else None)
    if day.end is not None:
        ran = Snapshot.objects.visible_to(request.actor).as_of(environment, day.end)
        if ran is not None:
            page = reverse("compliance:snapshot", args=[ran.uid])
            return redirect(f"{page}?on={day.cleaned_data['on']:%Y-%m-%d}")
        day.add_error("on", "Nothing had been reported by then.")
    snapshots = Snapshot.objects.visible_to(request.actor).filter(environment=environment).order_by("-index")
    found = SnapshotFilter(request.GET, queryset=snapshots, request=request)
    baseline = _baseline(request, environment)
    context = {
        "environment": environment,
        "filter": found,
        "page": keyset_page(found.qs, request),
        "day": day,
        "baseline": baseline,
        "compared": _compared(request, environment),
        "path": f"/api/v1/environments/{environment.uid}/snapshots",
    }
    return render_page(request, "compliance/environment_snapshots.html", context, partial="rows")


@require_safe
@portal
def snapshot_page(request: PortalRequest, uid: UUID) -> HttpResponse:
    """One snapshot: what ran, and what it changed; with `on`, that it was the newest at the end of that day."""
    snapshot = _snapshot(request, uid)
    environment = snapshot.environment
    page = keyset_page(RunningArtifact.objects.filter(snapshot=snapshot).order_by("name"), request)
    known = known_of(request.actor, environment, [(each.name, each.tag, each.digest) for each in page])
    before = Snapshot.objects.filter(environment=environment, index=snapshot.index - 1).first()
    baseline = _baseline(request, environment)
    is_baseline = baseline is not None and baseline.snapshot_id == snapshot.pk
    context = {
        "snapshot": snapshot,
        "environment": environment,
        "page": page,
        "rows": [_row(each, known) for each in page],
        "before": before,
        "is_baseline": is_baseline,
        "is_latest": snapshot.index == environment.snapshot_index,
        "looked_back": _looked_back(request, snapshot),
        "may_approve": not is_baseline and request.actor.may(APPROVE, environment),
        **_difference(request, environment, before, snapshot),
    }
    return render_page(request, "compliance/snapshot.html", context, partial="rows")


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def snapshot_approve(request: PortalRequest, uid: UUID) -> HttpResponse:
    """Say that this is what should run, having seen what that changes."""
    snapshot = _snapshot(request, uid)
    environment = snapshot.environment
    require(request.actor, APPROVE, environment)
    form = BaselineForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        approve_baseline(
            actor=request.actor,
            environment=environment,
            snapshot=snapshot,
            approved_by=str(request.actor.user),
            description=form.cleaned_data["description"] or None,
        )
        messages.success(request, f"Snapshot {snapshot} is the baseline of {environment} now.")
        return redirect("catalog:environment", uid=environment.uid)
    baseline = _baseline(request, environment)
    context = {
        "snapshot": snapshot,
        "environment": environment,
        "baseline": baseline,
        "form": form,
        **_difference(request, environment, baseline.snapshot if baseline else None, snapshot),
    }
    return render_page(request, "compliance/snapshot_approve.html", context, status=422 if form.is_bound else 200)


def _snapshot(request: PortalRequest, uid: UUID) -> Snapshot:
    snapshots = Snapshot.objects.visible_to(request.actor).select_related("environment__organization")
    environments = Environment.objects.visible_to(request.actor)
    return get_object_or_404(snapshots.filter(environment__in=environments), uid=uid)


def _looked_back(request: PortalRequest, snapshot: Snapshot) -> dict[str, str] | None:
    """What to say when somebody asked for a day and `snapshot` was the newest at its end; None when it wasn't."""
    day = DayForm(request.GET if "on" in request.GET else None)
    if day.end is None or snapshot.created_at > day.end:
        return None
    later = Snapshot.objects.filter(environment=snapshot.environment, index=snapshot.index + 1)
    if later.filter(created_at__lte=day.end).exists():
        return None
    on = date_format(day.cleaned_data["on"], "j F Y")
    seen = moments.exact(timezone.localtime(snapshot.created_at), timezone.localtime())
    zone = timezone.get_current_timezone_name()
    return {
        "title": f"This ran on {on} (end of day, {zone}).",
        "text": f"The snapshot of {seen} was the newest then.",
    }


def _baseline(request: PortalRequest, environment: Environment) -> EnvironmentBaseline | None:
    baselines = EnvironmentBaseline.objects.visible_to(request.actor).filter(environment=environment, is_active=True)
    return baselines.select_related("snapshot").first()


def _difference(
    request: PortalRequest, environment: Environment, one: Snapshot | None, other: Snapshot
) -> dict[str, Any]:
    """What `components/diff.html` needs to draw how `one` became `other`."""
    diff = diff_snapshots(one, other)
    changes = known_of_diff(request.actor, environment, diff).changes(diff, LINES)
    return {"changes": changes, "more": len(diff.changes) - len(changes), "unchanged": len(diff.unchanged)}


def _compared(request: PortalRequest, environment: Environment) -> dict[str, Any] | None:
    """The difference that is asked for, or why there is none; None when nobody asks."""
    asked = {name: request.GET.get(name, "") for name in ("from", "to")}
    if not any(asked.values()):
        return None
    indexes = [int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0 for text in asked.values()]
    found = {
        each.index: each
        for each in Snapshot.objects.visible_to(request.actor).filter(environment=environment, index__in=indexes)
    }
    missing = [text for text, index in zip(asked.values(), indexes, strict=True) if index not in found]
    context = {"from": asked["from"], "to": asked["to"]}
    if not all(asked.values()):
        return context | {"problem": "Pick two snapshots."}
    if missing:
        return context | {"problem": f"There is no snapshot {' and no snapshot '.join(missing)}."}
    one, other = (found[index] for index in indexes)
    return context | {"one": one, "other": other, **_difference(request, environment, one, other)}


def _row(artifact: RunningArtifact, known: Known) -> dict[str, Any]:
    near = known.near_miss(artifact.name, artifact.tag, artifact.digest)
    return {"seen": artifact, "build": known.builds.get(artifact.digest), "near": near}
