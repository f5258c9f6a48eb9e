"""The only writers of environments."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError

from catalog.actors import Actor, require
from catalog.models import Environment
from catalog.models.environment import empty_scope
from catalog.services.events import record_event
from config.errors import Conflict

CHANGEABLE = {"name", "kind", "description", "drift_policy", "scope"}


@transaction.atomic
def create_environment(*, actor: Actor, name: str, **values: Any) -> Environment:
    """Make an environment in the actor's organization, or in `organization` when given.

    `values` are kind, description, drift_policy, scope. Raises Forbidden without `organization:environment:create`,
    ValidationError for a name that is taken or a scope pattern that does not compile. Records `environment.created`.
    """
    organization = values.pop("organization", None) or actor.organization
    require(actor, "organization:environment:create", organization)
    environment = Environment(organization=organization, name=name, **values)
    check_scope(environment.scope)
    environment.full_clean()
    environment.save()
    record_event("environment.created", subject=environment, actor=actor)
    return environment


@transaction.atomic
def update_environment(*, actor: Actor, environment: Environment, **changes: Any) -> Environment:
    """Change what is given of name, kind, description, drift_policy, scope.

    Raises Forbidden without `organization:environment:update` and ValidationError. Records `environment.updated`
    with the old and new values, when something changed.
    """
    require(actor, "organization:environment:update", environment)
    environment = Environment.objects.select_for_update().get(pk=environment.pk)
    before = {name: getattr(environment, name) for name in changes if getattr(environment, name) != changes[name]}
    for name in before:
        if name not in CHANGEABLE:
            raise ValueError(f"{name} is not changed through this service")
        setattr(environment, name, changes[name])
    check_scope(environment.scope)
    environment.full_clean()
    if before:
        environment.save()
        after = {name: changes[name] for name in before}
        record_event("environment.updated", subject=environment, actor=actor, data={"before": before, "after": after})
    return environment


@transaction.atomic
def delete_environment(*, actor: Actor, environment: Environment) -> None:
    """Delete an environment with its snapshots, baselines and drift reports.

    Raises Forbidden without `organization:environment:delete` and Conflict naming what decisions still point at.
    Records `environment.deleted`.
    """
    require(actor, "organization:environment:delete", environment)
    record_event("environment.deleted", subject=environment, actor=actor, data={"kind": environment.kind})
    try:
        environment.delete()
    except ProtectedError as error:
        kinds = sorted({str(each._meta.verbose_name_plural) for each in error.protected_objects})
        raise Conflict(f"Environment {environment.name} is still used by: {', '.join(kinds)}.") from error


def check_scope(scope: dict[str, Any]) -> None:
    """Refuse a scope that is not include/exclude lists of names and patterns, or whose patterns don't compile."""
    if set(scope) != set(empty_scope()):
        raise ValidationError({"scope": "A scope has `include` and `exclude`, each with `names` and `patterns`."})
    faults = []
    for side in scope.values():
        for pattern in side["patterns"]:
            try:
                re.compile(pattern)
            except (re.error, OverflowError) as error:
                faults.append(f"Pattern {pattern!r} is not a regular expression: {error}")
    if faults:
        raise ValidationError({"scope": faults})
