"""Which builds the digests come from that run somewhere: the join of what runs with what was proven (DESIGN 2a)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from catalog.actors import Actor
from catalog.models import Component
from catalog.prepared import prepared
from compliance.images import ShortName, short_name
from compliance.models import Artifact, Attestation, Trail
from compliance.services.facts import TrailFacts, latest_attestations
from compliance.services.standing import compliance_state

UNKNOWN = "unknown"
Named = tuple[str, str]  # an artifact's short name and tag


@dataclass(frozen=True)
class Build:
    """The newest build of a digest; `state` is a word of the vocabulary's area "artifact" (contract 7.6)."""

    artifact: Artifact
    state: str

    @property
    def trail(self) -> Trail:
        """The trail it was built on."""
        return self.artifact.trail

    @property
    def component(self) -> Component | None:
        """What it is a build of."""
        return self.artifact.trail.component


def builds_of(actor: Actor, organization_id: int, digests: Collection[str]) -> dict[str, Build]:
    """By digest, the newest build an organization knows of it; at most two queries. An unknown digest is absent."""
    if not digests:
        return {}
    newest = list(_newest(Artifact.objects.visible_to(actor), organization_id, digests))
    latest = latest_attestations({each.trail_id for each in newest}) if newest else {}
    return {each.digest: Build(each, compliance_state(_facts(each, latest))) for each in newest}


def _facts(artifact: Artifact, latest: Mapping[int, Sequence[Attestation]]) -> TrailFacts:
    counting = (each for each in latest.get(artifact.trail_id, ()) if each.digest in (None, artifact.digest))
    return TrailFacts(artifact.trail.flow, artifact.trail, artifact, artifact.digest, tuple(counting))


def trails_of(organization_id: int, digests: Collection[str]) -> dict[str, Trail]:
    """By digest, the trail of the newest build an organization knows of it, with its component; one query at most."""
    if not digests:
        return {}
    return {each.digest: each.trail for each in _built(organization=organization_id, digests=list(set(digests)))}


@prepared
def _built(*, organization: int, digests: list[str]) -> QuerySet[Artifact]:
    return _newest(Artifact.objects.all(), organization, digests)


def _newest(artifacts: QuerySet[Artifact], organization_id: int, digests: Collection[str]) -> QuerySet[Artifact]:
    return (
        artifacts.filter(organization=organization_id, digest__in=digests)
        .select_related("trail__flow", "trail__component")
        .order_by("digest", "-trail__created_at", "-trail_id", "-pk")
        .distinct("digest")
    )


def near_misses(actor: Actor, organization_id: int, unknown: Iterable[Named]) -> dict[Named, Artifact]:
    """By short name and tag, the newest artifact called like something that runs with a digest nobody reported.

    One query at most. It is the nearest there is, never a match: its digest is another one.
    """
    wanted = {(short_name(name), tag) for name, tag in unknown}
    if not wanted:
        return {}
    called = (
        Artifact.objects.visible_to(actor)
        .filter(organization=organization_id, tag__in={tag for _, tag in wanted})
        .annotate(short=ShortName("name"))
        .filter(short__in={name for name, _ in wanted})
        .select_related("trail__component")
        .order_by("short", "tag", "-pk")
        .distinct("short", "tag")
    )
    return {(each.short, each.tag): each for each in called if (each.short, each.tag) in wanted}
