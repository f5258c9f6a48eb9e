"""Members and invitations, roles, teams and the catalogue of rights (cycloid.md 2.4 to 2.6)."""

from typing import Any

from django.db.models import Count, Prefetch
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.cycloid import mapping, schemas
from catalog.api.cycloid.base import OrganizationView, found, number
from catalog.api.cycloid.lists import Column, conditions, window
from catalog.api.cycloid.words import ROLES, named, our_role
from catalog.mail import send_invitation
from catalog.models import Invitation, Membership, Role, Team, User
from catalog.prepared import those
from catalog.rights import ACTIONS
from catalog.services.invitations import (
    change_invitation_role,
    invite_member,
    resend_invitation,
    withdraw_invitation,
)
from catalog.services.people import change_member_role, remove_member
from catalog.views.invitation import invitation_link
from config.errors import BadInput, FieldError

MEMBERS = {
    "role_name": Column("role__name", "text"),
    "member_created_at": Column("created_at", "seconds"),
    "user_created_at": Column("user__created_at", "seconds"),
    "user_full_name": Column("user__name", "text"),
    "user_given_name": Column("user__name", "text"),
    "user_family_name": Column("user__name", "text"),
}
INVITED = {
    "role_name": Column("role__name", "text"),
    "member_created_at": Column("created_at", "seconds"),
}
TEAMS = {
    "team_canonical": Column("slug"),
    "team_name": Column("name", "text"),
    "team_created_at": Column("created_at", "seconds"),
    "member_id": Column("members__memberships", "id", many=True),
}
STATES = ("accepted", "pending", "declined")


class PeopleView(OrganizationView):
    """A view of members. One id names somebody before and after they join."""

    entity = "Member"

    def members(self) -> Any:
        """The members, with all that their bodies show."""
        rows = self.rows(Membership).select_related("user", "role", "invitation__invited_by")
        return rows.prefetch_related("role__rules", "user__authenticator_set")

    def invitations(self) -> Any:
        """Those who were asked and have not joined."""
        return self.rows(Invitation).for_list().exclude(state="accepted")

    def role(self, canonical: str) -> Role:
        """The role of that canonical. Raises BadInput."""
        role = those(Role.objects.all).first(organization=self.organization.pk, canonical=our_role(canonical))
        if role is None:
            raise BadInput("There is no such role.", fields=[FieldError("role_canonical", "is no role here")])
        return role


class MemberListView(PeopleView):
    def get(self, request: Request, organization_canonical: str) -> Response:
        """Members, then those who were invited; `invitation_state` picks."""
        self.must_list("member")
        ask = request.GET
        states = [state for state in ask.getlist("invitation_state") if state]
        if not set(states) <= set(STATES):
            raise BadInput(
                "Unknown state.", fields=[FieldError("invitation_state", f"must be one of {', '.join(STATES)}")]
            )
        members = self.members().filter(conditions(ask, MEMBERS, self.members()))
        asked = self.invitations().filter(conditions(ask, INVITED, self.invitations()))
        if name := ask.get("user_canonical"):
            people = named(User.objects.all(), name)
            members, asked = members.filter(user__in=people), asked.none()
        if any(ask.get(key) for key in MEMBERS if key.startswith("user_")):
            asked = asked.none()
        if states:
            members = members if "accepted" in states else members.none()
            asked = asked.filter(state__in=states)
        return Response(
            window(ask, [(members.order_by("pk"), mapping.member), (asked.order_by("pk"), mapping.invited)])
        )

    def post(self, request: Request, organization_canonical: str) -> Response:
        """Invite an address with a role; the link goes out by mail where there is a mail server."""
        said = self.said(schemas.Invite)
        role = self.role(said["role_canonical"])
        invitation, token = invite_member(actor=self.actor, email=said["email"], role=role)
        send_invitation(invitation, invitation_link(request._request, token))
        return self.one(mapping.invited(invitation))


class MemberView(PeopleView):
    def get(self, request: Request, organization_canonical: str, member_id: str) -> Response:
        """Somebody who joined, or is invited."""
        who = self.who(member_id)
        return self.one(mapping.member(who) if isinstance(who, Membership) else mapping.invited(who))

    def put(self, request: Request, organization_canonical: str, member_id: str) -> Response:
        """Give them another role."""
        who, role = self.who(member_id), self.role(self.said(schemas.Assign)["role_canonical"])
        if isinstance(who, Membership):
            change_member_role(actor=self.actor, membership=who, role=role)
            return self.one(mapping.member(self.members().get(pk=who.pk)))
        change_invitation_role(actor=self.actor, invitation=who, role=role)
        return self.one(mapping.invited(self.invitations().get(pk=who.pk)))

    def delete(self, request: Request, organization_canonical: str, member_id: str) -> Response:
        """Take them out, or take back their invitation."""
        who = self.who(member_id)
        if isinstance(who, Membership):
            remove_member(actor=self.actor, membership=who)
        else:
            withdraw_invitation(actor=self.actor, invitation=who)
        return self.done()

    def who(self, member_id: str) -> Membership | Invitation:
        """The member of this id, or the invitation that has it. Raises NotFound."""
        pk = number(member_id)
        return self.members().filter(pk=pk).first() or found(self.invitations().filter(member_id=pk), "member")


