"""What rows of releases and approvals show besides their own columns: the gate's newest answer, and who asked."""

from collections.abc import Iterable
from typing import TypeVar

from django.db.models.functions import Lower

from catalog.actors import Actor
from catalog.models import User
from releases.models import ApprovalRequest, GateDecision, Release

Row = TypeVar("Row", Release, ApprovalRequest)


def with_gates(actor: Actor, rows: Iterable[Row]) -> list[Row]:
    """The rows, each with `gate`: the newest stored decision about its digest and environment, or None. One query."""
    listed = list(rows)
    wanted = {row.digest for row in listed if row.digest}
    found = {}
    if wanted:
        decisions = GateDecision.objects.visible_to(actor).filter(digest__in=wanted).for_list()
        found = {(each.digest, each.environment_id): each for each in decisions.latest_of("digest", "environment_id")}
    for row in listed:
        row.gate = found.get((row.digest, row.environment_id))  # type: ignore[union-attr]
    return listed


def with_askers(rows: Iterable[Row]) -> list[Row]:
    """The rows, each with `asker`: the name of the person who asked where the row keeps their address. One query."""
    listed = list(rows)
    names = names_of(_label(row) for row in listed)
    for row in listed:
        row.asker = names[_label(row)]  # type: ignore[union-attr]
    return listed


def names_of(labels: Iterable[str]) -> dict[str, str]:
    """By label as given, the name of the person whose address it is; what is no address names itself."""
    wanted = {label: label.lower() for label in labels}
    addresses = {address for address in wanted.values() if "@" in address}
    people = User.objects.annotate(address=Lower("email")).filter(address__in=addresses).exclude(name="")
    names = dict(people.values_list("address", "name")) if addresses else {}
    return {label: names.get(address, label) for label, address in wanted.items()}


def _label(row: Release | ApprovalRequest) -> str:
    return row.created_by if isinstance(row, Release) else row.requested_by
