"""Who could do something: the other side of `require`, for pages that say whom to ask."""

from typing import TypedDict

from django.db import models

from catalog.actors import resource_path, rules_of
from catalog.models import Membership, Organization, Role
from catalog.rights import allows


class Who(TypedDict):
    """Somebody to ask: their name, and whether it is a user, a role or a service account."""

    label: str
    kind: str


def who_may(
    organization: Organization, action: str, subject: models.Model | None = None, *, limit: int = 5
) -> list[Who]:
    """The people whose role allows `action` on `subject`: roles first, then at most `limit` names. Three queries.

    Owners and admins may do anything; they are named only when nobody else may.
    """
    path = resource_path(subject, organization.slug) if subject is not None else f"organization:{organization.slug}"
    roles = Role.objects.filter(organization=organization).prefetch_related("rules")
    able = [role for role in roles if allows(rules_of(role), action, path)]
    members = list(
        Membership.objects.filter(role__in=able, user__is_active=True)
        .select_related("user", "role")
        .order_by("user__name", "pk")
    )
    chosen = [each for each in members if each.role.canonical not in ("owner", "admin")] or members
    names = sorted({each.role.name for each in chosen})
    return [Who(label=name, kind="role") for name in names] + [
        Who(label=str(each.user), kind="user") for each in chosen[:limit]
    ]
