"""What pages show of an environment: what runs, how far that is from the baseline, and what changed last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, Subquery
from django.utils import timezone

from catalog.actors import Actor
from catalog.models import Environment
from catalog.services.environments import DRIFTED_AS
from compliance.images import short_name
from compliance.models import AllowlistEntry, Artifact, Sighting, Snapshot
from compliance.services.allowed import effective_entries, sort_out
from compliance.services.builds import Build, Named, builds_of, near_misses
from compliance.services.differences import Diff, Entry, Seen, diff_artifacts, seen_in

SHOWN = 50  # artifacts, and changes, of one card
State = Environment.DriftState
IN_SYNC, UNKNOWN, ALLOWED = State.IN_SYNC.value, State.UNKNOWN.value, State.ALLOWED.value


class Change(NamedTuple):
    """One line of a difference as `components/diff.html` draws it."""

    sign: str
    name: str
    before: str | None
    after: str | None
    area: str
    state: str
    word: str = ""


@dataclass(frozen=True)
class Known:
    """What is known of digests: their builds, and of those without one the near misses by name and tag."""

    builds: Mapping[str, Build]
    near: Mapping[Named, Artifact]

    def near_miss(self, name: str, tag: str, digest: str | None) -> Artifact | None:
        """The artifact that is called like this one, where no build of the digest is known."""
        return None if digest in self.builds else self.near.get((short_name(name), tag))

    def change(self, sign: str, entry: Entry) -> Change:
        """A line of a difference: added and changed artifacts say where their digest stands."""
        name, before, after = entry["artifactName"], entry["sha256From"], entry["sha256To"]
        build = self.builds.get(after or "")
        if after is None or build is not None:
            return Change(sign, name, before, after, "artifact", build.state if build else "")
        miss = self.near_miss(name, entry["artifactTag"], after)
        word = "Near miss, not a build" if miss else "Not from a build"
        return Change(sign, name, before, after, "drift", Environment.DriftState.DRIFTED, word)

    def changes(self, diff: Diff, limit: int = SHOWN) -> list[Change]:
        """At most `limit` lines of a difference: what changed, came and went."""
        groups = {"changed": diff.updated, "added": diff.added, "removed": diff.removed}
        return [self.change(sign, entry) for sign, entries in groups.items() for entry in entries][:limit]


def known_of(actor: Actor, environment: Environment, named: Iterable[tuple[str, str, str]]) -> Known:
    """What is known of these (name, tag, digest); at most three queries."""
    wanted = set(named)
    builds = builds_of(actor, environment.organization_id, {digest for _, _, digest in wanted})
    unknown = {(name, tag) for name, tag, digest in wanted if digest not in builds}
    return Known(builds, near_misses(actor, environment.organization_id, unknown))


def known_of_diff(actor: Actor, environment: Environment, *diffs: Diff) -> Known:
    """What is known of the first digests these differences came to."""
    return known_of(actor, environment, _newer(*diffs))


def _newer(*diffs: Diff) -> list[tuple[str, str, str]]:
    entries = [each for diff in diffs for each in [*diff.updated, *diff.added][:SHOWN]]
    return [(each["artifactName"], each["artifactTag"], each["sha256To"]) for each in entries if each["sha256To"]]


@dataclass(frozen=True)
class Row:
    """One artifact that runs: its build or near miss, its drift (a word of that area), since when it runs here."""

    seen: Seen
    build: Build | None
    near: Artifact | None
    drift: str
    since: datetime | None


@dataclass(frozen=True)
class Overview:
    """One environment as its page shows it.

    `approved` is the snapshot of the active baseline, with its approval; `drift` is how `latest` differs from it, and
    `allowed` what differs and may, by the allow-list.
    `change` is the last snapshot that changed something, `changed` what it did to the one `before`.
    """

    environment: Environment
    latest: Snapshot | None = None
    approved: Snapshot | None = None
    drift: Diff | None = None
    allowed: Sequence[Entry] = ()
    change: Snapshot | None = None
    before: Snapshot | None = None
    changed: Diff = field(default_factory=Diff)
    known: Known = field(default_factory=lambda: Known({}, {}))
    rows: Sequence[Row] = ()
    allowlist: Sequence[AllowlistEntry] = ()


def overview_of(actor: Actor, environment: Environment) -> Overview:
    """What runs there, from at most eight queries however much it is."""
    entries = effective_entries(environment, timezone.now())
    snapshots = Snapshot.objects.visible_to(actor).filter(environment=environment)
    changed_at = Subquery(snapshots.changed().order_by("-index").values("index")[:1])
    wanted = Q(index=environment.snapshot_index) | Q(index=changed_at) | Q(index=changed_at - 1)
    if actor.may("organization:baseline:read", environment):
        wanted |= Q(approval__isnull=False)
    by_index = {each.index: each for each in snapshots.with_approval().filter(wanted).order_by("-index")}
    latest = by_index.get(environment.snapshot_index)
    if latest is None:
        return Overview(environment, allowlist=entries)
    approved = next((each for each in by_index.values() if each.approved_by), None)
    change = next((each for each in by_index.values() if each.added or each.updated or each.removed), None)
    before = by_index.get(change.index - 1) if change else None
    seen = seen_in({each.pk for each in (latest, change, before, approved) if each})
    drift: Diff | None = None
    allowed: list[Entry] = []
    if approved:
        drift, allowed = sort_out(diff_artifacts(seen.get(approved.pk, ()), seen.get(latest.pk, ())), entries)
    changed = diff_artifacts(seen.get(before.pk, ()) if before else (), seen.get(change.pk, ())) if change else Diff()
    shown = _drifted_first(seen.get(latest.pk, ()), drift)[:SHOWN]
    known = known_of(actor, environment, [*(each[:3] for each in shown), *_newer(changed, *([drift] if drift else []))])
    rows = _rows(environment, shown, drift, allowed, known)
    return Overview(environment, latest, approved, drift, allowed, change, before, changed, known, rows, entries)


def _drifting(drift: Diff | None) -> set[tuple[str, str | None]]:
    return {(each["artifactName"], each["sha256To"]) for each in [*drift.added, *drift.updated]} if drift else set()


def _drifted_first(seen: Sequence[Seen], drift: Diff | None) -> list[Seen]:
    drifting = _drifting(drift)
    return sorted(seen, key=lambda each: ((each.name, each.digest) not in drifting, each.name, each.tag))


def _rows(
    environment: Environment, shown: Sequence[Seen], drift: Diff | None, allowed: Sequence[Entry], known: Known
) -> list[Row]:
    leave = {(each["artifactName"], each["sha256To"]): ALLOWED for each in allowed}
    drifting, drifted = _drifting(drift), DRIFTED_AS[Environment.DriftPolicy(environment.drift_policy)].value
    calm = IN_SYNC if drift is not None else UNKNOWN
    sighted = Sighting.objects.filter(environment=environment, digest__in={each.digest for each in shown})
    since = dict(sighted.values_list("digest", "seen_at"))
    return [
        Row(
            each,
            known.builds.get(each.digest),
            known.near_miss(each.name, each.tag, each.digest),
            drifted if (each.name, each.digest) in drifting else leave.get((each.name, each.digest), calm),
            since.get(each.digest),
        )
        for each in shown
    ]
