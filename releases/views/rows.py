"""What rows of releases and approvals show besides their own columns: the gate's newest answer, and who asked."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower

from catalog.actors import Actor
from catalog.models import User
from catalog.prepared import readable
from releases.models import ApprovalRequest, GateDecision, Release

Row = TypeVar("Row", Release, ApprovalRequest)


def with_gates(actor: Actor, rows: Iterable[Row]) -> list[Row]:
    """The rows, each with `gate`: the newest stored decision about its digest and environment, or None. One query."""
    listed = list(rows)
    wanted = {row.digest for row in listed if row.digest}
    found = {}
    if wanted:
        found = {(each.digest, each.environment_id): each for each in _newest(actor, digests=sorted(wanted))}
    for row in listed:
        row.gate = found.get((row.digest, row.environment_id))  # type: ignore[attr-defined]
    return listed


@readable(GateDecision)
def _newest(decisions: Any, *, digests: list[str]) -> QuerySet[GateDecision]:
    return decisions.filter(digest__in=digests).for_list().latest_of("digest", "environment_id")


def asker(column: str) -> Coalesce:
    """Who asked, for `annotate`: the name of the person whose address stands in `column`, else what stands there."""
    people = User.objects.annotate(address=Lower("email")).filter(address=Lower(OuterRef(column))).exclude(name="")
    return Coalesce(Subquery(people.values("name")[:1]), F(column))
