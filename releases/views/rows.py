"""What rows of releases and approvals show besides their own columns: the gate's newest answer, and who asked."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower

from catalog.actors import Actor
from catalog.models import User
from catalog.prepared import readable
from compliance.models import Artifact
from releases.models import ApprovalRequest, GateDecision, Release

Row = TypeVar("Row", Release, ApprovalRequest)


def with_gates(actor: Actor, rows: Iterable[Row]) -> list[Row]:
    """The rows, each with `gate`: the newest stored decision about its digest and environment, or None. One query.

    Of an approval that names no environment it is the newest for any, as the approval counts for all of them.
    """
    listed = list(rows)
    wanted = {digest for row in listed if (digest := _digest(row))}
    decisions = list(_newest(actor, digests=sorted(wanted))) if wanted else []
    found = {(each.digest, each.environment_id): each for each in decisions}
    anywhere = {each.digest: each for each in sorted(decisions, key=lambda each: each.judged_at)}
    for row in listed:
        of_any = isinstance(row, ApprovalRequest) and row.environment_id is None
        gate = anywhere.get(_digest(row)) if of_any else found.get((_digest(row), row.environment_id))
        row.gate = gate  # type: ignore[attr-defined]
    return listed


def _digest(row: Release | ApprovalRequest) -> str:
    """What the gate is asked about: the row's digest, or what was `built` last on the trail an approval is about."""
    return row.digest or getattr(row, "built", None) or ""


def built() -> Subquery:
    """The digest of what was built last on the trail, for `annotate`."""
    artifacts = Artifact.objects.filter(trail=OuterRef("trail")).order_by("-created_at", "-pk")
    return Subquery(artifacts.values("digest")[:1])


@readable(GateDecision)
def _newest(decisions: Any, *, digests: list[str]) -> QuerySet[GateDecision]:
    return decisions.filter(digest__in=digests).for_list().latest_of("digest", "environment_id")


def asker(column: str) -> Coalesce:
    """Who asked, for `annotate`: the name of the person whose address stands in `column`, else what stands there."""
    people = User.objects.annotate(address=Lower("email")).filter(address=Lower(OuterRef(column))).exclude(name="")
    return Coalesce(Subquery(people.values("name")[:1]), F(column))