class ResendView(PeopleView):
    def put(self, request: Request, organization_canonical: str, member_id: str) -> Response:
        """Send a new link to somebody who has not answered; the old one opens nothing any more."""
        asked = found(self.invitations().filter(member_id=number(member_id)), "invitation")
        invitation, token = resend_invitation(actor=self.actor, invitation=asked)
        send_invitation(invitation, invitation_link(request._request, token))
        return self.done()


class RoleListView(OrganizationView):
    entity = "Role"

    def get(self, request: Request, organization_canonical: str) -> Response:
        """Built-in roles and those of the organization."""
        self.must_list("role")
        return self.page(self.rows(Role).prefetch_related("rules"), mapping.role, {}, "name")


class RoleView(OrganizationView):
    entity = "Role"

    def get(self, request: Request, organization_canonical: str, role_canonical: str) -> Response:
        """One role."""
        rows = self.rows(Role).prefetch_related("rules").filter(canonical=our_role(role_canonical))
        if role_canonical in ROLES:
            rows = rows.filter(built_in=True)
        return self.one(mapping.role(found(rows, "role")))


class PolicyListView(OrganizationView):
    def get(self, request: Request, organization_canonical: str) -> Response:
        """Every action there is, by its code."""
        self.must("organization:read")
        said = [
            {"id": position, "code": action.removeprefix("organization:"), "description": text}
            for position, (action, text) in enumerate(sorted(ACTIONS.items()), 1)
        ]
        return Response(window(request.GET, [(said, dict)]))


class TeamsView(OrganizationView):
    """A view of teams."""

    entity = "Team"

    def teams(self) -> Any:
        """The teams with their role, and how many people are in each."""
        rows = self.rows(Team).select_related("role").prefetch_related("role__rules")
        return rows.annotate(count=Count("members"))

    def people(self, team: Team) -> Any:
        """The memberships of a team's people, oldest first."""
        within = Membership.objects.filter(organization=self.organization, user__teams=team)
        return within.select_related("user").prefetch_related("user__authenticator_set").order_by("pk")

    def body(self, row: Any) -> dict[str, Any]:
        """One team."""
        return mapping.team(row, list(self.people(row)[: mapping.PREVIEWED]), row.count)


class TeamListView(TeamsView):
    def get(self, request: Request, organization_canonical: str) -> Response:
        """The teams, with a few of their people each."""
        self.must_list("team")
        return self.page(self.teams().prefetch_related(self.preview()), self.listed, TEAMS, "name")

    def preview(self) -> Prefetch:
        """The people of all teams of a page, in one query."""
        mine = Prefetch(
            "memberships", Membership.objects.filter(organization=self.organization), to_attr="memberships_here"
        )
        return Prefetch(
            "members", User.objects.order_by("pk").prefetch_related(mine, "authenticator_set"), to_attr="people"
        )

    def listed(self, row: Any) -> dict[str, Any]:
        """One team of the list."""
        people = [(user, here[0].pk) for user in row.people if (here := user.memberships_here)]
        body = mapping.team(row, [], row.count)
        return body | {"members_preview": [mapping.team_member(*each) for each in people[: mapping.PREVIEWED]]}


class TeamView(TeamsView):
    def get(self, request: Request, organization_canonical: str, team_canonical: str) -> Response:
        """One team."""
        return self.one(self.body(found(self.teams().filter(slug=team_canonical), "team")))


class TeamMemberListView(TeamsView):
    def get(self, request: Request, organization_canonical: str, team_canonical: str) -> Response:
        """The people of one team."""
        team = found(self.teams().filter(slug=team_canonical), "team")
        return self.page(self.people(team), lambda row: mapping.team_member(row.user, row.pk), {})


class TeamMemberView(TeamsView):
    entity = "TeamMember"

    def get(self, request: Request, organization_canonical: str, team_canonical: str, member_id: str) -> Response:
        """One person of one team."""
        team = found(self.teams().filter(slug=team_canonical), "team")
        row = found(self.people(team).filter(pk=number(member_id)), "member of the team")
        return self.one(mapping.team_member(row.user, row.pk))
