"""Making and changing organizations."""

from typing import Any

from django.db import transaction
from django.utils.text import slugify

from catalog.actors import Actor, require, system_actor
from catalog.models import Organization
from catalog.services.changes import write_changes
from catalog.services.events import record_event
from catalog.services.numbers import short_id
from catalog.services.roles import seed_roles

CHANGEABLE = (
    "name",
    "slug",
    "public_id",
    "time_zone",
    "four_eyes",
    "review_policy",
    "approval_hours",
    "records_by_integrations",
    "gate_default_allows",
    "provenance_key",
    "require_second_factor",
)


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
def update_organization(*, actor: Actor, organization: Organization, **changes: Any) -> Organization:
    """Change an organization's name, slug, Phaset id, time zone or switches.

    Raises Forbidden without `organization:update`, ValidationError when a slug or id is taken. Records
    `organization.updated` with the old and new values, when something changed.
    """
    require(actor, "organization:update", organization)
    locked = Organization.objects.select_for_update().get(pk=organization.pk)
    changed = write_changes(locked, changes, CHANGEABLE)
    if changed:
        record_event("organization.updated", subject=locked, actor=actor, data=changed)
    return locked
