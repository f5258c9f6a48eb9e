"""Projects in Versori's words."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from catalog.models import Project, ProjectEnvironment, ProjectVersion, TenantModel
from catalog.ulids import ulid

Body = dict[str, Any]
NEVER = "0001-01-01T00:00:00Z"  # both sources require the time of the last deployment, also before the first
RUN = "/api/v2/run/"


def id_of(row: TenantModel) -> str:
    """The id of a row."""
    return ulid(row.uid.bytes)


def moment(at: datetime) -> str:
    """A time in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_version(version: ProjectVersion) -> Body:
    """ProjectVersion; its files have a route of their own."""
    body = {"id": id_of(version), "name": version.name, "state": version.state, "createdAt": moment(version.created_at)}
    if version.description:
        body["description"] = version.description
    return body | {"labels": version.labels}


def from_link(link: ProjectEnvironment, absolute: Callable[[str], str], *, files: bool = True) -> Body:
    """ProjectEnvironment; `absolute` makes a path an address, `files` shows what is deployed."""
    suffix = f"-{link.address_key}" if link.address_key else ""
    body = {
        "id": id_of(link),
        "name": link.name,
        "status": link.status,
        "publicUrl": absolute(f"{RUN}{id_of(link)}{suffix}"),
        "config": link.config,
        "labels": link.labels,
        "createdAt": moment(link.created_at),
        "updatedAt": moment(link.updated_at),
        "lastDeployedAt": moment(link.last_deployed_at) if link.last_deployed_at else NEVER,
    }
    if link.execution_pool:
        body["executionPool"] = link.execution_pool
    if link.deployed_version is not None:
        body["deployedVersion"] = from_version(link.deployed_version)
        if files:
            body["files"] = link.deployed_version.files
    return body


def _common(project: Project, absolute: Callable[[str], str], *, files: bool) -> Body:
    return {
        "id": id_of(project),
        "name": project.name,
        "environments": [from_link(link, absolute, files=files) for link in project.ordered_environments()],
        "starred": project.is_starred,
        "createdAt": moment(project.created_at),
        "updatedAt": moment(project.updated_at),
    }


def to_summary(project: Project, absolute: Callable[[str], str]) -> Body:
    """ProjectSummary."""
    return _common(project, absolute, files=False)


def from_project(project: Project, absolute: Callable[[str], str]) -> Body:
    """Project."""
    body = _common(project, absolute, files=True)
    if project.variables_schema:
        body["dynamicVariablesSchema"] = project.variables_schema
    return body | {
        "currentFiles": from_files(project),
        "settings": project.settings,
        "metadata": project.metadata,
    }


def from_files(holder: Project | ProjectVersion) -> Body:
    """Files, current or of a version."""
    return {"files": holder.files, "labels": holder.labels}


def from_examination(
    project: Project, faults: list[str], checks: list[str], *, began: datetime, ended: datetime
) -> Body:
    """ValidationResult, which says what was looked at and that types were not."""
    links = project.ordered_environments()
    return {
        "project_id": id_of(project),
        "environment": links[0].name if links else "",
        "validation": {
            "success": not faults,
            "duration": f"{(ended - began).total_seconds() * 1000:.0f}ms",
            "error": "\n".join(faults),
            "output": "\n".join([*(f"checked: {each}" for each in checks), "not checked: types"]),
            "timestamp": moment(ended),
        },
    }
