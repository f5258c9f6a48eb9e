"""Notification rules: the list, one with what it sent, its editor and its test."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.actors import require
from catalog.forms import is_current, refusals_on
from catalog.middleware import PortalRequest
from catalog.views.access import editing, hold_posted, portal
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from catalog.views.settings.confirming import confirmed, form_page
from integrations.filters import RuleFilter
from integrations.forms import RuleForm
from integrations.models import NotificationRule
from integrations.services.notification_rules import (
    create_notification_rule,
    delete_notification_rule,
    try_notification_rule,
    update_notification_rule,
)
from integrations.services.rule_config import masked_config
from integrations.views.delivery import sent_to

UPDATE = "organization:notification_rule:update"


@require_safe
@portal
def rule_list(request: PortalRequest) -> HttpResponse:
    """The rules, the newest first."""
    require(request.actor, "organization:notification_rule:read")
    mine = NotificationRule.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    found = RuleFilter(request.GET, queryset=mine.for_list(), request=request)
    context = {"filter": found, "page": keyset_page(found.qs, request)}
    return render_page(request, "integrations/rules.html", context, partial="rows")


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def rule_new(request: PortalRequest) -> HttpResponse:
    """Make a rule."""
    require(request.actor, "organization:notification_rule:create")
    form = RuleForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            said, config = form.values()
            rule = create_notification_rule(actor=request.actor, config=config, **said)
            messages.success(request, "The rule is there. Send a test to see whether it arrives.")
            return redirect("integrations:notification-rule", uid=rule.uid)
    back = reverse("integrations:notification-rules")
    return form_page(request, form, title="New notification rule", verb="Make the rule", back=back)


@require_safe
@portal
def rule_page(request: PortalRequest, uid: str) -> HttpResponse:
    """One rule and what it sent, the newest first."""
    rule = _rule(request, uid)
    may_change = request.actor.may(UPDATE, rule)
    context = {"rule": rule, "config": masked_config(rule), "may_change": may_change} | sent_to(request, rule=rule)
    return render_page(request, "integrations/rule.html", context, partial="rows")


@require_http_methods(["GET", "HEAD", "POST"])
@portal
@editing
def rule_edit(request: PortalRequest, uid: str) -> HttpResponse:
    """Change a rule."""
    rule = _rule(request, uid)
    require(request.actor, UPDATE, rule)
    hold_posted(request, rule)
    form = RuleForm(request.POST if request.method == "POST" else None, actor=request.actor, rule=rule)
    back = reverse("integrations:notification-rule", args=[rule.uid])
    if form.is_bound and form.is_valid() and is_current(form):
        with refusals_on(form):
            said, config = form.values()
            update_notification_rule(actor=request.actor, rule=rule, config=config, **said)
            messages.success(request, "Saved.")
            return redirect(back)
    return form_page(
        request,
        form,
        title=f"Change {rule}",
        verb="Save",
        back=back,
        delete=("integrations:notification-rule-delete", rule),
    )


@require_POST
@portal
def rule_test(request: PortalRequest, uid: str) -> HttpResponse:
    """Have this rule, and no other, send a test."""
    rule = _rule(request, uid)
    try_notification_rule(actor=request.actor, rule=rule)
    messages.success(request, "A test is on its way. Load this page again to see how it went.")
    return redirect("integrations:notification-rule", uid=rule.uid)


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def rule_delete(request: PortalRequest, uid: str) -> HttpResponse:
    """Delete a rule."""
    rule = _rule(request, uid)
    require(request.actor, "organization:notification_rule:delete", rule)
    return confirmed(
        request,
        lambda: delete_notification_rule(actor=request.actor, rule=rule),
        title=f"Delete the rule {rule}?",
        text="It sends nothing more, and the history of what it sent goes with it.",
        verb="Delete",
        back=reverse("integrations:notification-rules"),
        done=f"The rule {rule} is deleted.",
    )


def _rule(request: PortalRequest, uid: str) -> NotificationRule:
    mine = NotificationRule.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    return get_object_or_404(mine.for_list(), uid=uid)
