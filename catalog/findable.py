"""What of catalog can be found, and by which words."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from catalog.actors import Actor
from catalog.models import Component, Environment, Membership, Project, Team
from catalog.search import Source, register_source


def owners(actor: Actor, uids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Who owns each of these components."""
    rows = Component.objects.visible_to(actor).filter(uid__in=uids).values_list("uid", "team__name")
    return {uid: f"owned by {team}" if team else "no owner" for uid, team in rows}


def register() -> None:
    """Have catalog's things found; called once when the app starts."""
    register_source(
        Source(
            model=Component,
            label="Component",
            plural="Components",
            icon="box",
            page="catalog:component",
            title=lambda row: row.name,
            text=_of_component,
            related=("team",),
            notes=owners,
        )
    )
    register_source(
        Source(
            model=Environment,
            label="Environment",
            plural="Environments",
            icon="layers",
            page="catalog:environment",
            title=lambda row: row.name,
            text=lambda row: (row.canonical, row.get_kind_display(), row.description),
        )
    )
    register_source(
        Source(
            model=Project,
            label="Project",
            plural="Projects",
            icon="folder",
            page="catalog:project",
            title=lambda row: row.name,
            text=lambda row: (row.canonical, row.description),
        )
    )
    register_source(
        Source(
            model=Team,
            label="Team",
            plural="Teams",
            icon="users-round",
            page="catalog:team",
            title=lambda row: row.name,
            text=lambda row: (row.slug, row.public_id),
        )
    )
    register_source(
        Source(
            model=Membership,
            label="Member",
            plural="Members",
            icon="user-round",
            page="catalog:member",
            title=lambda row: str(row.user),
            text=lambda row: (row.user.email,),
            related=("user",),
        )
    )


def _of_component(row: Component) -> Sequence[str]:
    contacts: list[Any] = row.contacts if isinstance(row.contacts, list) else []
    return (
        row.description,
        row.team.name if row.team else "",
        row.repository,
        row.slug,
        row.record_id,
        *row.tags,
        *(value for each in contacts if isinstance(each, dict) for value in each.values() if isinstance(value, str)),
    )
