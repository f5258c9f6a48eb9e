"""Roles: those that come with Gatehouse, copies of them, and what they let somebody do."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from catalog.actors import Actor, require, rules_of, user_actor
from catalog.forms import is_current, refusals_on
from catalog.middleware import PortalRequest
from catalog.models import Membership, Role, Team
from catalog.rights import ACTIONS
from catalog.services.roles import create_role, delete_role, update_role
from catalog.settings_filters import RoleFilter
from catalog.settings_forms import RoleForm, TryForm, roles_of
from catalog.views.access import editing, hold_posted, portal
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from catalog.views.settings.confirming import confirmed

READ = "organization:role:read"


@require_safe
@portal
def role_list(request: PortalRequest) -> HttpResponse:
    """The roles."""
    require(request.actor, READ)
    counts = {
        "people": Count("memberships", distinct=True),
        "machines": Count("service_accounts", distinct=True),
        "held_by_teams": Count("teams", distinct=True),
    }
    rows = roles_of(request.actor).annotate(**counts).order_by("name", "pk")
    found = RoleFilter(request.GET, queryset=rows, request=request)
    context = {"filter": found, "page": keyset_page(found.qs, request)}
    return render_page(request, "catalog/settings/roles.html", context, partial="rows")


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def role_new(request: PortalRequest) -> HttpResponse:
    """Make a role, from nothing or as a copy of another (`?copy=`)."""
    require(request.actor, "organization:role:create")
    form = RoleForm(request.POST if request.method == "POST" else None, initial=_copied(request))
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            role = create_role(actor=request.actor, **form.cleaned_data)
            messages.success(request, f"The role {role} is there.")
            return redirect("catalog:role", uid=role.uid)
    context = {"form": form, "title": "New role", "verb": "Make the role", "actions": sorted(ACTIONS.items())}
    return render_page(request, "catalog/settings/role.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@portal
@editing
def role_page(request: PortalRequest, uid: str) -> HttpResponse:
    """One role: its rules, which only those of one's own can have changed."""
    role = _role(request, uid)
    hold_posted(request, role)
    rules = rules_of(role)
    now = {"name": role.name, "description": role.description, "rules": rules}
    form = RoleForm(request.POST if request.method == "POST" else None, initial=now)
    if form.is_bound:
        require(request.actor, "organization:role:update", role)
    if form.is_bound and form.is_valid() and is_current(form):
        with refusals_on(form):
            update_role(actor=request.actor, role=role, **form.cleaned_data)
            messages.success(request, "Saved.")
            return redirect("catalog:role", uid=role.uid)
    context = {
        "role": role,
        "rules": rules,
        "form": None if role.built_in or not request.actor.may("organization:role:update", role) else form,
        "title": role.name,
        "verb": "Save",
        "actions": sorted(ACTIONS.items()),
    }
    return render_page(request, "catalog/settings/role.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def role_delete(request: PortalRequest, uid: str) -> HttpResponse:
    """Delete a role of one's own."""
    role = _role(request, uid)
    require(request.actor, "organization:role:delete", role)
    return confirmed(
        request,
        lambda: delete_role(actor=request.actor, role=role),
        title=f"Delete the role {role}?",
        text="It must be nobody's. What was done with it stays in the history.",
        verb="Delete",
        back=reverse("catalog:roles"),
        done=f"The role {role} is deleted.",
    )


@require_safe
@portal
def role_try(request: PortalRequest) -> HttpResponse:
    """Ask what a role or a member may do, and by which rule."""
    require(request.actor, READ)
    form = TryForm(request.GET if "action" in request.GET else None, actor=request.actor, initial=request.GET.dict())
    answer = _answer(request.actor, form.cleaned_data) if form.is_bound and form.is_valid() else None
    context = {"form": form, "answer": answer, "actions": sorted(ACTIONS.items())}
    return render_page(request, "catalog/settings/try.html", context)


def _answer(actor: Actor, asked: dict[str, Any]) -> dict[str, Any]:
    """What `may` says, and why."""
    somebody, name = _somebody(actor, *asked["who"].split(":"))
    rule = somebody.why(asked["action"], asked["resource"] or None) if somebody else None
    team = Team.objects.filter(pk=rule.team).first() if rule and rule.team else None
    return {"name": name, "words": ACTIONS[asked["action"]], "rule": rule, "team": team, **asked}


def _somebody(actor: Actor, kind: str, uid: str) -> tuple[Actor | None, str]:
    """Whoever has a role, or a member, as an actor. Both were choices of the form."""
    if kind == "role":
        role = roles_of(actor).get(uid=uid)
        rules = rules_of(role)
        return Actor(
            kind="user", label=role.name, organization=actor.organization, reach=actor.reach, rules=rules
        ), role.name
    member = Membership.objects.visible_to(actor).select_related("user").get(uid=uid)
    return user_actor(member.user, actor.organization_id), str(member.user)


def _copied(request: PortalRequest) -> dict[str, Any]:
    """What a form of a new role begins with."""
    uid = request.GET.get("copy", "")
    try:
        role = roles_of(request.actor).filter(uid=uid).first() if uid else None
    except ValidationError:  # no uid at all
        role = None
    if role is None:
        return {}
    return {"name": f"{role.name} (copy)", "description": role.description, "rules": rules_of(role)}


def _role(request: PortalRequest, uid: str) -> Role:
    return get_object_or_404(roles_of(request.actor).prefetch_related("rules").select_related("organization"), uid=uid)
