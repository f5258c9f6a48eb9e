"""The only writers of roles and their rules."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from catalog.actors import Actor, require, rules_of
from catalog.models import Organization, Role, RoleRule
from catalog.models.people import check_rules
from catalog.prepared import those
from catalog.rights import BUILT_IN_ROLES, Rule
from catalog.services.changes import write_changes
from catalog.services.events import record_event
from catalog.services.grants import require_rules
from catalog.services.numbers import short_id
from config.errors import Conflict


@transaction.atomic
def seed_roles(organization: Organization) -> None:
    """Write the built-in roles of an organization, or bring them up to date. Five statements."""
    Role.objects.bulk_create(
        [
            Role(organization=organization, canonical=canonical, name=name, description=description, built_in=True)
            for canonical, (name, description, _) in BUILT_IN_ROLES.items()
        ],
        update_conflicts=True,
        unique_fields=["organization", "canonical"],
        update_fields=["name", "description", "built_in"],
    )
    roles = Role.objects.filter(organization=organization, canonical__in=BUILT_IN_ROLES).prefetch_related("rules")
    missing = []
    outdated = []
    for role in roles:
        wanted = BUILT_IN_ROLES[role.canonical][2]
        present = {rule.action: rule.pk for rule in role.rules.all() if not rule.resources}
        outdated += [rule.pk for rule in role.rules.all() if rule.resources or rule.action not in wanted]
        missing += [
            RoleRule(organization=organization, role=role, action=action) for action in wanted if action not in present
        ]
    RoleRule.objects.filter(pk__in=outdated).delete()
    RoleRule.objects.bulk_create(missing)


@transaction.atomic
def create_role(
    *, actor: Actor, name: str, canonical: str = "", description: str = "", rules: Iterable[Rule] = ()
) -> Role:
    """Make a role of one's own.

    Raises Forbidden without `organization:role:create` or for rules that allow more than the actor may do,
    ValidationError when it exists or a glob is none. Records `role.created`.
    """
    require(actor, "organization:role:create")
    rules = checked(rules)
    require_rules(actor, rules)
    role = Role(
        organization=actor.organization,
        name=name,
        canonical=canonical or slugify(name)[:64] or short_id(8),
        description=description,
    )
    role.put()
    _write_rules(role, rules)
    record_event("role.created", subject=role, actor=actor, data={"rules": [str(rule) for rule in rules]})
    return role


@transaction.atomic
def update_role(*, actor: Actor, role: Role, rules: Iterable[Rule] | None = None, **changes: Any) -> Role:
    """Change the name, description or rules of a role of one's own; `rules` replace all of them.

    Raises Forbidden without `organization:role:update` or for new rules that allow more than the actor may do,
    Conflict for a built-in role, ValidationError. Records `role.updated` with the old and new values, when something
    changed.
    """
    require(actor, "organization:role:update", role)
    locked = those(Role.objects.select_for_update).get(pk=role.pk)
    if locked.built_in:
        raise Conflict(f"{locked.name} comes with Gatehouse and is not changed; copy it into a role of your own.")
    changed = write_changes(locked, changes, ("name", "description"))
    if rules is not None:
        rules, known = checked(rules), rules_of(locked)
        require_rules(actor, set(rules) - set(known))
        before, after = [str(each) for each in known], [str(each) for each in rules]
        if before != after:
            locked.rules.all().delete()
            _write_rules(locked, rules)
            changed.setdefault("before", {})["rules"] = before
            changed.setdefault("after", {})["rules"] = after
    if changed:
        record_event("role.updated", subject=locked, actor=actor, data=changed)
    return locked


@transaction.atomic
def delete_role(*, actor: Actor, role: Role) -> None:
    """Delete a role of one's own.

    Raises Forbidden without `organization:role:delete`, Conflict for a built-in role and while somebody has it.
    Records `role.deleted`.
    """
    require(actor, "organization:role:delete", role)
    if role.built_in:
        raise Conflict(f"{role.name} comes with Gatehouse and is not deleted.")
    if (
        role.memberships.exists()
        or role.service_accounts.exists()
        or role.teams.exists()
        or role.invitations.pending().exists()
    ):
        raise Conflict(f"Somebody still has the role {role.name}, or is invited with it.")
    record_event("role.deleted", subject=role, actor=actor)
    role.delete()


def checked(rules: Iterable[Rule]) -> list[Rule]:
    """`rules`, each once. Raises ValidationError for too many, and for what is no glob."""
    kept = [Rule(rule.action, tuple(rule.resources)) for rule in dict.fromkeys(rules)]
    try:
        check_rules(as_json(kept))
    except ValidationError as error:
        raise ValidationError({"rules": error.messages}) from error
    return kept


def as_json(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """Rules as a JSON column holds them."""
    return [{"action": rule.action, "resources": list(rule.resources)} for rule in rules]


def _write_rules(role: Role, rules: Iterable[Rule]) -> None:
    """Write the rules of a role that has none."""
    RoleRule.objects.bulk_create(
        RoleRule(organization_id=role.organization_id, role=role, action=rule.action, resources=list(rule.resources))
        for rule in rules
    )
