"""The only writers of attestations and their evidence."""

import hashlib
import re
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet

from catalog.actors import Actor, require
from catalog.prepared import prepared
from catalog.services.events import record_event
from compliance.digests import normal_digest
from compliance.models import Attestation, Evidence, Trail
from compliance.processors import judge_evidence
from compliance.processors.finding import Finding
from compliance.services.trails import locked_trail, store_statuses
from config.dry_run import is_dry_run
from config.errors import IntegrityFault, NotFound, TooLarge

Status = Attestation.Status
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}(; ?charset=[\w-]{1,40})?", re.ASCII)
PLAIN_BYTES = "application/octet-stream"


@transaction.atomic
def record_attestation(*, actor: Actor, trail: Trail, type: str, status: str, **values: Any) -> Attestation:
    """Say that something was checked on this trail, with its result: passed, failed or pending.

    `values` are name, details, description, metadata, evidence_url, digest (of the one artifact it is about). The
    latest of a (type, name, digest) counts. Raises Forbidden without `organization:attestation:create` on the trail,
    ValidationError. Records `attestation.recorded`, and what becomes of the trail.
    """
    require(actor, "organization:attestation:create", trail)
    held = locked_trail(trail)
    digest = values.pop("digest", None)
    attestation = Attestation(
        organization=held.flow.organization,
        trail=held,
        type=type,
        status=status,
        digest=normal_digest(digest) if digest else None,
        recorded_by=actor.label,
        **values,
    )
    attestation.put()
    record_event(
        "attestation.recorded",
        subject=attestation,
        actor=actor,
        related=[held, held.component, held.flow],
        data={"type": type, "status": status, "digest": attestation.digest, "trail": held.uid},
    )
    store_statuses([held], actor=actor)
    return attestation


def attach_evidence(
    *, actor: Actor, attestation: Attestation, file_name: str, content_type: str, content: bytes
) -> Evidence:
    """Keep a file that backs an attestation; where its type has a reader, the file decides the attestation's status.

    Files of one name replace each other, files of other names must all pass: a build that uploads a report per module
    passes only when each of them does. The file is stored before its row commits, so a crash leaves at worst a file
    nobody names. Raises Forbidden without `organization:attestation:create` on the trail, and TooLarge. Records
    `evidence.attached`, and what becomes of the trail.
    """
    require(actor, "organization:attestation:create", attestation.trail)
    if len(content) > settings.EVIDENCE_MAX_BYTES:
        raise TooLarge(f"Evidence is at most {settings.EVIDENCE_MAX_BYTES:,} bytes.")
    finding = judge_evidence(attestation.type, content)
    digest = hashlib.sha256(content).hexdigest()
    store_content(digest, content)
    with transaction.atomic():
        held = locked_trail(attestation.trail)
        evidence = Evidence(
            organization=held.flow.organization,
            attestation=attestation,
            file_name=_clean_name(file_name),
            sha256=digest,
            size=len(content),
            content_type=content_type if _MEDIA_TYPE.fullmatch(content_type or "") else PLAIN_BYTES,
            status=_status(finding) if finding else "",
        )
        evidence.put()
        if finding is not None:
            _judge(attestation, finding)
        record_event(
            "evidence.attached",
            subject=attestation,
            actor=actor,
            related=[held, held.component, held.flow],
            data={"file": evidence.file_name, "sha256": digest, "size": evidence.size, "status": attestation.status},
        )
        store_statuses([held], actor=actor)
    return evidence


def _status(finding: Finding) -> str:
    return Status.PASSED if finding.passed else Status.FAILED


def _judge(attestation: Attestation, finding: Finding) -> None:
    """The attestation says what its newest file says, and fails while the newest file of another name failed."""
    latest = _judged(attestation=attestation.pk)
    failed = sorted(name for name, status in latest if status == Status.FAILED)
    details = finding.details | ({"failedFiles": failed} if finding.passed and failed else {})
    attestation.status = Status.FAILED if failed else Status.PASSED
    attestation.details = Finding(not failed, details).text
    attestation.save(update_fields=["status", "details", "updated_at"])


@prepared
def _judged(*, attestation: int) -> QuerySet[Evidence, tuple[str, str]]:
    """Name and result of the newest file of each name."""
    files = Evidence.objects.filter(attestation=attestation).exclude(status="")
    return files.order_by("file_name", "-pk").distinct("file_name").values_list("file_name", "status")


def evidence_path(sha256: str) -> str:
    """Where the content with this hash is stored."""
    return f"sha256/{sha256[:2]}/{sha256[2:]}"


def store_content(sha256: str, content: bytes) -> None:
    """Store content under its hash, once; not in a dry run. A file cut short by a crash is written anew."""
    if is_dry_run():
        return
    path = evidence_path(sha256)
    if default_storage.exists(path):
        if default_storage.size(path) == len(content):
            return
        default_storage.delete(path)
    saved = default_storage.save(path, ContentFile(content))
    if saved != path:  # somebody stored the same content meanwhile
        default_storage.delete(saved)


def load_evidence(evidence: Evidence) -> bytes:
    """The bytes of an evidence file, hashed again. Raises NotFound when it is kept elsewhere, IntegrityFault when what
    is stored is not what was uploaded."""
    if evidence.external_url:
        raise NotFound(f"Evidence {evidence.sha256} is not stored here.")
    try:
        with default_storage.open(evidence_path(evidence.sha256)) as stored:
            content = bytes(stored.read())
    except FileNotFoundError as error:
        raise IntegrityFault(f"Evidence {evidence.sha256} is missing from the store.") from error
    if hashlib.sha256(content).hexdigest() != evidence.sha256:
        raise IntegrityFault(f"Evidence {evidence.sha256} is not what was uploaded.")
    return content


def _clean_name(name: str) -> str:
    """The last part of a path, printable, at most 255 characters."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(letter for letter in last if letter.isprintable()).strip()[:255] or "evidence"
