"""Who could do something: the other side of `require`, for pages that say whom to ask."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict

from django.db import models
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from catalog.actors import resource_path, rules_of, team_of
from catalog.models import Membership, Organization, Role, ServiceAccount, TeamMember
from catalog.rights import allows

NAMES = 5
EVERYTHING = ("owner", "admin")


class Who(TypedDict):
    """Somebody to ask: their name, and whether it is a user, a role or a service account; `more`, in lists that name
    everybody whose answer counts, is how many others."""

    label: str
    kind: str


def and_more(left: int) -> list[Who]:
    """How many are not named, if any."""
    return [Who(label=f"{left} more", kind="more")] if left > 0 else []


@dataclass(frozen=True)
class Roster:
    """The roles of an organization and a few who have each, read once: four queries for any number of questions, and
    one more for each team whose components they are about."""

    organization: Organization

    def may(self, action: str, subject: models.Model | None = None, *, machines: bool = True) -> list[Who]:
        """Whose role allows `action` on `subject`: roles first, then at most five names of people and of machines.

        Owners and admins may do anything. Where machines may do it, they are named only when nobody else may; what
        people decide waits for them too, and they are named.
        """
        slug = self.organization.slug
        path = resource_path(subject, slug) if subject is not None else f"organization:{slug}"
        able = {role.pk: role for role in self._roles if allows(rules_of(role), action, path)}
        everybody = [*self._known, *self._team(team_of(subject))]
        known = [each for each in everybody if each[0] in able and (machines or each[1] == "user")]
        lower = [each for each in known if able[each[0]].canonical not in EVERYTHING]
        chosen = (machines and lower) or known

        def closest(each: tuple[int, str, str]) -> tuple[bool, str]:  # whose task it is, before who may do anything
            return able[each[0]].canonical in EVERYTHING, each[2]

        said = [Who(label=name, kind="role") for name in sorted({able[role].name for role, _, _ in chosen})]
        for kind in ("user", "service_account"):
            names = dict.fromkeys(name for _, each, name in sorted(chosen, key=closest) if each == kind)
            said += [Who(label=name, kind=kind) for name in sorted(list(names)[:NAMES])]
        return said

    def _team(self, team: int | None) -> list[tuple[int, str, str]]:
        """Role id, kind and name of the people of a team that has a role."""
        if team is None:
            return []
        if team not in self._teams:
            members = TeamMember.objects.filter(team=team, user__is_active=True).exclude(team__role=None)
            found = members.select_related("team", "user").order_by("user__name", "pk")[:NAMES]
            self._teams[team] = [(each.team.role_id or 0, "user", str(each.user)) for each in found]
        return self._teams[team]

    @cached_property
    def _teams(self) -> dict[int, list[tuple[int, str, str]]]:
        return {}

    @cached_property
    def _roles(self) -> list[Role]:
        return list(Role.objects.filter(organization=self.organization).prefetch_related("rules"))

    @cached_property
    def _known(self) -> list[tuple[int, str, str]]:
        """Role id, kind and name of the first few of each role."""
        members = Membership.objects.filter(organization=self.organization, user__is_active=True).select_related("user")
        accounts = ServiceAccount.objects.filter(organization=self.organization)
        return [(each.role_id, "user", str(each.user)) for each in _first_of_each_role(members, "user__name")] + [
            (each.role_id, "service_account", each.name) for each in _first_of_each_role(accounts, "name")
        ]


def _first_of_each_role(rows: models.QuerySet, name: str) -> models.QuerySet:
    place = Window(RowNumber(), partition_by="role_id", order_by=[F(name), F("pk")])
    return rows.annotate(place=place).filter(place__lte=NAMES)


def who_may(organization: Organization, action: str, subject: models.Model | None = None) -> list[Who]:
    """Whose role allows `action` on `subject`, see `Roster.may`; keep a Roster to ask more than once."""
    return Roster(organization).may(action, subject)
