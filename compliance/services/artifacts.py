"""The only writer of artifacts."""

from typing import Any

from django.db import transaction

from catalog.actors import Actor, require
from catalog.services.events import record_event
from compliance.digests import normal_digest
from compliance.models import Artifact, Trail
from compliance.services.trails import locked_trail, store_statuses


@transaction.atomic
def register_artifact(
    *, actor: Actor, trail: Trail, name: str, tag: str, digest: str, reported_by: str, **values: Any
) -> Artifact:
    """Say that `digest` was built on this trail; from now on the trail must prove what is asked of it.

    `values` are registry, kind, build_url, commit_url. The digest is free form here; a whole SHA-256 is kept in lower
    case. Raises Forbidden without `organization:artifact:create` on the trail, ValidationError. Records
    `artifact.registered`.
    """
    require(actor, "organization:artifact:create", trail)
    held = locked_trail(trail)
    artifact = Artifact(
        organization=held.flow.organization,
        trail=held,
        name=name,
        tag=tag,
        digest=normal_digest(digest),
        reported_by=reported_by,
        **values,
    )
    artifact.put()
    record_event(
        "artifact.registered",
        subject=artifact,
        actor=actor,
        related=[held, held.component, held.flow],
        data={
            "digest": artifact.digest,
            "trail": held.uid,
            "registry": artifact.registry,
            "reported_by": reported_by,
        },
    )
    store_statuses([held], actor=actor)
    return artifact
