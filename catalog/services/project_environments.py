"""The only writers of what a project is in an environment."""

import secrets
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from catalog.actors import Actor, require
from catalog.models import Environment, Organization, Project, ProjectEnvironment
from catalog.prepared import prepared
from catalog.services.changes import write_changes
from catalog.services.documents import check_document
from catalog.services.environments import create_environment
from catalog.services.events import record_event
from config.errors import BadInput, Conflict, FieldError, NotFound

Status = ProjectEnvironment.Status
MOST_ENVIRONMENTS = 5  # of one project, as long as they are made by cloning
AMOUNTS = {"type": "object", "properties": {each: {"type": "string"} for each in ("cpu", "memory", "storage")}}
CONFIG = {  # what is known of a config; the rest is kept as it is
    "type": "object",
    "properties": {
        "deploymentSpec": {
            "type": "object",
            "properties": {
                "replicas": {"type": "integer", "minimum": 0},
                "autoscaling": {"type": "object", "properties": {"maxReplicas": {"type": "integer", "minimum": 0}}},
                "staticIP": {"type": "boolean"},
                "serviceAccountName": {"type": "string"},
                "resources": {"type": "object", "properties": {"limits": AMOUNTS, "requests": AMOUNTS}},
            },
        }
    },
}


def named_environment(*, actor: Actor, name: str, organization: Organization) -> Environment:
    """The environment of that name (in any letter case) in an organization; made when it isn't there.

    Raises Forbidden without `organization:environment:read` on it, or `organization:environment:create` where there is
    none. Records `environment.created` when it made one.
    """
    found = Environment.objects.filter(organization=organization, name__iexact=name).first()
    if found is None:
        return create_environment(actor=actor, name=name, organization=organization)
    require(actor, "organization:environment:read", found)
    return found


@transaction.atomic
def link_environment(
    *,
    actor: Actor,
    project: Project,
    environment: Environment,
    execution_pool: str = "",
    config: dict[str, Any] | None = None,
) -> ProjectEnvironment:
    """Put a project into an environment, as a draft: nothing runs there yet. Without a pool it gets the first.

    Raises Forbidden without `organization:project_environment:create`, Conflict when it is there already, BadInput for
    an unknown pool, ValidationError for an environment of another organization. Records `project_environment.created`.
    """
    link = ProjectEnvironment(
        organization_id=project.organization_id,
        project=project,
        environment=environment,
        execution_pool=checked_pool(execution_pool or settings.EXECUTION_POOLS[0]),
        config=check_document(config or {}, CONFIG),
    )
    require(actor, "organization:project_environment:create", link)
    if ProjectEnvironment.objects.filter(project=project, environment=environment).exists():
        message = f"{project} has an environment {environment} already."
        raise Conflict(message, fields=[FieldError("environment", message)])
    link.full_clean(validate_constraints=False)  # the database sees to pairs made at once
    link.save()
    record_event("project_environment.created", subject=link, actor=actor, related=[project, environment])
    return link


@transaction.atomic
def link_named_environment(
    *, actor: Actor, project: Project, name: str, canonical: str = "", **values: Any
) -> ProjectEnvironment:
    """Put a project into the environment of its organization with that canonical, else with that name; where there is
    none it is made, with `values`.

    Raises and records what `create_environment` and `link_environment` do.
    """
    there = Environment.objects.filter(organization=project.organization_id)
    wanted = there.filter(canonical__iexact=canonical) if canonical else there.filter(name__iexact=name)
    environment = wanted.first()
    if environment is None:
        environment = create_environment(
            actor=actor, name=name, canonical=canonical, organization=project.organization, **values
        )
    else:
        require(actor, "organization:environment:read", environment)
    return link_environment(actor=actor, project=project, environment=environment)


@transaction.atomic
def unlink_environment(*, actor: Actor, link: ProjectEnvironment) -> None:
    """Take a project out of an environment, with what is configured there; both stay.

    Raises Forbidden without `organization:project_environment:delete`. Records `project_environment.deleted`.
    """
    require(actor, "organization:project_environment:delete", link)
    locked = lock_link(link)
    record_event(
        "project_environment.deleted", subject=locked, actor=actor, related=[locked.project, locked.environment]
    )
    locked.delete()


