"""Accounts of people, as an organization makes and ends them over an API. What a person may do is their membership."""

from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from catalog.actors import Actor, require
from catalog.models import ApiKey, Membership, Role, User
from catalog.prepared import those
from catalog.services.changes import write_changes
from catalog.services.events import record_event
from catalog.services.grants import require_account, require_role
from catalog.services.keys import revoke
from catalog.services.people import add_member, remove_member
from config.errors import Conflict, FieldError, Forbidden

FIRST_ROLE = "viewer"


@transaction.atomic
def create_user(*, actor: Actor, email: str, name: str, github_id: str | None = None) -> User:
    """Make an account without a password, a viewer of the actor's organization.

    They sign in by other means than a password until they set one. Raises Forbidden without
    `organization:member:create`, Conflict when e-mail or GitHub id is anybody's already, ValidationError. Records
    `user.created` and `member.added`.
    """
    require(actor, "organization:member:create")
    _refuse_taken(email=email, github_id=github_id)
    user = User.objects.create_user(email, None, name=name, github_id=github_id)
    role = Role.objects.get(organization=actor.organization, canonical=FIRST_ROLE, built_in=True)
    membership = add_member(actor=actor, user=user, role=role)
    _record("user.created", actor, membership)
    return user


@transaction.atomic
def update_user(*, actor: Actor, user: User, **changes: Any) -> User:
    """Change a person's name or GitHub id; the e-mail stays.

    An account is one, whatever organizations it is a member of, and the GitHub id opens it: somebody else changes it
    only who may change all of its memberships, and an operator's only a superuser. Raises Forbidden, Conflict for a
    GitHub id that is taken, ValidationError. Records `user.updated` in each of the organizations.
    """
    memberships = list(Membership.objects.filter(user=user).select_related("organization", "role", "user"))
    if user != actor.user:
        require_account(actor, user)
        for membership in memberships:
            if membership.organization_id not in actor.reach:
                raise Forbidden(f"{user} is a member of other organizations too; only they change their account.")
            require(actor, "organization:member:update", membership)
            require_role(actor, membership.role)
    elif actor.limits is not None:  # a narrowed key is not the whole person
        require(actor, "organization:member:update")
    locked = those(User.objects.select_for_update).get(pk=user.pk)
    _refuse_taken(github_id=changes.get("github_id"), but=locked)
    changed = write_changes(locked, changes, ("name", "github_id"))
    if changed:
        for membership in memberships:
            membership.user = locked
            _record("user.updated", actor, membership, changed)
    return locked


@transaction.atomic
def delete_user(*, actor: Actor, user: User) -> None:
    """Take a person out of all organizations the actor reaches, and end their keys there; delete the account when that
    leaves it without any.

    What they decided stays: an account that decisions name is closed, not deleted. An operator's stays open: it is the
    installation's. Raises Forbidden without
    `organization:member:delete` on each membership and for an owner unless the actor is one, RuleViolation for the
    last owner. Records `member.removed` and `api_key.revoked`.
    """
    for key in ApiKey.objects.filter(user=user, organization__in=actor.reach, revoked_at=None):
        revoke(actor=actor, secret=key)
    for membership in Membership.objects.filter(user=user, organization__in=actor.reach):
        remove_member(actor=actor, membership=membership)
    if user.is_superuser or user.is_staff or Membership.objects.filter(user=user).exists():
        return
    try:
        with transaction.atomic():
            user.delete()
    except ProtectedError:
        user.is_active = False
        user.set_unusable_password()
        user.save(update_fields=["is_active", "password", "updated_at"])


def _refuse_taken(*, email: str = "", github_id: str | None = None, but: User | None = None) -> None:
    others = User.objects.exclude(pk=but.pk) if but else User.objects.all()
    taken = {}
    if email and others.filter(email__iexact=email).exists():
        taken["email"] = f"e-mail {email}"
    if github_id and others.filter(github_id=github_id).exists():
        taken["github_id"] = f"GitHub id {github_id}"
    if taken:
        fields = [FieldError(name, "is taken") for name in taken]
        raise Conflict(f"There is a user with the {' and '.join(taken.values())} already.", fields=fields)


def _record(kind: str, actor: Actor, membership: Membership, data: dict[str, Any] | None = None) -> None:
    said = (data or {}) | {"user": membership.user.email}
    record_event(kind, subject=membership, actor=actor, data=said, label=str(membership.user))
