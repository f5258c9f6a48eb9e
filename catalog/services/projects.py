"""The only writers of projects."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from catalog.actors import Actor, require
from catalog.models import Organization, Project, ProjectFavorite, User
from catalog.prepared import prepared
from catalog.services.canonicals import free_canonical
from catalog.services.changes import write_changes
from catalog.services.events import record_event
from catalog.services.project_environments import link_environment, named_environment
from config.errors import BadInput, Conflict, FieldError, NotFound

CHANGEABLE = (
    "name",
    "description",
    "owner",
    "team",
    "cloud_provider",
    "config_repository",
    "color",
    "icon",
    "is_starred",
    "settings",
    "metadata",
    "variables_schema",
)
KEPT = 1000  # entries of a list in the metadata
COPIED = ("description", "owner", "team", "cloud_provider", "config_repository", "color", "icon")
COPIED_WIRE = ("settings", "variables_schema", "files", "labels")


@transaction.atomic
def create_project(
    *,
    actor: Actor,
    name: str,
    canonical: str = "",
    environments: Iterable[str] = (),
    execution_pool: str = "",
    **values: Any,
) -> Project:
    """Make a project in the actor's organization; without a canonical it gets one from its name.

    `environments` are names: each is linked, and made in the organization when it isn't there. `values` are other
    fields of the model. Raises Forbidden without `organization:project:create` (and what linking asks for), Conflict
    for a canonical that is taken, BadInput for an unknown pool, ValidationError. Records `project.created`.
    """
    require(actor, "organization:project:create")
    organization = actor.organization
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)  # namesakes at once get two canonicals
    projects = Project.objects.filter(organization=organization)
    project = Project(organization=organization, name=name, **values)
    project.canonical = canonical or free_canonical(name, projects)
    if canonical and projects.filter(canonical=canonical).exists():
        message = f"A project of the canonical {canonical} exists."
        raise Conflict(message, fields=[FieldError("canonical", message)])
    project.put()
    record_event("project.created", subject=project, actor=actor)
    for each in environments:
        environment = named_environment(actor=actor, name=each, organization=organization)
        link_environment(actor=actor, project=project, environment=environment, execution_pool=execution_pool)
    return project


@transaction.atomic
def update_project(*, actor: Actor, project: Project, **changes: Any) -> Project:
    """Change fields of a project, all but its canonical.

    Raises Forbidden without `organization:project:update`, ValidationError. Records `project.updated` with the old
    and new values, when something changed.
    """
    require(actor, "organization:project:update", project)
    locked = lock_project(project)
    changed = write_changes(locked, changes, CHANGEABLE)
    if changed:
        record_event("project.updated", subject=locked, actor=actor, data=changed)
    return locked


@transaction.atomic
def append_metadata(*, actor: Actor, project: Project, name: str, entry: dict[str, Any]) -> Project:
    """Add `entry` to the list `name` of a project's metadata, which keeps the last KEPT; else as `update_project`."""
    require(actor, "organization:project:update", project)
    metadata = lock_project(project).metadata
    entries = [*metadata.get(name, []), entry][-KEPT:]
    return update_project(actor=actor, project=project, metadata=metadata | {name: entries})


@transaction.atomic
def clone_project(*, actor: Actor, project: Project) -> Project:
    """Make a project like this one, in the same environments, with nothing deployed; ` (copy)` ends its name.

    What people did with it (stars, favorites, versions, metadata) is not copied. Raises Forbidden as `create_project`
    does. Records `project.created`.
    """
    copied = {name: getattr(project, name) for name in (*COPIED, *COPIED_WIRE)}
    clone = create_project(actor=actor, name=f"{project.name[:240]} (copy)", **copied)
    for link in project.environments.select_related("environment").order_by("pk"):
        link_environment(
            actor=actor,
            project=clone,
            environment=link.environment,
            execution_pool=link.execution_pool,
            config=link.config,
        )
    return clone


@transaction.atomic
def delete_project(*, actor: Actor, project: Project) -> None:
    """Delete a project and what it has in its environments; the environments stay.

    Raises Forbidden without `organization:project:delete`, and also without
    `organization:project_environment:delete` where it is in one. Records `project.deleted` naming the environments.
    """
    require(actor, "organization:project:delete", project)
    locked = lock_project(project)
    links = list(locked.environments.select_related("project", "environment"))
    for link in links:
        require(actor, "organization:project_environment:delete", link)
    record_event(
        "project.deleted",
        subject=locked,
        actor=actor,
        data={"environments": [link.name for link in links]},
        related=[link.environment for link in links],
    )
    locked.delete()


@transaction.atomic
def set_favorite(*, actor: Actor, project: Project, is_favorite: bool) -> None:
    """Keep a project at hand for the person who asks, or no longer; doing so twice changes nothing.

    Raises Forbidden without `organization:project:read`, BadInput for a machine. Records nothing: it is nobody else's
    business.
    """
    require(actor, "organization:project:read", project)
    if actor.user is None:
        raise BadInput("Only people have favorites.")
    if is_favorite:
        ProjectFavorite.objects.get_or_create(
            project=project, user=actor.user, defaults={"organization_id": project.organization_id}
        )
    else:
        ProjectFavorite.objects.filter(project=project, user=actor.user).delete()


def favorites_of(user: User | None) -> Q:
    """The condition on projects that `user` keeps at hand."""
    return Q(pk__in=ProjectFavorite.objects.filter(user=user).values("project")) if user else Q(pk__in=[])


def lock_project(project: Project) -> Project:
    """The project as it is now, held until the transaction ends. Raises NotFound when it was deleted.

    NO KEY: rows that point at the project may be inserted meanwhile.
    """
    held = _held.first(pk=project.pk)
    if held is None:
        raise NotFound(f"Project {project.uid} does not exist.")
    return held


@prepared
def _held(*, pk: int) -> QuerySet[Project]:
    rows = Project.objects.select_for_update(no_key=True, of=("self",)).filter(pk=pk)
    return rows.select_related("organization", "owner", "team")
