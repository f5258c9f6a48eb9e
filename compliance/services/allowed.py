"""Which artifacts an environment's allow-list lets be (contract 7.5). Reads only."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import DataError, OperationalError
from django.db.models import QuerySet

from catalog.models import Environment
from catalog.prepared import prepared
from catalog.services.environments import found_in
from compliance.models import AllowlistEntry, Artifact, RunningArtifact
from compliance.services.differences import Diff, Entry

MAX_NAMES = 200  # of one digest


def sort_out(diff: Diff, entries: Sequence[AllowlistEntry]) -> tuple[Diff, list[Entry]]:
    """A difference without what these entries let be, and what that is: added and updated artifacts, by the digest
    they have now and their name. One query, where an entry names a pattern."""
    newer = [*diff.added, *diff.updated]
    if not (newer and entries):
        return diff, []
    allowed = set(allowing(entries, [(each["artifactName"], each["sha256To"] or "") for each in newer]))

    def is_allowed(entry: Entry) -> bool:
        return (entry["artifactName"], entry["sha256To"]) in allowed

    added, updated = ([each for each in some if not is_allowed(each)] for some in (diff.added, diff.updated))
    kept = Diff(added=added, removed=diff.removed, updated=updated, unchanged=diff.unchanged)
    return kept, [each for each in newer if is_allowed(each)]


def leave_for(environment: Environment, digest: str, at: datetime) -> AllowlistEntry | None:
    """The newest entry that lets this digest be there at `at`, by itself or by a name it is known under; else None.

    Up to four queries: names are looked up only where an entry asks for one.
    """
    entries = effective_entries(environment, at)
    whole = next((each for each in entries if each.digest == digest and not each.name_pattern), None)
    if whole is not None or not any(each.name_pattern for each in entries):
        return whole
    named = [(name, digest) for name in names_of(environment, digest)]
    return next(iter(allowing(entries, named).values()), None)


def effective_entries(environment: Environment, at: datetime) -> list[AllowlistEntry]:
    """What is on the list at `at`, newest first."""
    return _effective(environment=environment.pk, at=at)


@prepared
def _effective(*, environment: int, at: datetime) -> QuerySet[AllowlistEntry]:
    return AllowlistEntry.objects.filter(environment=environment).effective(at)


def names_of(environment: Environment, digest: str) -> set[str]:
    """What a digest was reported as: by builds of the organization, and by snapshots of the environment."""
    built = Artifact.objects.filter(organization=environment.organization_id, digest=digest).values_list("name")
    ran = RunningArtifact.objects.filter(snapshot__environment=environment, digest=digest).values_list("name")
    return {name for (name,) in built.order_by().union(ran.order_by())[:MAX_NAMES]}


def allowing(
    entries: Sequence[AllowlistEntry], named: Collection[tuple[str, str]]
) -> dict[tuple[str, str], AllowlistEntry]:
    """By (name, digest), the first entry that lets it be. Patterns that take too long to match let nothing be."""
    patterns = {each.name_pattern for each in entries if each.name_pattern}
    hits = _hits({name for name, _ in named}, patterns)
    found: dict[tuple[str, str], AllowlistEntry] = {}
    for name, digest in named:
        for entry in entries:
            by_digest = not entry.digest or entry.digest == digest
            if by_digest and (not entry.name_pattern or (name, entry.name_pattern) in hits):
                found.setdefault((name, digest), entry)
    return found


def _hits(names: Iterable[str], patterns: Iterable[str]) -> set[tuple[str, str]]:
    try:
        return found_in(sorted(names), sorted(patterns))
    except (DataError, OperationalError):
        return set()
