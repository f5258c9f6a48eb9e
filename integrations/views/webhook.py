"""Webhooks: the list, one with what was sent to it, and the forms that change it. A secret is shown once."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.actors import require
from catalog.forms import is_current, refusals_on
from catalog.middleware import PortalRequest
from catalog.views.access import editing, hold_posted, portal
from catalog.views.once import show_once
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from catalog.views.settings.confirming import confirmed, form_page
from integrations.filters import WebhookFilter
from integrations.forms import WebhookForm
from integrations.models import Webhook
from integrations.services.webhooks import create_webhook, delete_webhook, rotate_secret, try_webhook, update_webhook
from integrations.views.delivery import sent_to

UPDATE = "organization:webhook:update"


@require_safe
@portal
def webhook_list(request: PortalRequest) -> HttpResponse:
    """The webhooks."""
    require(request.actor, "organization:webhook:read")
    mine = Webhook.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    found = WebhookFilter(request.GET, queryset=mine, request=request)
    context = {"filter": found, "page": keyset_page(found.qs, request)}
    return render_page(request, "integrations/webhooks.html", context, partial="rows")


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def webhook_new(request: PortalRequest) -> HttpResponse:
    """Make a webhook; its secret is on the page this leads to, once, and nowhere else."""
    require(request.actor, "organization:webhook:create")
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            return _shown(request, *create_webhook(actor=request.actor, **form.cleaned_data))
    back = reverse("integrations:webhooks")
    return form_page(request, form, title="New webhook", verb="Make the webhook", back=back)


@require_safe
@portal
def webhook_page(request: PortalRequest, uid: str) -> HttpResponse:
    """One webhook and what was sent to it, the newest first."""
    webhook = _webhook(request, uid)
    context = {"webhook": webhook, "may_change": request.actor.may(UPDATE, webhook)} | sent_to(request, webhook=webhook)
    return render_page(request, "integrations/webhook.html", context, partial="rows")


@require_http_methods(["GET", "HEAD", "POST"])
@portal
@editing
def webhook_edit(request: PortalRequest, uid: str) -> HttpResponse:
    """Change a webhook."""
    webhook = _webhook(request, uid)
    require(request.actor, UPDATE, webhook)
    hold_posted(request, webhook)
    now = {name: getattr(webhook, name) for name in ("name", "url", "kinds", "is_active")}
    form = WebhookForm(request.POST if request.method == "POST" else None, initial=now)
    back = reverse("integrations:webhook", args=[webhook.uid])
    if form.is_bound and form.is_valid() and is_current(form):
        with refusals_on(form):
            update_webhook(actor=request.actor, webhook=webhook, **form.cleaned_data)
            messages.success(request, "Saved.")
            return redirect(back)
    return form_page(
        request,
        form,
        title=f"Change {webhook}",
        verb="Save",
        back=back,
        delete=("integrations:webhook-delete", webhook),
    )


@require_POST
@portal
def webhook_test(request: PortalRequest, uid: str) -> HttpResponse:
    """Send it one message, now."""
    webhook = _webhook(request, uid)
    try_webhook(actor=request.actor, webhook=webhook)
    messages.success(request, "A test is on its way. Load this page again to see how it went.")
    return redirect("integrations:webhook", uid=webhook.uid)


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def webhook_rotate(request: PortalRequest, uid: str) -> HttpResponse:
    """Give it a new secret; the old one signs too for a day."""
    webhook = _webhook(request, uid)
    require(request.actor, UPDATE, webhook)
    if request.method == "POST":
        return _shown(request, *rotate_secret(actor=request.actor, webhook=webhook))
    return confirmed(
        request,
        lambda: None,
        title=f"Rotate the secret of {webhook}?",
        text="You get a new secret. For 24 hours each message is signed with both, so the receiver can change over.",
        verb="Rotate",
        back=reverse("integrations:webhook", args=[webhook.uid]),
        done="",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def webhook_delete(request: PortalRequest, uid: str) -> HttpResponse:
    """Delete a webhook."""
    webhook = _webhook(request, uid)
    require(request.actor, "organization:webhook:delete", webhook)
    return confirmed(
        request,
        lambda: delete_webhook(actor=request.actor, webhook=webhook),
        title=f"Delete the webhook {webhook}?",
        text="Nothing more is sent to it, and what was sent goes with it.",
        verb="Delete",
        back=reverse("integrations:webhooks"),
        done=f"The webhook {webhook} is deleted.",
    )


def _shown(request: PortalRequest, webhook: Webhook, secret: str) -> HttpResponse:
    context = {"webhook": webhook, "secret": secret}
    return show_once(request, render_page(request, "integrations/webhook_secret.html", context))


def _webhook(request: PortalRequest, uid: str) -> Webhook:
    mine = Webhook.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    return get_object_or_404(mine.select_related("organization"), uid=uid)
