"""Making and changing organizations."""

from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.text import slugify

from catalog.actors import Actor, require, system_actor
from catalog.models import (
    ApiKey,
    Invitation,
    Membership,
    Organization,
    Role,
    ServiceAccount,
    Team,
    TeamMember,
    WebhookToken,
)
from catalog.prepared import those
from catalog.rights import Rule
from catalog.services.changes import write_changes
from catalog.services.events import record_event
from catalog.services.grants import holds
from catalog.services.numbers import short_id
from catalog.services.roles import seed_roles
from config.errors import RuleViolation

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
    "preferences",
)
# What goes with an organization; everything else it has must be gone before.
ITS_OWN = (Invitation, Membership, TeamMember, Team, ApiKey, WebhookToken, ServiceAccount, Role)


@transaction.atomic
def create_organization(
    *,
    name: str,
    actor: Actor | None = None,
    parent: Organization | None = None,
    slug: str = "",
    public_id: str = "",
    time_zone: str = "UTC",
    founder: bool = False,
) -> Organization:
    """Make an organization with its built-in roles: under `parent`, or a root when the installation itself asks.

    With `founder` the person who asks becomes its admin, where what they may do above is less. Raises Forbidden without
    `organization:create` on the parent, and ValidationError when the slug is taken. Records `organization.created`, and
    `member.added` for the founder.
    """
    if actor is not None:
        parent = parent or actor.organization
        require(actor, "organization:create", parent)
    organization = Organization(
        name=name,
        slug=slug or slugify(name)[:100],
        public_id=public_id or short_id(8),
        parent=parent,
        time_zone=time_zone,
    )
    organization.put()
    organization.path = f"{parent.path if parent else ''}{organization.pk}/"
    organization.save(update_fields=["path"])
    seed_roles(organization)
    record_event("organization.created", subject=organization, actor=actor or system_actor(organization))
    if founder and actor is not None and actor.user is not None and not holds(actor, Rule("organization:**")):
        role = Role.objects.get(organization=organization, canonical="admin")
        member = Membership.objects.create(organization=organization, user=actor.user, role=role)
        data = {"user": actor.user.email, "role": role.canonical}
        record_event("member.added", subject=member, actor=actor, data=data)
    return organization


@transaction.atomic
def update_organization(*, actor: Actor, organization: Organization, **changes: Any) -> Organization:
    """Change an organization's name, slug, Phaset id, time zone or switches.

    Raises Forbidden without `organization:update`, ValidationError when a slug or id is taken. Records
    `organization.updated` with the old and new values, when something changed.
    """
    require(actor, "organization:update", organization)
    locked = those(Organization.objects.select_for_update).get(pk=organization.pk)
    changed = write_changes(locked, changes, CHANGEABLE)
    if changed:
        record_event("organization.updated", subject=locked, actor=actor, data=changed)
    return locked


@transaction.atomic
def delete_organization(*, actor: Actor, organization: Organization) -> None:
    """Delete an organization that has nothing but its people, teams, roles and credentials, which go with it.

    Raises Forbidden without `organization:delete` on it and on the organization above, RuleViolation for one without
    any above, and while organizations lie below it or it has anything else. Records `organization.deleted` above.
    """
    above = organization.parent
    if above is None:
        raise RuleViolation(f"{organization} is the root; nobody above could delete it.")
    for each in (above, organization):
        require(actor, "organization:delete", each)
    those(Organization.objects.select_for_update).get(pk=organization.pk)
    below = Organization.objects.filter(parent=organization).count()
    if below:
        raise RuleViolation(f"{below} organizations lie below {organization}. Delete them first.")
    record_event("organization.deleted", subject=above, actor=actor, data={"name": organization.name}, label=str(above))
    try:
        for model in ITS_OWN:
            model._default_manager.filter(organization=organization).delete()
        organization.delete()
    except (ProtectedError, RestrictedError) as error:
        kept = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
        kinds = sorted({str(each._meta.verbose_name_plural) for each in kept})
        raise RuleViolation(f"{organization} still has {', '.join(kinds)}.") from error
