"""The only writers of snapshots, and of what was first seen where and when."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction

from catalog.actors import Actor, require
from catalog.models import Environment, Event
from catalog.services.environments import lock_environment, matching, note_snapshot
from catalog.services.events import event_of, record_event, record_events
from compliance.digests import normal_digest
from compliance.models import RunningArtifact, Sighting, Snapshot, Trail
from compliance.services.builds import trails_of
from compliance.services.differences import Diff, Entry, diff_snapshots
from compliance.services.drift import evaluate_drift, latest_snapshot
from config.errors import BadInput, FieldError, RuleViolation

MAX_ARTIFACTS = 5000  # of one snapshot
MAX_EVENTS = 500  # single ones of one snapshot; the summary counts them all
Kind = Environment.Kind
BY_NAME = {Kind.K8S, Kind.ECS, Kind.LAMBDA, Kind.DOCKER}  # where a scope's names hold (contract 7.2)
BY_PATTERN = {Kind.K8S, Kind.ECS, Kind.LAMBDA}  # and its patterns


Reported = Mapping[str, Any]  # one artifact as it was seen: its digest, name, tag and number of instances


@transaction.atomic
def record_snapshot(
    *, actor: Actor, environment: Environment, recorded_by: str, artifacts: Sequence[Reported]
) -> Snapshot:
    """Store all that runs in an environment now: full state, not a change. What its scope leaves out is not kept.

    Digests are free form; a whole SHA-256 is kept in lower case. Snapshots of one environment follow one another, with
    indexes from 1. Raises Forbidden without `organization:snapshot:create` on the environment, BadInput for more than
    5,000 artifacts, ValidationError naming what is wrong in which. Records `snapshot.recorded`, and
    `artifact.deployed`, `artifact.updated`, `artifact.removed` for at most 500 differences to the snapshot before;
    then judges drift.
    """
    require(actor, "organization:snapshot:create", environment)
    if len(artifacts) > MAX_ARTIFACTS:
        message = f"A snapshot holds at most {MAX_ARTIFACTS:,} artifacts, not {len(artifacts):,}."
        raise BadInput(message, fields=[FieldError("artifacts", message)])
    held = lock_environment(environment)
    before, kept = latest_snapshot(held), in_scope(held, artifacts)
    snapshot = Snapshot(
        organization=held.organization,
        environment=held,
        index=held.snapshot_index + 1,
        recorded_by=recorded_by,
        running=len(kept),
    )
    snapshot.put()
    rows = RunningArtifact.objects.bulk_create(_rows(snapshot, kept))
    first = _note_sightings(snapshot, {each.digest for each in rows})
    note_snapshot(held, index=snapshot.index, at=snapshot.created_at, by=recorded_by, running=len(rows))
    diff = _note_changes(before, snapshot)
    _tell(actor, snapshot, before, diff, first, left_out=len(artifacts) - len(kept))
    evaluate_drift(actor=actor, environment=held)
    return snapshot


def _note_changes(before: Snapshot | None, snapshot: Snapshot) -> Diff:
    """Write how much a snapshot with its rows differs from the one before; returns the difference."""
    diff = diff_snapshots(before, snapshot)
    snapshot.added, snapshot.updated, snapshot.removed = len(diff.added), len(diff.updated), len(diff.removed)
    snapshot.save(update_fields=["added", "updated", "removed"])
    return diff


def in_scope(environment: Environment, artifacts: Sequence[Reported]) -> list[Reported]:
    """The artifacts an environment's scope lets in: included by name or pattern, and not excluded (contract 7.2)."""
    if environment.kind not in BY_NAME:
        return list(artifacts)
    names = {each["name"] for each in artifacts}
    include, exclude = environment.scope["include"], environment.scope["exclude"]
    kept = names
    if include["names"] or (include["patterns"] and environment.kind in BY_PATTERN):
        kept = names & set(include["names"]) | _matching(environment, names, include["patterns"])
    kept = kept - set(exclude["names"]) - _matching(environment, kept, exclude["patterns"])
    return [each for each in artifacts if each["name"] in kept]


def _matching(environment: Environment, names: set[str], patterns: Sequence[str]) -> set[str]:
    if environment.kind not in BY_PATTERN or not patterns:
        return set()
    try:
        return matching(sorted(names), patterns)
    except OperationalError as error:
        raise RuleViolation(f"The patterns in the scope of {environment.name} take too long to match.") from error


