"""Who may answer an approval request: rights, the list and roles it names, four-eyes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import F, QuerySet
from django.db.models.functions import JSONObject

from catalog.actors import TEAM_RULES, Actor, resource_path, said_rules, team_of
from catalog.models import Membership, Organization, User
from catalog.prepared import prepared
from catalog.rights import Rule, allows
from catalog.services.who import Who, and_more
from config.errors import Forbidden
from releases.models import ApprovalRequest

DECIDE = "organization:approval:decide"


def role_word(name: str) -> str:
    """One spelling for a role however a client writes it: `CHANGE_MANAGER` is `change-manager`."""
    return name.strip().lower().replace("_", "-").replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Voter:
    """Somebody who answers a request: under which name, as which person (if known here), with which role."""

    identity: str
    user: User | None = None
    role: str = ""
    role_name: str = ""

    @property
    def name(self) -> str:
        """How pages call them."""
        return str(self.user) if self.user else self.identity

    def fits(self, roles: Iterable[str]) -> bool:
        """Whether they hold one of `roles`; an empty list asks for none."""
        wanted = {role_word(role) for role in roles}
        return not wanted or role_word(self.role) in wanted

    def named_in(self, identities: Iterable[str]) -> bool:
        """Whether they are one of `identities`; an empty list is everybody."""
        wanted = {identity.casefold() for identity in identities}
        return not wanted or self.identity.casefold() in wanted


def voter_of(actor: Actor, request: ApprovalRequest, claimed: str | None = None) -> Voter:
    """Whose answer `actor` brings: their own, or, from a service account, that of the person whose e-mail it names.

    Raises Forbidden for anybody who is no member that may decide: a machine's key must not invent people.
    """
    claimed = (claimed or "").strip()
    if not claimed or actor.kind != "service_account":
        return Voter(actor.label, actor.user, actor.role)
    path = resource_path(request, request.organization.slug)
    for voter in able(members_of(request.organization), DECIDE, path, team_of(request)):
        if voter.identity.casefold() == claimed.casefold():
            return replace(voter, identity=claimed)
    raise Forbidden(f"{claimed} is no member of {request.organization} who may decide this.")


def is_asker(voter: Voter, request: ApprovalRequest) -> bool:
    """Whether they asked for this approval themselves, where four eyes are needed."""
    return request.organization.four_eyes and voter.identity.casefold() == request.requested_by.casefold()


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an organization with the rules of their role and of their teams'."""

    voter: Voter
    rules: tuple[Rule, ...]


def members_of(organization: Organization) -> list[Member]:
    """Every active member that reaches `organization`, by name, each with what they may do. One query."""
    return [
        Member(_voter(each), said_rules([*(one for one in each.granted if one["action"]), *each.team_rules]))  # type: ignore[attr-defined]
        for each in _members(line=_line(organization))
    ]


def voters_of(organization: Organization) -> list[Voter]:
    """The same without what they may do."""
    return [_voter(each) for each in _memberships(line=_line(organization))]


def able(members: Iterable[Member], action: str, path: str, team: int | None = None) -> list[Voter]:
    """Those of `members` who may do `action` on the resource at `path`, which `team` owns, each once."""
    found = {member.voter.identity: member.voter for member in members if allows(member.rules, action, path, team)}
    return list(found.values())


def electorate(request: ApprovalRequest, members: Iterable[Member] | None = None) -> list[Voter]:
    """Every member who may answer `request`, by name. One query, none when `members_of` is handed in."""
    path = resource_path(request, request.organization.slug)
    return [
        voter
        for voter in able(
            members_of(request.organization) if members is None else members, DECIDE, path, team_of(request)
        )
        if voter.named_in(request.required_approvers)
        and voter.fits(request.required_roles)
        and not is_asker(voter, request)
    ]


def whom_to_ask(voters: Iterable[Voter], *, named: Sequence[str] = (), limit: int = 5) -> list[Who]:
    """The voters in words: their roles first, then at most `limit` names and how many more; of a list that was asked,
    all of it. Nobody whose answer would count is left out: for them it stands under what waits for them.
    """
    everybody = list(voters)
    if named:
        names = {voter.identity.casefold(): voter.name for voter in everybody}
        return [Who(label=names.get(identity.casefold(), identity), kind="user") for identity in named]
    roles = sorted({voter.role_name for voter in everybody if voter.role_name})
    people = [Who(label=voter.name, kind="user") for voter in everybody[:limit]]
    return [Who(label=role, kind="role") for role in roles] + people + and_more(len(everybody) - limit)


def _line(organization: Organization) -> list[int]:
    """The organization and those above it."""
    return [int(pk) for pk in organization.path.split("/") if pk]


def _active(line: list[int]) -> QuerySet[Membership]:
    members = Membership.objects.filter(organization__in=line, user__is_active=True)
    return members.select_related("user", "role").order_by("user__name", "user__email", "pk")


@prepared
def _memberships(*, line: list[int]) -> QuerySet[Membership]:
    return _active(line)


@prepared
def _members(*, line: list[int]) -> QuerySet[Membership]:
    granted = JSONBAgg(JSONObject(action=F("role__rules__action"), resources=F("role__rules__resources")))
    return _active(line).annotate(granted=granted, team_rules=TEAM_RULES)


def _voter(member: Membership) -> Voter:
    return Voter(member.user.email, member.user, member.role.canonical, member.role.name)
