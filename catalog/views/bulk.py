"""Changing many rows of a list: choose, say what, see what it would do, have it done, watch how far it is."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID

from django import forms
from django.core import signing
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from catalog.actors import Actor
from catalog.filters import ComponentFilter, PortalFilter
from catalog.middleware import PortalRequest
from catalog.models import BulkJob, Component, Team
from catalog.services.bulk import ACTIONS, MOST, Said, rehearse, start
from catalog.settings_filters import KeyFilter
from catalog.views.access import portal
from catalog.views.rendering import render_page
from config.errors import BadInput

PREVIEWED = 50
SALT = "catalog.bulk"
NOTHING = "Nothing, it is so already"


class Effect(NamedTuple):
    """What a change would do to one row, and why it can't be done, if so."""

    row: Any
    change: str
    refusal: str


class BulkForm(forms.Form):
    """What a change says; empty fields leave things as they are."""

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any):
        super().__init__(*args, **kwargs)

    def change(self, row: Any) -> str:
        """What becomes of a row, in words."""
        now = {name: (_shown(row, name), self._word(name)) for name in self.said()}
        told = [
            f"{self.fields[name].label or name.title()}: {old or 'not said'} → {new}"
            for name, (old, new) in now.items()
            if old != new
        ]
        return ", ".join(told) or (NOTHING if now else "Can be done")

    def _word(self, name: str) -> str:
        value = self.cleaned_data[name]
        return str(dict(getattr(self.fields[name], "choices", ())).get(value, value))

    def said(self) -> Said:
        """What was filled in, as JSON; rows by their uid."""
        return {name: str(getattr(value, "uid", value)) for name, value in self.cleaned_data.items() if value}


def _shown(row: Any, name: str) -> str:
    display = getattr(row, f"get_{name}_display", None)
    return str((display() if display else getattr(row, name)) or "")


class ComponentsForm(BulkForm):
    """Who owns components, and where they stand."""

    team = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="Leave as it is")
    lifecycle = forms.ChoiceField(choices=[("", "Leave as it is"), *Component.Lifecycle.choices], required=False)
    criticality = forms.ChoiceField(choices=[("", "Leave as it is"), *Component.Criticality.choices], required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any):
        super().__init__(*args, actor=actor, **kwargs)
        teams = Team.objects.visible_to(actor).filter(organization=actor.organization)
        cast(forms.ModelChoiceField, self.fields["team"]).queryset = teams

    def clean(self) -> dict[str, Any] | None:
        """Something must change."""
        if not self.errors and not self.said():
            raise forms.ValidationError("Say what to change.")
        return self.cleaned_data


class Kind(NamedTuple):
    """How one action is asked for in the portal."""

    title: str
    verb: str
    back: str
    form: type[BulkForm]
    filter: type[PortalFilter]


KINDS = {
    "components": Kind("Change components", "Change", "catalog:component-list", ComponentsForm, ComponentFilter),
    "keys": Kind("Revoke API keys", "Revoke", "catalog:keys", BulkForm, KeyFilter),
}


@require_POST
@portal
def bulk(request: PortalRequest, action: str) -> HttpResponse:
    """Ask what to change about the chosen rows; `preview` rehearses it, `apply` has done what was rehearsed."""
    if action not in KINDS:
        raise Http404("Nothing is done to many of these.")
    kind, uids = KINDS[action], chosen(request, action)
    asked = "preview" in request.POST or "apply" in request.POST
    form = kind.form(request.POST if asked else None, actor=request.actor)
    if not form.fields and not asked:
        form = kind.form({}, actor=request.actor)  # nothing to fill in: at once to the preview
    context: dict[str, Any] = {"kind": kind, "form": form, "uids": uids, "count": len(uids)}
    if form.is_bound and form.is_valid():
        if "apply" in request.POST and _seen(request) == form.said():
            job = start(actor=request.actor, action=action, uids=uids, said=form.said())
            return redirect("catalog:bulk-job", uid=job.uid)
        rows = list(ACTIONS[action].rows(request.actor).filter(uid__in=uids[:PREVIEWED]))
        refusals = rehearse(actor=request.actor, action=action, rows=rows, said=form.said())
        effects = [Effect(row, form.change(row), why) for row, why in zip(rows, refusals, strict=True)]
        context |= {
            "effects": effects,
            "changing": len(uids) - sum(bool(each.refusal) or each.change == NOTHING for each in effects),
            "unseen": max(0, len(uids) - PREVIEWED),
            "refused": sum(map(bool, refusals)),
            "seen": signing.dumps(form.said(), salt=SALT),
        }
    return render_page(request, "catalog/bulk.html", context, status=422 if form.errors else 200)


def _seen(request: PortalRequest) -> Said | None:
    """What the change said that was previewed; what nobody saw is previewed again, not done."""
    try:
        return signing.loads(request.POST.get("seen", ""), salt=SALT)
    except signing.BadSignature:
        return None


def chosen(request: PortalRequest, action: str) -> Sequence[UUID]:
    """The uids that were picked, or of all rows that the list's filters let through. Raises BadInput."""
    visible = ACTIONS[action].rows(request.actor)
    if "all" in request.POST:
        found = KINDS[action].filter(QueryDict(request.POST.get("query", "")), queryset=visible, request=request)
        uids = list(found.qs.values_list("uid", flat=True)[: MOST + 1])
    else:
        field = forms.UUIDField()
        try:
            wanted = [field.clean(text) for text in request.POST.getlist("pick")[: MOST + 1]]
        except forms.ValidationError:
            raise BadInput("What was chosen can't be read. Choose again in the list.") from None
        uids = list(visible.filter(uid__in=wanted).values_list("uid", flat=True))
    if not 0 < len(uids) <= MOST:
        raise BadInput(f"Choose 1 to {MOST:,} rows of the list.")
    return uids


@require_safe
@portal
def bulk_job(request: PortalRequest, uid: str) -> HttpResponse:
    """How far one's own job is; the page asks again by itself until it is finished."""
    job = get_object_or_404(BulkJob.objects.visible_to(request.actor).filter(owner=request.user), uid=uid)
    return render_page(request, "catalog/bulk_job.html", {"job": job, "kind": KINDS[job.action]}, partial="job")
