"""What is different between two states of an environment (contract 7.3)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

from django.db.models import QuerySet

from catalog.prepared import prepared
from compliance.models import RunningArtifact, Snapshot


class Seen(NamedTuple):
    """One artifact of a snapshot."""

    name: str
    tag: str
    digest: str
    instances: int = 1


class Entry(TypedDict):
    """One line of a difference, as drift reports store it and the wire prints it.

    The tag is the newer one; `sha256From` is None for what was added, `sha256To` for what was removed.
    """

    artifactName: str
    artifactTag: str
    sha256From: str | None
    sha256To: str | None


@dataclass(frozen=True)
class Diff:
    """How one state became another; each list is sorted by name, then digest."""

    added: list[Entry] = field(default_factory=list)
    removed: list[Entry] = field(default_factory=list)
    updated: list[Entry] = field(default_factory=list)
    unchanged: list[Entry] = field(default_factory=list)

    @property
    def changes(self) -> list[Entry]:
        """Everything that is not unchanged."""
        return [*self.added, *self.updated, *self.removed]


def diff_snapshots(one: Snapshot | None, other: Snapshot) -> Diff:
    """How snapshot `one` (None: nothing ran) became `other`; one query, also when both are the same."""
    seen = seen_in({each.pk for each in (one, other) if each})
    return diff_artifacts(seen.get(one.pk, ()) if one else (), seen.get(other.pk, ()))


def seen_in(snapshot_ids: Collection[int]) -> dict[int, list[Seen]]:
    """By snapshot id, its artifacts as they were reported; one query."""
    seen: dict[int, list[Seen]] = {}
    for snapshot, *artifact in _reported(snapshots=list(snapshot_ids)):
        seen.setdefault(snapshot, []).append(Seen(*artifact))
    return seen


@prepared
def _reported(*, snapshots: list[int]) -> QuerySet[RunningArtifact, Any]:
    rows = RunningArtifact.objects.filter(snapshot__in=snapshots).order_by("pk")
    return rows.values_list("snapshot_id", "name", "tag", "digest", "instances")


def diff_artifacts(before: Iterable[Seen], after: Iterable[Seen]) -> Diff:
    """How the artifacts `before` became those `after`.

    An artifact is known by its name; where several digests carry one name on a side, by name and digest, since there
    is no telling which became which.
    """
    diff = Diff()
    old, new = _by_name(before), _by_name(after)
    for name in sorted(old.keys() | new.keys()):
        had, has = old.get(name, {}), new.get(name, {})
        if len(had) == 1 and len(has) == 1:
            (digest_from,), (digest_to,) = had, has
            same = diff.unchanged if digest_from == digest_to else diff.updated
            same.append(_entry(name, has[digest_to], digest_from, digest_to))
            continue
        diff.unchanged.extend(_entry(name, has[digest], digest, digest) for digest in sorted(had.keys() & has.keys()))
        diff.added.extend(_entry(name, has[digest], None, digest) for digest in sorted(has.keys() - had.keys()))
        diff.removed.extend(_entry(name, had[digest], digest, None) for digest in sorted(had.keys() - has.keys()))
    return diff


def _by_name(artifacts: Iterable[Seen]) -> dict[str, dict[str, str]]:
    """By name, then digest, the tag that was said last."""
    named: dict[str, dict[str, str]] = {}
    for each in artifacts:
        named.setdefault(each.name, {})[each.digest] = each.tag
    return named


def _entry(name: str, tag: str, digest_from: str | None, digest_to: str | None) -> Entry:
    return Entry(artifactName=name, artifactTag=tag, sha256From=digest_from, sha256To=digest_to)
