"""The allow-list of an environment: the card on its page, the whole list, adding and removing with a reason."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from catalog.actors import require
from catalog.middleware import PortalRequest
from catalog.models import Environment
from catalog.views.access import portal, seen
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from compliance.digests import is_sha256
from compliance.filters import AllowlistFilter
from compliance.models import AllowlistEntry
from compliance.services.allowlist import add_to_allowlist, remove_from_allowlist
from compliance.views.environment import overview
from config.errors import Conflict

SHOWN = 6  # entries of the card
READ, ADD, REMOVE = (f"organization:allowlist:{verb}" for verb in ("read", "create", "delete"))


class AllowlistForm(forms.Form):
    """What may run although nothing approved it."""

    digest = forms.CharField(max_length=255, required=False, help_text="sha256:… as a snapshot shows it.")
    name_pattern = forms.CharField(
        label="Name pattern",
        max_length=512,
        required=False,
        help_text="A regular expression found anywhere in an artifact's name. With a digest, both must fit.",
    )
    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), label="Why")
    until = forms.DateField(
        label="Until the end of",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: until somebody removes it.",
    )

    def clean_digest(self) -> str:
        """Refuse a SHA-256 that is none; other kinds of digests are taken as they are."""
        said: str = self.cleaned_data["digest"]
        if said.lower().startswith("sha256:") and not is_sha256(said):
            raise forms.ValidationError("A SHA-256 digest is sha256: and 64 hexadecimal digits.")
        return said

    def clean(self) -> dict[str, Any]:
        """Something must be named, and it must not be over already."""
        said = super().clean() or {}
        if not (self.errors or said["digest"] or said["name_pattern"]):
            self.add_error("digest", "Name a digest or a pattern of names.")
        if said.get("until"):
            said["expires_at"] = timezone.make_aware(datetime.combine(said["until"], time.max))
            if said["expires_at"] <= timezone.now():
                self.add_error("until", "This day is over.")
        return said


class RemovalForm(forms.Form):
    """Why an artifact may not run any more."""

    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), label="Why")


def allowlist_panel(request: PortalRequest, environment: Environment) -> str:
    """What is allow-listed now, and the way to allow more."""
    found = overview(request, environment).allowlist if request.actor.may(READ, environment) else ()
    may = request.actor.may(ADD, environment)
    if not found and not may:
        return ""
    context = {"environment": environment, "entries": found[:SHOWN], "more": len(found) > SHOWN, "may": may}
    return render_to_string("compliance/panels/environment_allowlist.html", context, request=request)


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def allowlist_page(request: PortalRequest, uid: UUID) -> HttpResponse:
    """All entries, newest first, and the form that adds one."""
    environment = seen(Environment.objects.for_list, request, uid=uid)
    require(request.actor, READ if request.method != "POST" else ADD, environment)
    wanted = {name: request.GET.get(name, "")[:512] for name in ("digest", "name_pattern")}
    form = AllowlistForm(request.POST if request.method == "POST" else None, initial=wanted)
    if form.is_valid():
        said = {name: value for name, value in form.cleaned_data.items() if name != "until"}
        try:
            add_to_allowlist(actor=request.actor, environment=environment, approved_by=str(request.actor.user), **said)
        except Conflict as full:
            form.add_error(None, full.message)
        except forms.ValidationError as refused:
            form.add_error(None, refused)
        else:
            messages.success(request, f"Allow-listed in {environment}.")
            return redirect("compliance:allowlist", uid=environment.uid)
    entries = AllowlistEntry.objects.visible_to(request.actor).filter(environment=environment)
    now = timezone.now()
    found = AllowlistFilter(request.GET, queryset=entries.order_by("-created_at"), request=request)
    page = keyset_page(found.qs, request)
    for entry in page:
        entry.counts = entry.is_effective(now)
    context = {
        "environment": environment,
        "filter": found,
        "page": page,
        "form": form if request.actor.may(ADD, environment) else None,
        "may_remove": request.actor.may(REMOVE, environment),
        "path": f"/api/v1/environments/{environment.uid}/allowlist",
    }
    return render_page(request, "compliance/allowlist.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def allowlist_remove(request: PortalRequest, uid: UUID) -> HttpResponse:
    """Take one entry back, saying why."""
    rows = AllowlistEntry.objects.visible_to(request.actor).select_related("environment__organization")
    entry = get_object_or_404(rows, uid=uid)
    require(request.actor, REMOVE, entry)
    form = RemovalForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            remove_from_allowlist(actor=request.actor, entry=entry, reason=form.cleaned_data["reason"])
        except Conflict as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, f"{entry} is allow-listed no more.")
        return redirect("compliance:allowlist", uid=entry.environment.uid)
    context = {"entry": entry, "environment": entry.environment, "form": form}
    return render_page(request, "compliance/allowlist_remove.html", context, status=422 if form.is_bound else 200)