def _rows(snapshot: Snapshot, artifacts: Sequence[Reported]) -> list[RunningArtifact]:
    """The rows of a snapshot, checked field by field; `full_clean` would ask the database about each."""
    rows = []
    for position, each in enumerate(artifacts):
        row = RunningArtifact(
            organization_id=snapshot.organization_id,
            snapshot=snapshot,
            name=each["name"],
            tag=each["tag"],
            digest=normal_digest(each["digest"]),
            instances=each["instances"],
        )
        try:
            row.clean_fields(exclude=["organization", "snapshot"])
        except ValidationError as error:
            named = {f"artifacts[{position}].{name}": said for name, said in error.message_dict.items()}
            raise ValidationError(named) from error
        rows.append(row)
    return rows


def _note_sightings(snapshot: Snapshot, digests: set[str]) -> set[str]:
    """Write when these digests were first seen in the environment; returns those that are new there."""
    seen = Sighting.objects.filter(environment=snapshot.environment, digest__in=digests)
    first = digests - set(seen.values_list("digest", flat=True))
    Sighting.objects.bulk_create(
        [
            Sighting(
                organization_id=snapshot.organization_id,
                environment=snapshot.environment,
                digest=digest,
                snapshot_index=snapshot.index,
                seen_at=snapshot.created_at,
            )
            for digest in sorted(first)
        ],
        ignore_conflicts=True,  # ON CONFLICT DO NOTHING: the first sighting stays
    )
    return first


def _tell(
    actor: Actor, snapshot: Snapshot, before: Snapshot | None, diff: Diff, first: set[str], *, left_out: int
) -> None:
    """Record the snapshot, and each difference to the one before while they are not too many.

    A snapshot that changes nothing is no news of the environment: reporters send one a minute.
    """
    environment = snapshot.environment
    told = [
        *(("artifact.deployed", each) for each in diff.added),
        *(("artifact.updated", each) for each in diff.updated),
        *(("artifact.removed", each) for each in diff.removed),
    ]
    record_event(
        "snapshot.recorded",
        subject=snapshot,
        actor=actor,
        related=[environment] if told or before is None else [],
        data={
            "environment": environment.name,
            "environment_id": environment.uid,
            "index": snapshot.index,
            "recorded_by": snapshot.recorded_by,
            "artifacts": snapshot.running,
            "out_of_scope": left_out,
            "added": snapshot.added,
            "updated": snapshot.updated,
            "removed": snapshot.removed,
            "not_told": max(0, len(told) - MAX_EVENTS),
        },
    )
    told = told[:MAX_EVENTS]
    digests = {digest for _, each in told for digest in (each["sha256From"], each["sha256To"]) if digest}
    trails = trails_of(environment.organization_id, digests)
    subjects = _subjects(snapshot, before, [each for _, each in told])
    record_events(
        [_artifact_event(kind, actor, snapshot, each, subjects[_key(each)], trails, first) for kind, each in told]
    )


def _key(entry: Entry) -> tuple[str, str | None]:
    return entry["artifactName"], entry["sha256To"] or entry["sha256From"]


def _subjects(snapshot: Snapshot, before: Snapshot | None, entries: Sequence[Entry]) -> dict[Any, RunningArtifact]:
    """By name and digest, the rows these entries are about; one query. Where both snapshots have one, the newer."""
    rows = RunningArtifact.objects.filter(
        snapshot__in=[each for each in (before, snapshot) if each],
        name__in={each["artifactName"] for each in entries},
    ).order_by("pk")
    return {(row.name, row.digest): row for row in rows}


def _artifact_event(
    kind: str,
    actor: Actor,
    snapshot: Snapshot,
    entry: Entry,
    row: RunningArtifact,
    trails: dict[str, Trail],
    first: set[str],
) -> Event:
    environment = snapshot.environment
    digest = entry["sha256To"] or entry["sha256From"] or ""
    trail = trails.get(digest)
    return event_of(
        kind,
        subject=row,
        actor=actor,
        related=[environment, trail, trail.component if trail else None],
        data={
            "environment": environment.name,
            "environment_id": environment.uid,
            "index": snapshot.index,
            "name": row.name,
            "tag": row.tag,
            "digest": digest,
            "before": entry["sha256From"] if kind == "artifact.updated" else None,
            "first_seen": digest in first,
            "known": trail is not None,
            "trail": trail.uid if trail else None,
        },
    )
