"""What of compliance can be found, and by which words."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.contrib.postgres.aggregates import StringAgg

from catalog.actors import Actor
from catalog.search import Source, register_source
from catalog.vocabulary import look_up
from compliance.models import Artifact, Attestation, Flow, RunningArtifact, Trail


def standing(actor: Actor, uids: Sequence[UUID]) -> Mapping[UUID, str]:
    """The flow and the state of each of these trails."""
    rows = Trail.objects.visible_to(actor).filter(uid__in=uids).values_list("uid", "flow__name", "status")
    return {uid: f"{flow}, {look_up('trail', status).word.lower()}" for uid, flow, status in rows}


def places(actor: Actor, uids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Where each of these artifacts runs now."""
    digests = dict(Artifact.objects.visible_to(actor).filter(uid__in=uids).values_list("uid", "digest"))
    running = RunningArtifact.objects.visible_to(actor).running_now().filter(digest__in=set(digests.values()))
    named = StringAgg("snapshot__environment__name", ", ", distinct=True)
    where = dict(running.order_by().values("digest").annotate(named=named).values_list("digest", "named"))
    return {uid: f"runs in {where[digest]}" if digest in where else "runs nowhere" for uid, digest in digests.items()}


def results(actor: Actor, uids: Sequence[UUID]) -> Mapping[UUID, str]:
    """What each of these attestations says."""
    rows = Attestation.objects.visible_to(actor).filter(uid__in=uids).values_list("uid", "status")
    return {uid: look_up("attestation", status).word.lower() for uid, status in rows}


def register() -> None:
    """Have compliance's things found; called once when the app starts."""
    register_source(
        Source(
            model=Flow,
            label="Flow",
            plural="Flows",
            icon="shield-check",
            page="compliance:flow",
            title=lambda row: row.name,
            text=lambda row: (row.description, *(f"{key} {value}" for key, value in row.tags.items())),
        )
    )
    register_source(
        Source(
            model=Artifact,
            label="Artifact",
            plural="Artifacts",
            icon="package",
            page="compliance:artifact",
            title=str,
            text=lambda row: (row.digest, row.reported_by),
            shelf=2,
            notes=places,
        )
    )
    register_source(
        Source(
            model=Trail,
            label="Trail",
            plural="Trails",
            icon="git-commit-horizontal",
            page="compliance:trail",
            title=lambda row: f"{row.commit[:8]} on {row.branch}",
            text=lambda row: (row.name, row.commit, row.author, row.author_email),
            shelf=1,
            notes=standing,
        )
    )
    register_source(
        Source(
            model=Attestation,
            label="Attestation",
            plural="Attestations",
            icon="file-text",
            page="compliance:attestation",
            title=str,
            text=lambda row: (row.type, row.description, row.digest, row.recorded_by),
            shelf=3,
            notes=results,
        )
    )
