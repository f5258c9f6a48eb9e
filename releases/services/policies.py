"""The only writers of deployment policies."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from catalog.actors import Actor, require
from catalog.models import Environment
from catalog.services.events import record_event
from compliance.models import Flow
from releases.models import DeploymentPolicy

CHANGEABLE = (
    "name",
    "description",
    "enforce_provenance",
    "enforce_approvals",
    "required_types",
    "require_signature",
    "block_on_failed_scan",
    "is_active",
)


@transaction.atomic
def create_policy(
    *, actor: Actor, name: str, flow: Flow, environment: Environment | None = None, **values: Any
) -> DeploymentPolicy:
    """Say what artifacts of `flow` need to enter `environment`, or any when None; `values` are CHANGEABLE fields.

    Raises Forbidden without `organization:policy:create` on the flow and ValidationError, also for an environment of
    another organization. Records `policy.created`.
    """
    policy = DeploymentPolicy(organization=flow.organization, name=name, flow=flow, environment=environment)
    require(actor, "organization:policy:create", policy)
    _set(policy, values)
    policy.put()
    _tell("policy.created", policy, actor, {name: getattr(policy, name) for name in CHANGEABLE})
    return policy


@transaction.atomic
def update_policy(*, actor: Actor, policy: DeploymentPolicy, **changes: Any) -> DeploymentPolicy:
    """Change what is given of the CHANGEABLE fields.

    Raises Forbidden without `organization:policy:update` and ValidationError. Records `policy.updated` with the old
    and new values, when something changed.
    """
    require(actor, "organization:policy:update", policy)
    policy = DeploymentPolicy.objects.for_list().select_for_update(of=("self",)).get(pk=policy.pk)
    before = {name: getattr(policy, name) for name in CHANGEABLE}
    _set(policy, changes)
    after = {name: value for name in CHANGEABLE if (value := getattr(policy, name)) != before[name]}
    if after:
        policy.put()
        _tell("policy.updated", policy, actor, {"before": {name: before[name] for name in after}, "after": after})
    return policy


@transaction.atomic
def delete_policy(*, actor: Actor, policy: DeploymentPolicy) -> None:
    """Delete a policy; decisions made with it stay. Raises Forbidden without `organization:policy:delete`.

    Records `policy.deleted`.
    """
    require(actor, "organization:policy:delete", policy)
    _tell("policy.deleted", policy, actor, {name: getattr(policy, name) for name in CHANGEABLE})
    policy.delete()


def _set(policy: DeploymentPolicy, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name not in CHANGEABLE:
            raise ValueError(f"{name} is not changed through this service")
        setattr(policy, name, _once(value) if name == "required_types" else value)


def _once(types: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(types))


def _tell(kind: str, policy: DeploymentPolicy, actor: Actor, data: dict[str, Any]) -> None:
    related = [policy.flow, policy.flow.component, policy.environment]
    about = {"flow": policy.flow.name, "environment": policy.environment.name if policy.environment else None}
    record_event(kind, subject=policy, actor=actor, related=related, data=about | data)
