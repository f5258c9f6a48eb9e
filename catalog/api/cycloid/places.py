"""Projects and environments as Cycloid's models, and what bodies say about them."""

import json
from base64 import b64encode
from typing import Any

from catalog.api.cycloid import mapping
from catalog.api.cycloid.base import OrganizationView, member_named
from catalog.api.cycloid.words import seconds
from catalog.models import Environment, Organization, Project
from config.crypto import encrypt
from config.errors import BadInput, FieldError

Body = dict[str, Any]
STAGES = {
    Environment.Stage.PRODUCTION: "red",
    Environment.Stage.STAGING: "orange",
    Environment.Stage.DEVELOPMENT: "green",
}


def environment(row: Environment) -> Body:
    """An environment; Gatehouse keeps no instances of stacks, so it has no components."""
    body = {
        "id": row.pk,
        "canonical": row.canonical,
        "name": row.name,
        "description": row.description,
        "color": row.color,
        "components": [],
        "cloud_accounts": [],
        "resources_count": row.running_count,
        "variables": [{key: value for key, value in each.items() if key != "sealed"} for each in row.variables],
        **mapping.times(row),
    }
    if row.owner:
        body["owner"] = mapping.user(row.owner)
    if row.stage:
        body["environment_type"] = stage(row.stage, row.organization)
    return body


def stage(word: str, place: Organization, count: int = 0) -> Body:
    """One of the types that environments come in; they are the same everywhere."""
    position = list(STAGES).index(Environment.Stage(word))
    return {
        "id": position + 1,
        "canonical": word,
        "name": word.title(),
        "color": STAGES[Environment.Stage(word)],
        "is_default": True,
        "environments_count": count,
        "created_at": seconds(place.created_at),
        "updated_at": seconds(place.created_at),
    }


def project(row: Project) -> Body:
    """A project with its environments, and whether the caller keeps it at hand (annotated)."""
    body = {
        "id": row.pk,
        "canonical": row.canonical,
        "name": row.name,
        "description": row.description,
        "color": row.color,
        "icon": row.icon,
        "favorite": bool(getattr(row, "is_favorite", False)),
        "environments": [environment(link.environment) for link in row.ordered_environments()],
        **mapping.times(row),
    }
    if row.config_repository:
        body["config_repository_canonical"] = row.config_repository
    if row.cloud_provider:
        body["cloud_provider"] = {"canonical": row.cloud_provider, "name": row.cloud_provider}
    if row.owner:
        body["owner"] = mapping.user(row.owner)
    if row.team:
        body["team"] = mapping.simple_team(row.team)
    return body


def environment_values(view: OrganizationView, said: Body) -> Body:
    """What a body says about an environment, in our words; only what it says. Raises BadInput."""
    values: Body = {name: said[name] for name in ("name", "color", "description") if name in said}
    if said.get("cloud_account_canonicals"):
        raise BadInput(
            "Unknown account.", fields=[FieldError("cloud_account_canonicals", "there are no cloud accounts")]
        )
    if said.get("type"):
        values["stage"] = said["type"]
    if "owner" in said:
        values["owner"] = member_named(view.organization, said["owner"])
    if "variables" in said:
        values["variables"] = [variable(each, view.organization) for each in said["variables"]]
    return values


def variable(said: Body, place: Organization) -> Body:
    """A variable as it is kept: a sensitive value is encrypted, and never shown again."""
    kept = {"key": said["key"], "type": said["type"], "sensitive": said.get("sensitive", False)}
    kept["description"] = said.get("description", "")
    if not kept["sensitive"]:
        return kept | {"value": said["value"]}
    sealed = encrypt(json.dumps(said["value"]).encode(), f"variable of {place.uid}")
    return kept | {"sealed": b64encode(sealed).decode(), "value": None}
