"""Who belongs to the organization, and who is asked to."""

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from catalog.actors import require
from catalog.forms import is_current, refusals_on
from catalog.mail import send_invitation, send_notice
from catalog.middleware import PortalRequest
from catalog.models import Invitation, Membership
from catalog.services.invitations import invite_member, resend_invitation, withdraw_invitation
from catalog.services.people import change_member_role, remove_member
from catalog.services.second_factor import remove_second_factor
from catalog.settings_filters import MemberFilter
from catalog.settings_forms import InviteForm, RoleChoice
from catalog.views.access import editing, hold_posted, portal
from catalog.views.invitation import invitation_link
from catalog.views.once import show_once
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from catalog.views.settings.confirming import confirmed, form_page

READ = "organization:member:read"
PENDING = 100


@require_safe
@portal
def member_list(request: PortalRequest) -> HttpResponse:
    """The members, and invitations nobody answered yet."""
    require(request.actor, READ)
    factor = Authenticator.objects.filter(user=OuterRef("user"), type=Authenticator.Type.TOTP)
    members = Membership.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    rows = members.select_related("user", "role").annotate(has_factor=Exists(factor)).order_by("user__name", "pk")
    found = MemberFilter(request.GET, queryset=rows, request=request)
    invited = Invitation.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    context = {
        "filter": found,
        "page": keyset_page(found.qs, request),
        "invitations": invited.filter(state=Invitation.State.PENDING)
        .select_related("role")
        .order_by("email")[:PENDING],
    }
    return render_page(request, "catalog/settings/members.html", context, partial="rows")


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def member_invite(request: PortalRequest) -> HttpResponse:
    """Invite somebody; the link is mailed, and shown once to whoever invites."""
    require(request.actor, "organization:member:create")
    form = InviteForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            return _invited(request, *invite_member(actor=request.actor, **form.cleaned_data))
    return form_page(request, form, title="Invite somebody", verb="Invite", back=reverse("catalog:members"))


@require_http_methods(["POST"])
@portal
def invitation_resend(request: PortalRequest, uid: str) -> HttpResponse:
    """Another link, another week."""
    return _invited(request, *resend_invitation(actor=request.actor, invitation=_invitation(request, uid)))


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def invitation_withdraw(request: PortalRequest, uid: str) -> HttpResponse:
    """Take an invitation back."""
    invitation = _invitation(request, uid)
    require(request.actor, "organization:member:delete", invitation)
    return confirmed(
        request,
        lambda: withdraw_invitation(actor=request.actor, invitation=invitation),
        title=f"Take back the invitation of {invitation.email}?",
        text="Its link opens nothing any more.",
        verb="Take it back",
        back=reverse("catalog:members"),
        done=f"{invitation.email} is not invited any more.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@portal
@editing
def member_page(request: PortalRequest, uid: str) -> HttpResponse:
    """One member, and their role."""
    member = _member(request, uid)
    hold_posted(request, member)
    form = RoleChoice(
        request.POST if request.method == "POST" else None, actor=request.actor, initial={"role": member.role_id}
    )
    if form.is_bound and form.is_valid() and is_current(form):
        with refusals_on(form):
            change_member_role(actor=request.actor, membership=member, **form.cleaned_data)
            messages.success(request, f"{member.user} is {form.cleaned_data['role']} now.")
            return redirect("catalog:members")
    factor = Authenticator.objects.filter(user=member.user, type=Authenticator.Type.TOTP).exists()
    context = {"member": member, "form": form, "factor": factor, "teams": _teams(member)}
    return render_page(request, "catalog/settings/member.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def member_remove(request: PortalRequest, uid: str) -> HttpResponse:
    """Take somebody out of the organization."""
    member = _member(request, uid)
    require(request.actor, "organization:member:delete", member)
    return confirmed(
        request,
        lambda: remove_member(actor=request.actor, membership=member),
        title=f"Remove {member.user}?",
        text=f"They leave {member.organization} and its teams, and their API keys for it open nothing any more. "
        "What they did stays in the history.",
        verb="Remove",
        back=reverse("catalog:members"),
        done=f"{member.user} is no member any more.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@portal
def member_second_factor(request: PortalRequest, uid: str) -> HttpResponse:
    """Take a lost second factor away."""
    member = _member(request, uid)
    require(request.actor, "organization:member:update", member)
    return confirmed(
        request,
        lambda: _remove_second_factor(request, member),
        title=f"Remove the second factor of {member.user}?",
        text="For somebody who lost phone and recovery codes. Make sure that it is them who asks.",
        verb="Remove it",
        back=reverse("catalog:member", args=[member.uid]),
        done=f"{member.user} signs in with the password alone until they set up another.",
    )


def _remove_second_factor(request: PortalRequest, member: Membership) -> None:
    if remove_second_factor(actor=request.actor, membership=member):
        send_notice(member.user, "Your second factor was removed", by=request.actor.label)


def _invited(request: PortalRequest, invitation: Invitation, token: str) -> HttpResponse:
    link = invitation_link(request, token)
    context = {"invitation": invitation, "link": link, "sent": send_invitation(invitation, link)}
    return show_once(request, render_page(request, "catalog/settings/invited.html", context))


def _invitation(request: PortalRequest, uid: str) -> Invitation:
    mine = Invitation.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    return get_object_or_404(mine.select_related("organization", "role"), uid=uid)


def _member(request: PortalRequest, uid: str) -> Membership:
    mine = Membership.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    return get_object_or_404(mine.select_related("user", "role", "organization"), uid=uid)


def _teams(member: Membership) -> list[str]:
    return [each.name for each in member.user.teams.filter(organization=member.organization)]
