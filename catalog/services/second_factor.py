"""The code beside the password: who has it, who must, and how a lost one is taken away."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from catalog.actors import Actor, require
from catalog.models import Membership, Organization, User
from catalog.services.events import record_event
from catalog.services.grants import require_role


def has_second_factor(user: User) -> bool:
    """Whether this person signs in with codes of an authenticator app."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def must_have_second_factor(user: User) -> bool:
    """Whether an organization this person belongs to asks for one."""
    return Organization.objects.filter(
        pk__in=Membership.objects.filter(user=user).values("organization"), require_second_factor=True
    ).exists()


def lacks_second_factor(actor: Actor) -> bool:
    """Whether the organization at hand asks for one and this person has none. One query, where it asks."""
    return actor.organization.require_second_factor and actor.user is not None and not has_second_factor(actor.user)


@transaction.atomic
def remove_second_factor(*, actor: Actor, membership: Membership) -> bool:
    """Take the authenticator app and recovery codes from a member who lost them; whether there were any.

    Raises Forbidden without `organization:member:update`, and for a member who may do more than the actor. Records
    `member.second_factor_removed`.
    """
    require(actor, "organization:member:update", membership)
    require_role(actor, membership.role)
    found, _ = Authenticator.objects.filter(user=membership.user).delete()
    if found:
        record_event("member.second_factor_removed", subject=membership, actor=actor)
    return bool(found)
