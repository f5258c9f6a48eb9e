"""Teams: who is in them, and what their role lets them do with what they own."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from catalog.actors import require
from catalog.forms import is_current, refusals_on
from catalog.middleware import PortalRequest
from catalog.models import Team
from catalog.services.groups import create_team, delete_team, update_team
from catalog.settings_filters import TeamFilter
from catalog.settings_forms import TeamForm
from catalog.views.access import editing, hold_posted, portal
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from catalog.views.settings.confirming import confirmed, form_page


@require_safe
@portal
def team_list(request: PortalRequest) -> HttpResponse:
    """The teams."""
    require(request.actor, "organization:team:read")
    teams = Team.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    rows = teams.select_related("role").annotate(
        people=Count("members", distinct=True), owned=Count("components", distinct=True)
    )
    found = TeamFilter(request.GET, queryset=rows.order_by("name", "pk"), request=request)
    context = {"filter": found, "page": keyset_page(found.qs, request)}
    return render_page(request, "catalog/settings/teams.html", context, partial="rows")


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def team_new(request: PortalRequest) -> HttpResponse:
    """Make a team."""
    require(request.actor, "organization:team:create")
    form = TeamForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            create_team(actor=request.actor, **form.cleaned_data)
            messages.success(request, "The team is there.")
            return redirect("catalog:teams")
    return form_page(request, form, title="New team", verb="Make the team", back=reverse("catalog:teams"))


@require_http_methods(["GET", "HEAD", "POST"])
@portal
@editing
def team_page(request: PortalRequest, uid: str) -> HttpResponse:
    """One team."""
    team = _team(request, uid)
    require(request.actor, "organization:team:update", team)
    hold_posted(request, team)
    now = {"name": team.name, "role": team.role_id, "members": team.members.all()}
    form = TeamForm(request.POST if request.method == "POST" else None, actor=request.actor, team=team, initial=now)
    if form.is_bound and form.is_valid() and is_current(form):
        with refusals_on(form):
            update_team(actor=request.actor, team=team, **form.cleaned_data)
            messages.success(request, "Saved.")
            return redirect("catalog:teams")
    return form_page(
        request,
        form,
        title=team.name,
        thing=team,
        verb="Save",
        back=reverse("catalog:teams"),
        delete=("catalog:team-delete", team),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def team_delete(request: PortalRequest, uid: str) -> HttpResponse:
    """Delete a team."""
    team = _team(request, uid)
    require(request.actor, "organization:team:delete", team)
    owned = team.components.count()
    return confirmed(
        request,
        lambda: delete_team(actor=request.actor, team=team),
        title=f"Delete the team {team}?",
        text=f"Its people stay members. {owned} component{'' if owned == 1 else 's'} will have no owner.",
        verb="Delete",
        back=reverse("catalog:teams"),
        done=f"The team {team} is deleted.",
    )


def _team(request: PortalRequest, uid: str) -> Team:
    teams = Team.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    return get_object_or_404(teams.select_related("role", "organization"), uid=uid)
