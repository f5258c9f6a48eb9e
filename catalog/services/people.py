"""Who works for an organization: members and service accounts."""

from typing import Any

from django.db import transaction

from catalog.actors import Actor, require, user_actor
from catalog.models import Membership, Organization, Role, ServiceAccount, TeamMember, User
from catalog.prepared import those
from catalog.services import search
from catalog.services.changes import write_changes
from catalog.services.events import record_event
from catalog.services.grants import OWNER, require_role
from config.errors import Forbidden, RuleViolation

EVERYTHING = ("owner", "admin")


@transaction.atomic
def add_member(*, actor: Actor, user: User, role: Role, organization: Organization | None = None) -> Membership:
    """Put a person into an organization with a role.

    Raises Forbidden without `organization:member:create` or for a role that allows more than the actor may do, and
    ValidationError when they are a member already or the role is another organization's. Records `member.added`.
    """
    organization = organization or actor.organization
    require(actor, "organization:member:create", organization)
    require_role(actor, role)
    membership = Membership(organization=organization, user=user, role=role)
    membership.put()
    record_event("member.added", subject=membership, actor=actor, data={"user": user.email, "role": role.canonical})
    return membership


@transaction.atomic
def change_member_role(*, actor: Actor, membership: Membership, role: Role) -> Membership:
    """Give a member another role.

    Raises Forbidden without `organization:member:update`, for a role that allows more than the actor may do and for an
    owner unless they are one, RuleViolation for the last owner, ValidationError for another organization's role.
    Records `member.changed`.
    """
    require(actor, "organization:member:update", membership)
    locked = _locked_member(membership)
    before = locked.role.canonical
    if role.pk == locked.role_id:
        return locked
    require_role(actor, role)
    _touch_owner(actor, locked)
    locked.role = role
    locked.put()
    data = {"user": locked.user.email, "before": before, "after": role.canonical}
    record_event("member.changed", subject=locked, actor=actor, data=data)
    return locked


@transaction.atomic
def remove_member(*, actor: Actor, membership: Membership) -> None:
    """Take a person out of an organization, and out of its teams.

    Raises Forbidden without `organization:member:delete` and for an owner unless the actor is one, RuleViolation for
    the last owner. Records `member.removed`.
    """
    require(actor, "organization:member:delete", membership)
    locked = _locked_member(membership)
    _touch_owner(actor, locked)
    TeamMember.objects.filter(organization=locked.organization_id, user=locked.user_id).delete()
    data = {"user": locked.user.email, "role": locked.role.canonical}
    record_event("member.removed", subject=locked, actor=actor, data=data)
    locked.delete()


@transaction.atomic
def rename_oneself(*, actor: Actor, name: str) -> User:
    """Go by another name. Raises Forbidden for a machine, ValidationError. Records `member.renamed`, if it is new."""
    if actor.user is None:
        raise Forbidden("Only a person has a profile.")
    user = those(User.objects.select_for_update).get(pk=actor.user.pk)
    if user.name == name:
        return user
    before, user.name = user.name, name
    user.clean_fields(exclude=["password"])
    user.save(update_fields=["name", "updated_at"])
    membership = Membership.objects.get(user=user, organization=actor.organization)
    record_event("member.renamed", subject=membership, actor=actor, data={"before": before, "after": name})
    search.keep(Membership.objects.filter(user=user).select_related("user"))
    return user


@transaction.atomic
def record_own_change(*, user: User, kind: str, **context: Any) -> None:
    """Write that somebody changed how they sign in, in the history of each of their organizations.

    `context` is where from (`address`, `request_id`). Records `kind`, one of `member.password_changed`,
    `member.second_factor_set_up`, `member.second_factor_turned_off` and `member.recovery_codes_renewed`.
    """
    for membership in Membership.objects.filter(user=user):
        if actor := user_actor(user, membership.organization_id, **context):
            record_event(kind, subject=membership, actor=actor, data={"user": user.email}, label=str(user))


def _locked_member(membership: Membership) -> Membership:
    """The membership, and with it its organization's circle of owners, held until the transaction ends."""
    those(Organization.objects.select_for_update).get(pk=membership.organization_id)
    return Membership.objects.select_related("role", "user", "organization").get(pk=membership.pk)


def _touch_owner(actor: Actor, membership: Membership) -> None:
    """Only an owner takes an owner's role, and never the last one's; where there never was one, the last admin's."""
    if membership.role.canonical not in EVERYTHING:
        return
    if membership.role.canonical == OWNER:
        require_role(actor, membership.role)
    others = Membership.objects.filter(organization=membership.organization_id, user__is_active=True)
    others = others.exclude(pk=membership.pk)
    able = [OWNER] if membership.role.canonical == OWNER else EVERYTHING
    if not others.filter(role__canonical__in=able).exists():
        raise RuleViolation(f"{membership.organization} needs an owner; make somebody else one first.")


@transaction.atomic
def create_service_account(
    *, actor: Actor, name: str, role: Role, description: str = "", organization: Organization | None = None
) -> ServiceAccount:
    """Make a machine identity with a role, in the actor's organization unless another is given.

    Raises Forbidden without `organization:service_account:create` or for a role that allows more than the actor may do,
    ValidationError when the name is taken. Records `service_account.created`.
    """
    organization = organization or actor.organization
    require(actor, "organization:service_account:create", organization)
    require_role(actor, role)
    account = ServiceAccount(organization=organization, name=name, description=description, role=role)
    account.put()
    record_event("service_account.created", subject=account, actor=actor, data={"role": role.canonical})
    return account


@transaction.atomic
def update_service_account(*, actor: Actor, account: ServiceAccount, **changes: Any) -> ServiceAccount:
    """Change a machine's name, description or role.

    Raises Forbidden without `organization:service_account:update` or for a role that allows more than the actor may do,
    ValidationError. Records `service_account.updated` with the old and new values, when something changed.
    """
    require(actor, "organization:service_account:update", account)
    if "role" in changes:
        require_role(actor, changes["role"])
    locked = those(ServiceAccount.objects.select_for_update).get(pk=account.pk)
    changed = write_changes(locked, changes, ("name", "description", "role"))
    if changed:
        record_event("service_account.updated", subject=locked, actor=actor, data=changed)
    return locked


@transaction.atomic
def delete_service_account(*, actor: Actor, account: ServiceAccount) -> None:
    """Delete a machine identity with its keys.

    Raises Forbidden without `organization:service_account:delete`. Records `service_account.deleted`.
    """
    require(actor, "organization:service_account:delete", account)
    data = {"role": account.role.canonical, "keys": account.api_keys.count()}
    record_event("service_account.deleted", subject=account, actor=actor, data=data)
    account.delete()