@transaction.atomic
def clone_environment(
    *, actor: Actor, source: ProjectEnvironment, name: str, execution_pool: str = ""
) -> ProjectEnvironment:
    """Put the project of `source` into the environment `name`, configured alike, with nothing deployed.

    Raises BadInput above MOST_ENVIRONMENTS a project, else as `named_environment` and `link_environment` do.
    """
    project = Project.objects.select_for_update(no_key=True).filter(pk=source.project_id).first()
    if project is None:
        raise NotFound(f"Project {source.project_id} does not exist.")
    environment = named_environment(actor=actor, name=name, organization=project.organization)
    clone = link_environment(
        actor=actor,
        project=project,
        environment=environment,
        execution_pool=execution_pool or source.execution_pool,
        config=source.config,
    )
    if project.environments.count() > MOST_ENVIRONMENTS:
        raise BadInput(f"A project has at most {MOST_ENVIRONMENTS} environments.")
    return clone


@transaction.atomic
def remove_environment(*, actor: Actor, link: ProjectEnvironment) -> None:
    """`unlink_environment`, but for the last one of its project: that is a Conflict."""
    Project.objects.select_for_update(no_key=True).filter(pk=link.project_id).first()  # two at once: one is the last
    if not ProjectEnvironment.objects.filter(project=link.project_id).exclude(pk=link.pk).exists():
        raise Conflict(f"{link.name} is the last environment of {link.project}.")
    unlink_environment(actor=actor, link=link)


@transaction.atomic
def update_project_environment(*, actor: Actor, link: ProjectEnvironment, **changes: Any) -> ProjectEnvironment:
    """Change the config, labels or execution pool of a project in an environment.

    Another pool suspends what runs and gives a new public address. Raises Forbidden without
    `organization:project_environment:update`, BadInput for an unknown pool or a bad config, ValidationError. Records
    `project_environment.updated` with the old and new values, when something changed.
    """
    require(actor, "organization:project_environment:update", link)
    locked = lock_link(link)
    if "config" in changes:
        check_document(changes["config"], CONFIG)
    pool = changes.get("execution_pool", locked.execution_pool)
    if pool != locked.execution_pool:
        checked_pool(pool)
        locked.address_key = secrets.token_hex(4)
        if locked.status == Status.RUNNING:
            locked.status = Status.SUSPENDED
    changed = write_changes(locked, changes, ("config", "labels", "execution_pool"))
    if changed:
        related = [locked.project, locked.environment]
        record_event("project_environment.updated", subject=locked, actor=actor, data=changed, related=related)
    return locked


@transaction.atomic
def merge_config(*, actor: Actor, link: ProjectEnvironment, patch: dict[str, Any]) -> ProjectEnvironment:
    """Change the config of a project in an environment by a JSON merge patch (RFC 7396); else as
    `update_project_environment`."""
    require(actor, "organization:project_environment:update", link)
    config = merged(lock_link(link).config, patch)
    return update_project_environment(actor=actor, link=link, config=config)


def merged(target: Any, patch: Any) -> Any:
    """`target` after a JSON merge patch (RFC 7396): objects are merged, null removes, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    kept = target if isinstance(target, dict) else {}
    result = {key: value for key, value in kept.items() if key not in patch}
    return result | {key: merged(kept.get(key), value) for key, value in patch.items() if value is not None}


def checked_pool(name: str) -> str:
    """The name of an execution pool. Raises BadInput for one that no operator configured."""
    if name not in settings.EXECUTION_POOLS:
        message = f"There is no execution pool {name[:64]!r}."
        raise BadInput(message, fields=[FieldError("executionPool", message)])
    return name


def lock_link(link: ProjectEnvironment) -> ProjectEnvironment:
    """The link as it is now, held until the transaction ends. Raises NotFound when it was deleted."""
    held = _held.first(pk=link.pk)
    if held is None:
        raise NotFound(f"Project environment {link.uid} does not exist.")
    return held


@prepared
def _held(*, pk: int) -> QuerySet[ProjectEnvironment]:
    return ProjectEnvironment.objects.for_list().select_for_update(no_key=True, of=("self",)).filter(pk=pk)
