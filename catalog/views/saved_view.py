"""Saved views: keeping the filters of a list under a name, and forgetting them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from catalog.filters import CURSORS, PortalFilter
from catalog.forms import refusals_on
from catalog.middleware import PortalRequest
from catalog.models import SavedView
from catalog.prepared import prepared
from catalog.services.saved_views import SHARE, remove_view, save_view
from catalog.views.access import portal
from catalog.views.rendering import render_page
from catalog.views.settings.confirming import confirmed

SHOWN = 40
SALT = "catalog.saved_view"  # only what a list offered can be saved


class SavedViewForm(forms.ModelForm):
    """What a view is called, and who has it."""

    class Meta:
        model = SavedView
        fields = ["name", "is_shared"]
        labels = {"is_shared": "Share it with everybody in the organization"}


def offer(request: PortalRequest, found: PortalFilter) -> str:
    """The list as it is filtered now, and that in words, signed, for the page that saves it."""
    said = ", ".join(f"{chip.label}: {chip.value}" for chip in found.chips)
    return signing.dumps([request.path, _filters(request), said], salt=SALT, compress=True)


def views_of(request: PortalRequest) -> list[SavedView]:
    """The saved views of the list at hand, with whether each is one's own and the one that is shown. One query."""
    shown = _filters(request)
    found: list[Any] = _offered(request)
    for view in found:
        view.is_own, view.is_current = view.owner_id == request.user.pk, view.query == shown
    return found


def _offered(request: PortalRequest) -> list[SavedView]:
    actor, path = request.actor, request.path
    if actor.narrowed(SavedView, "organization:saved_view:read"):
        views = SavedView.objects.offered_to(actor).filter(path=path).select_related("owner")
        return list(views[:SHOWN])
    return _all_offered(path=path, organization=actor.organization_id, owner=request.user.pk)


@prepared
def _all_offered(*, path: str, organization: int, owner: int) -> QuerySet[SavedView]:
    """What is offered to whoever may read all that is shared."""
    views = SavedView.objects.filter(Q(owner=owner) | Q(is_shared=True), path=path, organization=organization)
    return views.select_related("owner")[:SHOWN]


def _filters(request: PortalRequest) -> str:
    query = request.GET.copy()
    for name in (*CURSORS, "export"):
        query.pop(name, None)
    return query.urlencode()


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def saved_view_new(request: PortalRequest) -> HttpResponse:
    """Save the filters of the list that led here."""
    try:
        path, query, said = signing.loads(request.GET.get("of", ""), salt=SALT)
    except (signing.BadSignature, ValueError):
        raise Http404("No list leads here.") from None
    form = SavedViewForm(request.POST if request.method == "POST" else None)
    if not request.actor.may(SHARE):
        del form.fields["is_shared"]
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            view = save_view(actor=request.actor, path=path, query=query, **form.cleaned_data)
            messages.success(request, f"Saved as {view}.")
            return HttpResponseRedirect(view.url)
    context: dict[str, Any] = {"form": form, "back": f"{path}?{query}", "set": said}
    return render_page(request, "catalog/saved_view.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def saved_view_remove(request: PortalRequest, uid: str) -> HttpResponse:
    """Forget a view."""
    view = get_object_or_404(SavedView.objects.offered_to(request.actor).select_related("owner"), uid=uid)
    return confirmed(
        request,
        lambda: remove_view(actor=request.actor, view=view),
        title=f"Remove the view {view}?",
        text="Everybody in the organization loses it." if view.is_shared else "The list itself stays as it is.",
        verb="Remove",
        back=view.url,
        done=f"The view {view} is removed.",
    )
