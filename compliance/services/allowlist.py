"""The only writers of allow-lists (contract 7.5)."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.actors import Actor, require
from catalog.models import Environment
from catalog.prepared import those
from catalog.services.environments import found_in, lock_environment, pattern_fault
from catalog.services.events import record_event
from compliance.digests import normal_digest
from compliance.models import AllowlistEntry
from compliance.services.drift import evaluate_drift
from config.errors import Conflict

MAX_ENTRIES = 500  # that count at once in one environment: each is matched with each artifact


@transaction.atomic
def add_to_allowlist(
    *,
    actor: Actor,
    environment: Environment,
    reason: str,
    approved_by: str,
    digest: str = "",
    name_pattern: str = "",
    expires_at: datetime | None = None,
) -> AllowlistEntry:
    """Let a digest, or artifacts whose name holds `name_pattern`, run here until `expires_at`; drift is judged anew.

    Raises Forbidden without `organization:allowlist:create` on the environment, Conflict when the list is full,
    ValidationError when neither is named or the pattern is no regular expression. Records `allowlist.added`.
    """
    require(actor, "organization:allowlist:create", environment)
    held = lock_environment(environment)
    if name_pattern and (fault := pattern_fault(name_pattern, found_in)):
        raise ValidationError({"name_pattern": f"{name_pattern!r} is not a regular expression: {fault}"})
    now = timezone.now()
    if AllowlistEntry.objects.filter(environment=held).effective(now).count() >= MAX_ENTRIES:
        raise Conflict(f"The allow-list of {held.name} has {MAX_ENTRIES} entries; remove some first.")
    entry = AllowlistEntry(
        organization=held.organization,
        environment=held,
        digest=normal_digest(digest),
        name_pattern=name_pattern,
        reason=reason,
        approved_by=approved_by,
        expires_at=expires_at,
        created_at=now,
    )
    entry.put()
    _tell("allowlist.added", actor, entry, reason)
    evaluate_drift(actor=actor, environment=held)
    return entry


@transaction.atomic
def remove_from_allowlist(*, actor: Actor, entry: AllowlistEntry, reason: str = "") -> AllowlistEntry:
    """Take the leave back; drift is judged anew.

    Raises Forbidden without `organization:allowlist:delete` on it, Conflict when it was removed already. Records
    `allowlist.removed`.
    """
    require(actor, "organization:allowlist:delete", entry)
    held = lock_environment(entry.environment)
    locked = those(AllowlistEntry.objects.select_for_update).get(pk=entry.pk)
    if locked.removed_at is not None:
        raise Conflict(f"Allow-list entry {locked.uid} was removed already.")
    locked.environment, locked.removed_at = held, timezone.now()
    locked.save(update_fields=["removed_at", "updated_at"])
    _tell("allowlist.removed", actor, locked, reason)
    evaluate_drift(actor=actor, environment=held)
    return locked


def _tell(kind: str, actor: Actor, entry: AllowlistEntry, reason: str) -> None:
    data = {
        "environment": entry.environment.name,
        "environment_id": entry.environment.uid,
        "digest": entry.digest or None,
        "name_pattern": entry.name_pattern or None,
        "reason": reason,
        "approved_by": entry.approved_by,
        "expires_at": entry.expires_at,
    }
    label = f"{entry.digest[:19]}…" if len(entry.digest) > 20 else str(entry)
    record_event(kind, subject=entry, actor=actor, related=[entry.environment], data=data, label=label)
