"""Environments, what runs in them and what should, in OpenFactstore's words (contract 7)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from catalog.models import Environment
from catalog.models.environment import empty_scope
from compliance.models import AllowlistEntry, DriftReport, EnvironmentBaseline, RunningArtifact, Sighting, Snapshot
from compliance.services.builds import UNKNOWN, Build
from compliance.services.differences import Diff

# What services call the fields these clients know by other names.
WORDS = {
    "kind": "type",
    "drift_policy": "driftPolicy",
    "recorded_by": "recordedBy",
    "approved_by": "approvedBy",
    "digest": "sha256",
    "name_pattern": "namePattern",
}


def from_environment(environment: Environment) -> dict[str, Any]:
    """An environment. Its compliance is unknown while no policy is attached (contract 7.6), and none can be yet."""
    return {
        "id": environment.uid,
        "name": environment.name,
        "type": environment.kind.upper(),
        "description": environment.description,
        "orgSlug": environment.organization.slug,
        "driftPolicy": environment.drift_policy.upper(),
        "scope": environment.scope if environment.scope != empty_scope() else None,
        "complianceState": UNKNOWN.upper(),
        "createdAt": environment.created_at,
        "updatedAt": environment.updated_at,
    }


def to_environment(said: Mapping[str, Any]) -> dict[str, Any]:
    """The service's values of what was said; lists a scope leaves out are empty."""
    values = dict(said)
    if "scope" in values:
        values["scope"] = {
            side: {kind: values["scope"].get(side, {}).get(kind, []) for kind in kinds}
            for side, kinds in empty_scope().items()
        }
    return values


def from_snapshot(
    environment: Environment, snapshot: Snapshot, artifacts: Iterable[RunningArtifact], builds: Mapping[str, Build]
) -> dict[str, Any]:
    """A snapshot with what ran."""
    return {
        "id": snapshot.uid,
        "environmentId": environment.uid,
        "snapshotIndex": snapshot.index,
        "recordedAt": snapshot.created_at,
        "recordedBy": snapshot.recorded_by,
        "artifacts": [
            {
                "artifactSha256": each.digest,
                "artifactName": each.name,
                "artifactTag": each.tag,
                "instanceCount": each.instances,
                "complianceState": (builds[each.digest].state if each.digest in builds else UNKNOWN).upper(),
            }
            for each in artifacts
        ],
    }


def from_diff(environment: Environment, one: Snapshot, other: Snapshot, diff: Diff) -> dict[str, Any]:
    """The difference of two snapshots."""
    return {
        "environmentId": environment.uid,
        "fromSnapshotIndex": one.index,
        "toSnapshotIndex": other.index,
        "added": diff.added,
        "removed": diff.removed,
        "updated": diff.updated,
        "unchanged": diff.unchanged,
    }


def from_baseline(environment: Environment, baseline: EnvironmentBaseline) -> dict[str, Any]:
    """A baseline."""
    return {
        "id": baseline.uid,
        "environmentId": environment.uid,
        "snapshotId": baseline.snapshot.uid if baseline.snapshot else None,
        "approvedBy": baseline.approved_by,
        "approvedAt": baseline.created_at,
        "description": baseline.description,
        "isActive": baseline.is_active,
    }


def from_report(environment: Environment, report: DriftReport) -> dict[str, Any]:
    """A drift report, its entries as they were stored."""
    return {
        "id": report.uid,
        "environmentId": environment.uid,
        "baselineId": report.baseline.uid if report.baseline else None,
        "snapshotId": report.snapshot.uid,
        "generatedAt": report.created_at,
        "hasDrift": report.has_drift,
        "driftPolicy": report.drift_policy.upper(),
        "added": report.added,
        "removed": report.removed,
        "updated": report.updated,
        "allowlisted": report.allowlisted,
    }


def from_allowlist_entry(environment: Environment, entry: AllowlistEntry, at: datetime) -> dict[str, Any]:
    """An entry of the allow-list, as it counts at `at`."""
    return {
        "id": entry.uid,
        "environmentId": environment.uid,
        "sha256": entry.digest or None,
        "namePattern": entry.name_pattern or None,
        "reason": entry.reason,
        "approvedBy": entry.approved_by,
        "createdAt": entry.created_at,
        "expiresAt": entry.expires_at,
        "status": "REMOVED" if entry.removed_at else "ACTIVE",
        "isEffective": entry.is_effective(at),
    }


def from_sighting(environment: Environment, sighting: Sighting) -> dict[str, Any]:
    """When a digest was first seen running."""
    return {
        "id": sighting.uid,
        "artifactSha256": sighting.digest,
        "environmentId": environment.uid,
        "snapshotIndex": sighting.snapshot_index,
        "deployedAt": sighting.seen_at,
    }
