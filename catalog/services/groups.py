"""What components are sorted by: teams, systems and domains."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from catalog.actors import Actor, require
from catalog.models import Component, Domain, Membership, Role, System, Team, TeamMember, User
from catalog.prepared import those
from catalog.services import search
from catalog.services.changes import write_changes
from catalog.services.events import record_event
from catalog.services.grants import require_role
from catalog.services.numbers import short_id
from config.errors import BadInput, FieldError


@transaction.atomic
def create_team(
    *,
    actor: Actor,
    name: str,
    slug: str = "",
    public_id: str = "",
    members: Iterable[User] | None = None,
    role: Role | None = None,
) -> Team:
    """Make a team; components whose manifest names its id already are filed under it. `role` is what its people may do
    with what it owns.

    Raises Forbidden without `organization:team:create` or for a role that allows more than the actor may do,
    ValidationError when the slug or id is taken, BadInput for somebody who is no member of the organization. Records
    `team.created`.
    """
    require(actor, "organization:team:create")
    if role is not None:
        require_role(actor, role)
    team = Team(
        organization=actor.organization,
        name=name,
        slug=slug or slugify(name)[:64] or short_id(8),
        public_id=public_id or short_id(8),
        role=role,
    )
    team.put()
    emails = _set_team_members(team, members or ())
    adopt(team, "group", "team")
    data = {"members": emails} | ({"role": role.canonical} if role else {})
    record_event("team.created", subject=team, actor=actor, data=data)
    return team


@transaction.atomic
def update_team(*, actor: Actor, team: Team, members: Iterable[User] | None = None, **changes: Any) -> Team:
    """Change a team's name, slug, Phaset id or role, and who is in it (`members` are all of them).

    Raises Forbidden without `organization:team:update`, for a role that allows more than the actor may do and for new
    people of a team that has such a role, ValidationError when the slug or id is taken, BadInput for somebody who is no
    member of the organization. Records `team.updated` with old and new values, when something changed.
    """
    require(actor, "organization:team:update", team)
    locked = Team.objects.select_for_update(of=("self",)).select_related("role").get(pk=team.pk)
    if changes.get("role") not in (None, locked.role):
        require_role(actor, changes["role"])
    changed = write_changes(locked, changes, ("name", "slug", "public_id", "role"))
    if members is not None:
        before = sorted(locked.members.values_list("email", flat=True))
        after = _set_team_members(locked, members)
        if locked.role is not None and set(after) - set(before):
            require_role(actor, locked.role)
        if before != after:
            changed.setdefault("before", {})["members"] = before
            changed.setdefault("after", {})["members"] = after
    if changed:
        adopt(locked, "group", "team")
        record_event("team.updated", subject=locked, actor=actor, data=changed)
    if "name" in changed.get("after", {}):
        search.keep(Component.objects.filter(team=locked).select_related("team"))
    return locked


@transaction.atomic
def delete_team(*, actor: Actor, team: Team) -> None:
    """Delete a team; its people stay members, its components have no owner.

    Raises Forbidden without `organization:team:delete`. Records `team.deleted`.
    """
    require(actor, "organization:team:delete", team)
    locked = those(Team.objects.select_for_update).get(pk=team.pk)
    owned = list(Component.objects.filter(team=locked).values_list("pk", flat=True))
    record_event("team.deleted", subject=locked, actor=actor, data={"components": len(owned)})
    locked.delete()
    search.keep(Component.objects.filter(pk__in=owned))


def _set_team_members(team: Team, members: Iterable[User]) -> list[str]:
    """Have exactly `members` in the team; their e-mail addresses. Raises BadInput for those of no reach here."""
    wanted = {each.pk: each for each in members}
    above = [int(step) for step in team.organization.path.split("/") if step]
    known = set(Membership.objects.filter(organization__in=above, user__in=wanted).values_list("user", flat=True))
    if strangers := [wanted[pk].email for pk in wanted if pk not in known]:
        message = f"{', '.join(sorted(strangers))}: no member of {team.organization}"
        raise BadInput("Only members of the organization can be in its teams.", fields=[FieldError("members", message)])
    rows = TeamMember.objects.filter(team=team)
    rows.exclude(user__in=wanted).delete()
    present = set(rows.values_list("user", flat=True))
    TeamMember.objects.bulk_create(
        TeamMember(organization_id=team.organization_id, team=team, user=wanted[pk])
        for pk in wanted
        if pk not in present
    )
    return sorted(each.email for each in wanted.values())


@transaction.atomic
def create_system(
    *, actor: Actor, name: str, slug: str = "", public_id: str = "", domain: Domain | None = None
) -> System:
    """Make a system; components whose manifest names its id already are filed under it.

    Raises Forbidden without `organization:system:create`, ValidationError when slug or id is taken. Records
    `system.created`.
    """
    require(actor, "organization:system:create")
    system = System(
        organization=actor.organization,
        name=name,
        slug=slug or slugify(name)[:64] or short_id(8),
        public_id=public_id or short_id(8),
        domain=domain,
    )
    system.put()
    adopt(system, "system", "system")
    record_event("system.created", subject=system, actor=actor)
    return system


@transaction.atomic
def update_system(*, actor: Actor, system: System, **changes: Any) -> System:
    """Change a system's name, slug, Phaset id or domain.

    Raises Forbidden without `organization:system:update`, ValidationError. Records `system.updated` with the old and
    new values, when something changed.
    """
    require(actor, "organization:system:update", system)
    locked = those(System.objects.select_for_update).get(pk=system.pk)
    changed = write_changes(locked, changes, ("name", "slug", "public_id", "domain"))
    if changed:
        adopt(locked, "system", "system")
        record_event("system.updated", subject=locked, actor=actor, data=changed)
    return locked


@transaction.atomic
def create_domain(*, actor: Actor, name: str, slug: str = "", public_id: str = "") -> Domain:
    """Make a domain; components whose manifest names its id already are filed under it.

    Raises Forbidden without `organization:domain:create`, ValidationError when slug or id is taken. Records
    `domain.created`.
    """
    require(actor, "organization:domain:create")
    domain = Domain(
        organization=actor.organization,
        name=name,
        slug=slug or slugify(name)[:64] or short_id(8),
        public_id=public_id or short_id(8),
    )
    domain.put()
    adopt(domain, "domain", "domain")
    record_event("domain.created", subject=domain, actor=actor)
    return domain


@transaction.atomic
def update_domain(*, actor: Actor, domain: Domain, **changes: Any) -> Domain:
    """Change a domain's name, slug or Phaset id.

    Raises Forbidden without `organization:domain:update`, ValidationError. Records `domain.updated` with the old and
    new values, when something changed.
    """
    require(actor, "organization:domain:update", domain)
    locked = those(Domain.objects.select_for_update).get(pk=domain.pk)
    changed = write_changes(locked, changes, ("name", "slug", "public_id"))
    if changed:
        adopt(locked, "domain", "domain")
        record_event("domain.updated", subject=locked, actor=actor, data=changed)
    return locked


def adopt(newcomer: Team | System | Domain, key: str, field: str) -> int:
    """File the components under `newcomer` whose manifest named its id under `key` before it was there."""
    waiting = Component.objects.filter(
        organization=newcomer.organization_id, **{f"references__{key}": newcomer.public_id, field: None}
    )
    count = waiting.update(**{field: newcomer})
    if count and field == "team":
        search.keep(Component.objects.filter(team=newcomer.pk).select_related("team"))
    return count
