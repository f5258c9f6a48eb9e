"""What is known about a digest or a trail: the latest of what was attested."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from catalog.actors import Actor
from catalog.prepared import prepared, readable
from catalog.services.who import Roster, Who
from compliance.digests import normal_digest
from compliance.models import Artifact, Attestation, Flow, Trail

MAX_REPORTS = 200  # of one digest in one flow, the newest; a digest reported more often is judged by these
SUPPLY = "organization:attestation:create"
APPROVE = "organization:approval:decide"
Status = Attestation.Status


@dataclass(frozen=True)
class TrailFacts:
    """What one trail proves about one artifact, or about the trail itself when `artifact` is None.

    `attestations` are the latest of each (type, name, digest) that count for the digest, newest first. `trail` is None
    when nothing is known.
    """

    flow: Flow
    trail: Trail | None = None
    artifact: Artifact | None = None
    digest: str | None = None
    attestations: tuple[Attestation, ...] = ()
    rosters: dict[int, Roster] = field(default_factory=dict, compare=False, repr=False)  # of all read at once

    @cached_property
    def passed_types(self) -> frozenset[str]:
        """Types with a PASSED attestation among the latest."""
        return frozenset(each.type for each in self.attestations if each.status == Status.PASSED)

    @cached_property
    def failed_types(self) -> frozenset[str]:
        """Types with a FAILED attestation among the latest."""
        return frozenset(each.type for each in self.attestations if each.status == Status.FAILED)

    @cached_property
    def failed_names(self) -> frozenset[str]:
        """Names of FAILED attestations among the latest."""
        return frozenset(each.name for each in self.attestations if each.status == Status.FAILED and each.name)

    @cached_property
    def suppliers(self) -> tuple[Who, ...]:
        """Who may record an attestation here."""
        return tuple(self._roster.may(SUPPLY, self.trail or self.flow))

    @cached_property
    def approvers(self) -> tuple[Who, ...]:
        """Who may approve here: the roles the flow names, else whoever has the right."""
        roles = self.flow.required_approver_roles
        if roles:
            return tuple(Who(label=role, kind="role") for role in roles)
        return tuple(self._roster.may(APPROVE, self.trail or self.flow, machines=False))

    @property
    def _roster(self) -> Roster:
        if self.flow.organization_id not in self.rosters:
            self.rosters[self.flow.organization_id] = Roster(self.flow.organization)
        return self.rosters[self.flow.organization_id]


def facts_about(actor: Actor, digest: str, *, flow: Flow | None = None, at: datetime | None = None) -> list[TrailFacts]:
    """What the trails `actor` may read prove about `digest`, newest trail first; two queries.

    `flow` leaves out the trails of others, `at` what was recorded later. A digest that was reported several times on
    one trail appears as often.
    """
    digest = normal_digest(digest)
    found = _reports(actor, digest=digest, flow=flow.pk if flow else None, at=at, most=MAX_REPORTS)
    latest = latest_attestations({each.trail_id for each in found}, digest=digest, at=at)
    rosters: dict[int, Roster] = {}
    return [
        TrailFacts(each.trail.flow, each.trail, each, digest, tuple(latest.get(each.trail_id, ())), rosters)
        for each in found
    ]


def facts_of_trails(
    trails: Sequence[Trail], *, latest: Mapping[int, Sequence[Attestation]] | None = None
) -> dict[int, list[TrailFacts]]:
    """By trail id, what each trail proves about each of its artifacts, or about itself when it has none.

    Two queries when the trails come with their flows; one when also with `latest_attestations`.
    """
    ids = {each.pk for each in trails}
    artifacts: dict[int, list[Artifact]] = {}
    for artifact in _artifacts(trails=list(ids)):
        artifacts.setdefault(artifact.trail_id, []).append(artifact)
    latest = latest_attestations(ids) if latest is None else latest
    rosters: dict[int, Roster] = {}
    facts: dict[int, list[TrailFacts]] = {}
    for trail in trails:
        known = tuple(latest.get(trail.pk, ()))
        facts[trail.pk] = [
            TrailFacts(trail.flow, trail, each, each.digest, tuple(_counting(known, each.digest)), rosters)
            for each in artifacts.get(trail.pk, ())
        ] or [TrailFacts(trail.flow, trail, attestations=known, rosters=rosters)]
    return facts


def latest_attestations(
    trail_ids: Iterable[int], *, digest: str | None = None, at: datetime | None = None
) -> dict[int, list[Attestation]]:
    """By trail id, the latest attestation of each (type, name, digest), newest first; one query.

    With `digest` only those that are about it or about no artifact in particular.
    """
    found: dict[int, list[Attestation]] = {}
    for each in _latest(trails=list(trail_ids), digest=digest, at=at):
        found.setdefault(each.trail_id, []).append(each)
    return {trail: sorted(rows, key=lambda each: -each.pk) for trail, rows in found.items()}


@readable(Artifact)
def _reports(
    artifacts: QuerySet[Artifact], *, digest: str, flow: int | None, at: datetime | None, most: int
) -> QuerySet[Artifact]:
    """Of these artifacts the newest `most` of each flow, with all a fact needs."""
    artifacts = artifacts.filter(digest=digest)
    if flow is not None:
        artifacts = artifacts.filter(trail__flow=flow)
    if at is not None:
        artifacts = artifacts.filter(created_at__lte=at)
    newest = ("-trail__created_at", "-trail_id", "-pk")
    place = Window(RowNumber(), partition_by=F("trail__flow"), order_by=newest)  # no flow crowds out another
    placed = artifacts.annotate(place=place).filter(place__lte=most)
    return (
        Artifact.objects.filter(pk__in=placed.order_by().values("pk"))
        .select_related("trail__flow__organization", "trail__flow__component", "trail__component", "provenance")
        .order_by(*newest)
    )


@prepared
def _latest(*, trails: list[int], digest: str | None, at: datetime | None) -> QuerySet[Attestation]:
    rows = Attestation.objects.filter(trail__in=trails)
    if digest is not None:
        rows = rows.filter(Q(digest=None) | Q(digest=digest))
    if at is not None:
        rows = rows.known_at(at)
    kinds = ("trail_id", "type", "name", "digest")
    return rows.order_by(*kinds, "-pk").distinct(*kinds)


@prepared
def _artifacts(*, trails: list[int]) -> QuerySet[Artifact]:
    return Artifact.objects.filter(trail__in=trails).select_related("provenance").order_by("pk")


def _counting(attestations: Iterable[Attestation], digest: str) -> list[Attestation]:
    return [each for each in attestations if each.digest is None or each.digest == digest]
