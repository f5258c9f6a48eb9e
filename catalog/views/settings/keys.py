"""API keys: issued and shown once, rotated, revoked."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from catalog.actors import require
from catalog.forms import refusals_on
from catalog.middleware import PortalRequest
from catalog.models import ApiKey
from catalog.services.keys import issue_api_key, revoke, rotate_api_key
from catalog.settings_filters import KeyFilter
from catalog.settings_forms import KeyForm
from catalog.views.access import portal
from catalog.views.once import show_once
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from catalog.views.settings.confirming import confirmed, form_page


@require_safe
@portal
def key_list(request: PortalRequest) -> HttpResponse:
    """The keys of the organization's people and machines, newest first."""
    require(request.actor, "organization:api_key:read")
    keys = ApiKey.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    found = KeyFilter(request.GET, queryset=keys.select_related("user", "service_account"), request=request)
    example = {"label": "my-scripts", "ownerId": str(request.user.uid), "ownerType": "USER"}
    context = {"filter": found, "page": keyset_page(found.qs, request), "example": example}
    return render_page(request, "catalog/settings/keys.html", context, partial="rows")


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def key_new(request: PortalRequest) -> HttpResponse:
    """Issue a key; its text is on the page this leads to, once, and nowhere else."""
    form = KeyForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_bound and form.is_valid():
        said: dict[str, Any] = dict(form.cleaned_data)
        machine = said.pop("owner", None)
        user = None if machine else request.actor.user
        with refusals_on(form):
            return _shown(request, *issue_api_key(actor=request.actor, user=user, service_account=machine, **said))
    return form_page(request, form, title="New API key", verb="Issue the key", back=_back(request))


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def key_rotate(request: PortalRequest, uid: str) -> HttpResponse:
    """Issue a successor; the old key lives another day."""
    key = _key(request, uid)
    if request.method == "POST":
        return _shown(request, *rotate_api_key(actor=request.actor, key=key))
    return confirmed(
        request,
        lambda: None,
        title=f"Rotate {key}?",
        text="You get a new key with the same owner, rules and time to live. The old one still works for 24 hours.",
        verb="Rotate",
        back=_back(request),
        done="",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def key_revoke(request: PortalRequest, uid: str) -> HttpResponse:
    """End a key at once."""
    key = _key(request, uid)
    if key.user_id != request.actor.user.pk:  # type: ignore[union-attr]
        require(request.actor, "organization:api_key:revoke", key)
    return confirmed(
        request,
        lambda: revoke(actor=request.actor, secret=key),
        title=f"Revoke {key}?",
        text="It opens nothing from then on, and can't be brought back.",
        verb="Revoke",
        back=_back(request),
        done=f"{key} is revoked.",
    )


def _shown(request: PortalRequest, key: ApiKey, text: str) -> HttpResponse:
    context = {"key": key, "text": text, "back": _back(request)}
    return show_once(request, render_page(request, "catalog/settings/key.html", context))


def _back(request: PortalRequest) -> str:
    return reverse("catalog:keys" if request.actor.may_somewhere("organization:api_key:read") else "catalog:profile")


def _key(request: PortalRequest, uid: str) -> ApiKey:
    """A key of one's own, or one that this person may see."""
    own = Q(user=request.user)
    keys = ApiKey.objects.filter(own | request.actor.readable(ApiKey), organization=request.actor.organization)
    return get_object_or_404(keys.select_related("user", "service_account__role", "organization"), uid=uid)
