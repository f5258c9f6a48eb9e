"""Versions of a project's files, and which of them runs in which environment.

What is kept here is what should run; starting it is the business of whoever runs the environment.
"""

import json
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.actors import Actor, require
from catalog.models import Project, ProjectEnvironment, ProjectVersion
from catalog.services.events import record_event
from catalog.services.numbers import short_id
from catalog.services.project_environments import lock_link
from catalog.services.projects import lock_project
from config.errors import BadInput, Conflict, FieldError

State, Status = ProjectVersion.State, ProjectEnvironment.Status
File = dict[str, str]
MOST_FILES = 1000
MOST_TEXT = 8 * 1024 * 1024  # letters of all files of a project
LONGEST_NAME = 512


def check_files(files: list[File]) -> list[File]:
    """Return `files` ({filename, content}) when their names are relative paths, each once, and they are not too many.

    Raises BadInput naming each that is not.
    """
    seen: set[str] = set()
    faults = []
    for position, file in enumerate(files):
        fault = _name_fault(file["filename"]) or ("stands twice" if file["filename"] in seen else "")
        seen.add(file["filename"])
        if fault:
            faults.append(FieldError(f"files[{position}].filename", fault))
    if len(files) > MOST_FILES or sum(len(file["content"]) for file in files) > MOST_TEXT:
        faults.append(FieldError("files", f"are more than {MOST_FILES:,}, or than {MOST_TEXT:,} letters in all"))
    if faults:
        raise BadInput(f"{len(faults)} field{'s are' if len(faults) != 1 else ' is'} not valid.", fields=faults)
    return files


def _name_fault(name: str) -> str:
    if len(name) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} letters"
    if any(step in ("", ".", "..") for step in name.split("/")) or "\\" in name:
        return "must be a relative path with / between its steps"
    return ""


def examine(files: list[File]) -> tuple[list[str], list[str]]:
    """What is wrong with the structure of `files`, and what was looked at; nothing of them is run."""
    faults = [] if files else ["There are no files."]
    try:
        check_files(files)
    except BadInput as error:
        faults += [f"{each.path} {each.message}" for each in error.fields]
    for file in files:
        if file["filename"].endswith(".json"):
            try:
                json.loads(file["content"])
            except (ValueError, RecursionError) as error:
                faults.append(f"{file['filename']}: {error}")
    return faults, ["there are files", "their names are relative paths, each once", "JSON files are JSON"]


@transaction.atomic
def set_files(
    *, actor: Actor, project: Project, files: list[File], labels: dict[str, str] | None = None, keep: bool = False
) -> Project:
    """Make `files` the current ones of a project; `keep` those of other names. Labels are replaced when given.

    Raises Forbidden without `organization:project:update`, BadInput for bad names. Records `project.updated` with how
    many files there are.
    """
    require(actor, "organization:project:update", project)
    locked = lock_project(project)
    check_files(files)
    before = len(locked.files)
    if keep:
        told = {file["filename"]: file for file in files}
        files = [told.pop(file["filename"], file) for file in locked.files] + list(told.values())
        check_files(files)
    locked.files = files
    locked.labels = locked.labels if labels is None else labels
    locked.save(update_fields=["files", "labels", "updated_at"])
    data = {"before": {"files": before}, "after": {"files": len(files)}}
    record_event("project.updated", subject=locked, actor=actor, data=data)
    return locked


@transaction.atomic
def save_version(*, actor: Actor, project: Project, name: str, files: list[File], **values: Any) -> ProjectVersion:
    """Keep `files` as a version of a project; `values` are description and labels.

    Raises Forbidden without `organization:project_version:create`, Conflict for a name that is taken, BadInput for bad
    file names, ValidationError. Records `project_version.created`.
    """
    lock_project(project)
    version = ProjectVersion(
        organization_id=project.organization_id, project=project, name=name, files=check_files(files), **values
    )
    require(actor, "organization:project_version:create", version)
    if ProjectVersion.objects.filter(project=project, name=name).exists():
        message = f"{project} has a version {name} already."
        raise Conflict(message, fields=[FieldError("name", message)])
    version.put()
    said = {"project": project.name}
    record_event("project_version.created", subject=version, actor=actor, related=[project], data=said)
    return version


@transaction.atomic
def deploy(
    *,
    actor: Actor,
    link: ProjectEnvironment,
    files: list[File] | None = None,
    labels: dict[str, str] | None = None,
    name: str = "",
    description: str = "",
) -> ProjectEnvironment:
    """Make a version of `files` (else of the project's current ones) and let it run in the environment of `link`.

    Given files become the project's current ones; a version without a name gets a random one. Raises as `set_files`,
    `save_version` and `run_version` do; nothing is kept then. Records their events.
    """
    project = lock_project(link.project)
    if files is not None:
        project = set_files(actor=actor, project=project, files=files, labels=labels)
    kept = project.labels if labels is None else labels
    version = save_version(
        actor=actor,
        project=project,
        name=name or short_id(12),
        files=project.files,
        labels=kept,
        description=description,
    )
    return run_version(actor=actor, link=link, version=version)


@transaction.atomic
def run_version(*, actor: Actor, link: ProjectEnvironment, version: ProjectVersion) -> ProjectEnvironment:
    """Let a version of the project run in the environment of `link`; what ran there before is superseded when it runs
    nowhere else.

    Raises Forbidden without `organization:project_environment:deploy`, Conflict for another project's version. Records
    `project_environment.deployed`.
    """
    require(actor, "organization:project_environment:deploy", link)
    lock_project(link.project)  # the states of its versions are judged one deployment after the other
    locked = lock_link(link)
    if version.project_id != locked.project_id:
        raise Conflict(f"Version {version} is not one of {locked.project}.")
    before, locked.deployed_version = locked.deployed_version, version
    locked.status, locked.last_deployed_at = Status.RUNNING, timezone.now()
    locked.put()
    _set_state(version, State.READY)
    if before is not None and before != version and not before.links.exists():
        _set_state(before, State.SUPERSEDED)
    record_event(
        "project_environment.deployed",
        subject=locked,
        actor=actor,
        data={"version": version.name, "before": before.name if before else ""},
        related=[locked.project, locked.environment, version],
    )
    return locked


@transaction.atomic
def sync_environment(*, actor: Actor, source: ProjectEnvironment, target: ProjectEnvironment) -> ProjectEnvironment:
    """Let what is deployed in `source` run in `target`. Raises Conflict when nothing is; else as `run_version`."""
    lock_project(source.project)
    version = lock_link(source).deployed_version
    if version is None:
        raise Conflict(f"Nothing is deployed in {source.name}.")
    return run_version(actor=actor, link=target, version=version)


@transaction.atomic
def suspend(*, actor: Actor, link: ProjectEnvironment) -> ProjectEnvironment:
    """Stop what runs of a project in an environment; nothing happens where nothing runs.

    Raises Forbidden without `organization:project_environment:deploy`. Records `project_environment.suspended`.
    """
    require(actor, "organization:project_environment:deploy", link)
    locked = lock_link(link)
    if locked.status == Status.RUNNING:
        locked.status = Status.SUSPENDED
        locked.save(update_fields=["status", "updated_at"])
        related = [locked.project, locked.environment]
        record_event("project_environment.suspended", subject=locked, actor=actor, related=related)
    return locked


def _set_state(version: ProjectVersion, state: str) -> None:
    if version.state != state:
        version.state = state
        version.save(update_fields=["state", "updated_at"])
