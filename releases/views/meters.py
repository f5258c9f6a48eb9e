"""The gate in a row: the newest stored decision about what a list shows, so that a list judges nothing itself."""

from collections.abc import Iterable
from typing import TypeVar

from catalog.actors import Actor
from releases.models import ApprovalRequest, GateDecision, Release

Row = TypeVar("Row", Release, ApprovalRequest)


def with_gates(actor: Actor, rows: Iterable[Row]) -> list[Row]:
    """The rows, each with `gate`: the newest decision about its digest and environment, or None. One query."""
    listed = list(rows)
    wanted = {row.digest for row in listed if row.digest}
    found = {}
    if wanted:
        decisions = GateDecision.objects.visible_to(actor).filter(digest__in=wanted).for_list()
        found = {(each.digest, each.environment_id): each for each in decisions.latest_of("digest", "environment")}
    for row in listed:
        row.gate = found.get((row.digest, row.environment_id))  # type: ignore[union-attr]
    return listed
