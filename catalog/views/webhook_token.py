"""Phaset webhook tokens: the organization's, and on a component's page with the calls they are for."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from catalog import commands
from catalog.actors import require
from catalog.forms import refusals_on
from catalog.middleware import PortalRequest
from catalog.models import Component, WebhookToken
from catalog.services.keys import issue_webhook_token, revoke, rotate_webhook_token
from catalog.settings_filters import WebhookTokenFilter
from catalog.token_forms import RotationForm, WebhookTokenForm, component_of, ends_at
from catalog.views.access import portal, seen
from catalog.views.once import show_once
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from catalog.views.settings.confirming import confirmed, form_page

LIST = "catalog:webhook-tokens"
CREATE, REVOKE = "organization:webhook_token:create", "organization:webhook_token:revoke"
SHOWN = 20  # tokens on a component's page


@require_safe
@portal
def webhook_token_list(request: PortalRequest) -> HttpResponse:
    """All of the organization's tokens, newest first; never their text."""
    tokens = WebhookToken.objects.visible_to(request.actor).select_related("component")
    found = WebhookTokenFilter(request.GET, queryset=tokens.order_by("-created_at"), request=request)
    page = keyset_page(found.qs, request)
    context = {"filter": found, "page": page, "organization": request.actor.organization} | _rights(request)
    return render_page(request, "catalog/webhook_tokens.html", context, partial="rows")


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def webhook_token_new(request: PortalRequest) -> HttpResponse:
    """Make a token; its text is on the page this leads to, once, and nowhere else."""
    record_id = request.GET.get("record", "")
    if request.method != "POST":
        require(request.actor, CREATE, component_of(request.actor, record_id) if record_id else None)
    form = WebhookTokenForm(request.POST or None, initial={"record": record_id}, actor=request.actor)
    if form.is_valid():
        said = form.cleaned_data
        require(request.actor, CREATE, said["record"])
        with refusals_on(form):
            token, text = issue_webhook_token(
                actor=request.actor, label=said["label"], component=said["record"], expires_at=ends_at(said["ttl"])
            )
            return _issued(request, token, text)
    return form_page(request, form, title="New webhook token", verb="Make the token", back=reverse(LIST))


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def webhook_token_rotate(request: PortalRequest, uid: str) -> HttpResponse:
    """Make a token's successor, and let the token itself run out."""
    token = _token(request, uid)
    require(request.actor, CREATE, token.component)
    form = RotationForm(request.POST or None)
    if form.is_valid():
        grace = timedelta(hours=int(form.cleaned_data["grace"]))
        return _issued(request, *rotate_webhook_token(actor=request.actor, token=token, grace=grace))
    return form_page(request, form, title=f"Rotate {token}", verb="Make the new token", back=_home_of(token))


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def webhook_token_revoke(request: PortalRequest, uid: str) -> HttpResponse:
    """End a token now."""
    token = _token(request, uid)
    require(request.actor, REVOKE, token)
    return confirmed(
        request,
        lambda: revoke(actor=request.actor, secret=token),
        title=f"Revoke {token}?",
        text="Whatever reports with it is refused from then on, and it can't be brought back.",
        verb="Revoke",
        back=_home_of(token),
        done=f"{token} is revoked.",
    )


@require_safe
@portal
def component_integration(request: PortalRequest, uid: str) -> HttpResponse:
    """What a component's CI needs: ids, calls and the tokens that open them."""
    component = seen(Component.objects.for_page, request, uid=uid)
    tokens = WebhookToken.objects.visible_to(request.actor).filter(organization=component.organization_id)
    rows = list(tokens.filter(component=component).select_related("component")[: SHOWN + 1])
    others = tokens.filter(component=None).count()
    context = {
        "component": component,
        "tokens": rows[:SHOWN],
        "more": len(rows) > SHOWN,
        "others": others,
        "pipeline": pipeline(request, component),
        "endpoint": request.build_absolute_uri("/integration"),
    }
    return render_page(request, "catalog/component_integration.html", context | _rights(request, component))


def component_tabs(request: PortalRequest, component: Component) -> str:
    """The component's own tabs."""
    return render_to_string("catalog/panels/component_tabs.html", {"component": component}, request=request)


def pipeline(request: PortalRequest, component: Component) -> str:
    """The steps of a pipeline that reports everything, for this host; the token stays a variable."""
    ids = f"{component.organization.public_id}/{component.record_id}"
    baselines = f"{component.organization.public_id}/{_baseline(component)}/{component.record_id}"
    calls = {noun: _call(request, noun, ids) for noun in ("record", "standards", "event")}
    return "\n".join(
        [
            "# What the software is",
            f"curl --fail-with-body -d @phaset.manifest.json {calls['record']}",
            "# What its repository holds, by the baseline of the organization",
            f"curl --fail-with-body -o standardlint.json {_call(request, 'baselines', baselines)}",
            "npx standardlint",
            f"curl --fail-with-body -d @standardlint.results.json {calls['standards']}",
            "# What was changed and deployed",
            f"""curl --fail-with-body -d '{{"event": "change", "commitSha": "'$COMMIT'"}}' {calls["event"]}""",
            f"""curl --fail-with-body -d '{{"event": "deployment", "commitSha": "'$COMMIT'"}}' {calls["event"]}""",
        ]
    )


def _call(request: PortalRequest, noun: str, ids: str) -> str:
    return f'"{request.build_absolute_uri(f"/integration/{noun}/{ids}")}/{commands.TOKEN}"'


def _baseline(component: Component) -> str:
    return str(component.references.get("baseline") or "default")


def _issued(request: PortalRequest, token: WebhookToken, text: str) -> HttpResponse:
    context = {"token": token, "text": text, "back": _home_of(token)}
    return show_once(request, render_page(request, "catalog/webhook_token_issued.html", context))


def _token(request: PortalRequest, uid: str) -> WebhookToken:
    tokens = WebhookToken.objects.visible_to(request.actor).select_related("component")
    return get_object_or_404(tokens, uid=uid)


def _home_of(token: WebhookToken) -> str:
    """The page that lists a token: its component's, or the organization's."""
    return reverse("catalog:component-integration", args=[token.component.uid]) if token.component else reverse(LIST)


def _rights(request: PortalRequest, component: Component | None = None) -> dict[str, Any]:
    may = request.actor.may
    return {
        "may_create": may(CREATE, component),
        "may_revoke": may(REVOKE, component),
    }
