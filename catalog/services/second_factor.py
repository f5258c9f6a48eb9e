"""The code beside the password: who has it, who must, and how a lost one is taken away."""

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet

from catalog.actors import Actor, require
from catalog.models import Membership, Organization, User
from catalog.prepared import prepared
from catalog.services.events import record_event
from catalog.services.grants import require_account, require_role
from config.errors import Forbidden


def has_second_factor(user: User) -> bool:
    """Whether this person signs in with codes of an authenticator app."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def must_have_second_factor(user: User) -> bool:
    """Whether an organization this person belongs to asks for one."""
    return bool(_asking(user=user.pk))


@prepared
def _asking(*, user: int) -> QuerySet[Organization, int]:
    """One of the organizations of a person that ask for a second factor; each page of the admin wants to know."""
    theirs = Membership.objects.filter(user=user).values("organization")
    return Organization.objects.filter(pk__in=theirs, require_second_factor=True).values_list("pk", flat=True)[:1]


def lacks_second_factor(actor: Actor) -> bool:
    """Whether the organization at hand asks for one and this person has none. One query, where it asks."""
    return actor.organization.require_second_factor and actor.user is not None and not has_second_factor(actor.user)


@transaction.atomic
def remove_second_factor(*, actor: Actor, membership: Membership) -> bool:
    """Take the authenticator app and recovery codes from a member who lost them; whether there were any.

    It protects the account wherever it is a member. Raises Forbidden for a member of other organizations too, without
    `organization:member:update` on each membership, and for a member who may do more than the actor, as operators do.
    Records
    `member.second_factor_removed`.
    """
    require_account(actor, membership.user)
    for each in Membership.objects.filter(user=membership.user).select_related("organization", "role"):
        if each.organization_id not in actor.reach:
            raise Forbidden(f"{membership.user} is a member of other organizations too; an operator can help.")
        require(actor, "organization:member:update", each)
        require_role(actor, each.role)
    found, _ = Authenticator.objects.filter(user=membership.user).delete()
    if found:
        record_event("member.second_factor_removed", subject=membership, actor=actor)
    return bool(found)
