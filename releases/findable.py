"""What of releases can be found, and by which words."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from catalog.actors import Actor
from catalog.search import Source, register_source
from catalog.vocabulary import look_up
from releases.models import Application, DeploymentPolicy, Release, Ruleset


def states(actor: Actor, uids: Sequence[UUID]) -> Mapping[UUID, str]:
    """The state of each of these releases."""
    rows = Release.objects.visible_to(actor).filter(uid__in=uids).values_list("uid", "state")
    return {uid: look_up("release", state).word.lower() for uid, state in rows}


def register() -> None:
    """Have releases' things found; called once when the app starts."""
    register_source(
        Source(
            model=Application,
            label="Application",
            plural="Applications",
            icon="gate",
            page="releases:application",
            title=lambda row: row.key,
            text=lambda row: (row.latest and row.latest.display_name,),
            related=("latest",),
        )
    )
    register_source(
        Source(
            model=Ruleset,
            label="Ruleset",
            plural="Rulesets",
            icon="gate",
            page="releases:ruleset",
            title=lambda row: row.key,
            text=lambda row: (row.latest.display_name, row.latest.description) if row.latest else (),
            related=("latest",),
        )
    )
    register_source(
        Source(
            model=DeploymentPolicy,
            label="Deployment policy",
            plural="Deployment policies",
            icon="shield",
            page="",
            title=lambda row: row.name,
            text=lambda row: (row.description,),
        )
    )
    register_source(
        Source(
            model=Release,
            label="Release",
            plural="Releases",
            icon="gate-open",
            page="releases:release-by-uid",
            title=str,
            text=lambda row: (f"Release {row.number}", row.source_identity, row.digest, row.comments, row.created_by),
            related=("application",),
            notes=states,
        )
    )
