"""Making organizations and putting people into them."""

from django.db import transaction
from django.utils.text import slugify

from catalog.actors import Actor, require, system_actor
from catalog.models import Membership, Organization, Role, RoleRule, ServiceAccount, Team, TeamMember, User
from catalog.rights import BUILT_IN_ROLES
from catalog.services.events import record_event
from catalog.services.numbers import short_id


@transaction.atomic
def create_organization(
    *,
    name: str,
    actor: Actor | None = None,
    parent: Organization | None = None,
    slug: str = "",
    public_id: str = "",
    time_zone: str = "UTC",
) -> Organization:
    """Make an organization with its built-in roles: under `parent`, or a root when the installation itself asks.

    Raises Forbidden without `organization:create` on the parent, and ValidationError when the slug is taken.
    Records `organization.created`.
    """
    if actor is not None:
        parent = parent or actor.organization
        require(actor, "organization:create", parent)
    organization = Organization(
        name=name,
        slug=slug or slugify(name)[:64],
        public_id=public_id or short_id(8),
        parent=parent,
        time_zone=time_zone,
    )
    organization.full_clean()
    organization.save()
    organization.path = f"{parent.path if parent else ''}{organization.pk}/"
    organization.save(update_fields=["path"])
    seed_roles(organization)
    record_event("organization.created", subject=organization, actor=actor or system_actor(organization))
    return organization


@transaction.atomic
def update_organization(*, actor: Actor, organization: Organization, **changes: object) -> Organization:
    """Change an organization's name, time zone or switches.

    Raises Forbidden without `organization:update`. Records `organization.updated` with the old values.
    """
    require(actor, "organization:update", organization)
    locked = Organization.objects.select_for_update().get(pk=organization.pk)
    before = {name: getattr(locked, name) for name in changes}
    for name, value in changes.items():
        setattr(locked, name, value)
    locked.full_clean()
    locked.save()
    record_event("organization.updated", subject=locked, actor=actor, data={"before": before, "after": dict(changes)})
    return locked


def seed_roles(organization: Organization) -> None:
    """Write the built-in roles of an organization, or bring them up to date."""
    for canonical, (name, description, actions) in BUILT_IN_ROLES.items():
        role, _ = Role.objects.update_or_create(
            organization=organization,
            canonical=canonical,
            defaults={"name": name, "description": description, "built_in": True},
        )
        role.rules.exclude(action__in=actions).delete()
        known = set(role.rules.values_list("action", flat=True))
        RoleRule.objects.bulk_create(
            RoleRule(organization=organization, role=role, action=action) for action in actions if action not in known
        )


@transaction.atomic
def add_member(*, actor: Actor, user: User, role: Role, organization: Organization | None = None) -> Membership:
    """Put a person into an organization with a role.

    Raises Forbidden without `organization:member:create`, and ValidationError when they are a member already or the
    role is another organization's. Records `member.added`.
    """
    organization = organization or actor.organization
    require(actor, "organization:member:create", organization)
    membership = Membership(organization=organization, user=user, role=role)
    membership.full_clean()
    membership.save()
    record_event("member.added", subject=membership, actor=actor, data={"user": user.email, "role": role.canonical})
    return membership


@transaction.atomic
def change_member_role(*, actor: Actor, membership: Membership, role: Role) -> Membership:
    """Give a member another role. Raises Forbidden without `organization:member:update`. Records `member.changed`."""
    require(actor, "organization:member:update", membership)
    before = membership.role.canonical
    membership.role = role
    membership.full_clean()
    membership.save()
    record_event("member.changed", subject=membership, actor=actor, data={"before": before, "after": role.canonical})
    return membership


@transaction.atomic
def create_service_account(*, actor: Actor, name: str, role: Role, description: str = "") -> ServiceAccount:
    """Make a machine identity with a role.

    Raises Forbidden without `organization:service_account:create`, ValidationError when the name is taken.
    Records `service_account.created`.
    """
    require(actor, "organization:service_account:create")
    account = ServiceAccount(organization=actor.organization, name=name, description=description, role=role)
    account.full_clean()
    account.save()
    record_event("service_account.created", subject=account, actor=actor, data={"role": role.canonical})
    return account


@transaction.atomic
def create_team(*, actor: Actor, name: str, slug: str = "", members: list[User] | None = None) -> Team:
    """Make a team. Raises Forbidden without `organization:team:create`, ValidationError when the slug is taken.

    Records `team.created`.
    """
    require(actor, "organization:team:create")
    team = Team(organization=actor.organization, name=name, slug=slug or slugify(name)[:64], public_id=short_id(8))
    team.full_clean()
    team.save()
    for user in members or []:
        TeamMember.objects.create(organization=actor.organization, team=team, user=user)
    record_event("team.created", subject=team, actor=actor)
    return team
