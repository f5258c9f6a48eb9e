"""The only writers of provenance (contract 3)."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.actors import Actor, require
from catalog.services.events import record_event
from compliance.models import Artifact, Provenance
from compliance.provenance import Checked, check_signature
from config.errors import Conflict

RIGHT = "organization:artifact:create"


@transaction.atomic
def record_provenance(*, actor: Actor, artifact: Artifact, **values: Any) -> Provenance:
    """Say where an artifact comes from, once; its signature is checked when the organization has a key.

    `values` are builder_id, builder_type, build_config_uri, source_repository_uri, source_commit, started_at,
    finished_at, signature, level. Raises Forbidden without `organization:artifact:create` on it, Conflict when it is
    recorded already, ValidationError. Records `provenance.recorded`.
    """
    require(actor, RIGHT, artifact)
    rows = Artifact.objects.select_for_update(no_key=True, of=("self",)).select_related("organization")
    held = rows.get(pk=artifact.pk)
    if Provenance.objects.filter(artifact=held).exists():
        raise Conflict(f"Provenance of artifact {held.uid} is recorded already.")
    provenance = Provenance(organization=held.organization, artifact=held, recorded_by=actor.label, **values)
    _check(provenance)
    provenance.put()
    _tell("provenance.recorded", actor, provenance)
    return provenance


@transaction.atomic
def verify_provenance(*, actor: Actor, provenance: Provenance) -> Provenance:
    """Check the signature again, with the key of now. What can't be checked is not verified, and says why.

    Raises Forbidden without `organization:artifact:create` on the artifact. Records `provenance.checked`.
    """
    require(actor, RIGHT, provenance.artifact)
    rows = Provenance.objects.select_for_update(of=("self",)).select_related("artifact__trail", "organization")
    held = rows.get(pk=provenance.pk)
    _check(held)
    held.save(update_fields=["verified", "verdict", "checked_at", "updated_at"])
    _tell("provenance.checked", actor, held)
    return held


def _check(provenance: Provenance) -> None:
    """Write what the signature proves."""
    provenance.checked_at = timezone.now()
    key = provenance.organization.provenance_key
    if not provenance.is_signed:
        provenance.verified, provenance.verdict = None, "It carries no signature, so nothing vouches for it."
    elif not key:
        said = "The organisation has no key to verify provenance with, so the signature was not checked."
        provenance.verified, provenance.verdict = None, said
    else:
        artifact = provenance.artifact
        found: Checked = check_signature(
            provenance.signature or "", pem=key, digest=artifact.digest, builder_id=provenance.builder_id
        )
        provenance.verified, provenance.verdict = found.verified, found.said[:512]


def _tell(kind: str, actor: Actor, provenance: Provenance) -> None:
    artifact = provenance.artifact
    trail = artifact.trail
    data = {
        "digest": artifact.digest,
        "builder": provenance.builder_id,
        "level": provenance.level,
        "verified": provenance.verified,
        "said": provenance.verdict,
    }
    related = [trail, trail.component, trail.flow]
    record_event(kind, subject=artifact, actor=actor, related=related, data=data)
