"""Where artifacts stand: whether what is asked of them holds, and where they run."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.actors import Actor
from compliance.models import Artifact, RunningArtifact
from compliance.services.facts import TrailFacts, facts_of_trails
from compliance.services.needs import all_hold, needs_of, requirements_of


@dataclass(frozen=True)
class Standing:
    """`state` is a word of the vocabulary's area "artifact" (contract 7.6), `environments` are names, sorted."""

    state: str
    environments: tuple[str, ...]


def standing_of(actor: Actor, artifacts: Sequence[Artifact]) -> dict[int, Standing]:
    """By artifact id, where it stands; three queries however many there are.

    The artifacts come with their trails and the trails with their flows. Only environments the actor may read are
    named.
    """
    trails = list({each.trail_id: each.trail for each in artifacts}.values())
    facts = {each.artifact.pk: each for group in facts_of_trails(trails).values() for each in group if each.artifact}
    running = running_where(actor, artifacts)
    return {
        each.pk: Standing(compliance_state(facts[each.pk]), running.get((each.organization_id, each.digest), ()))
        for each in artifacts
    }


def running_where(actor: Actor, artifacts: Sequence[Artifact]) -> dict[tuple[int, str], tuple[str, ...]]:
    """By (organization id, digest), the names of the environments whose latest snapshot holds it; one query."""
    rows = (
        RunningArtifact.objects.visible_to(actor)
        .running_now()
        .filter(digest__in={each.digest for each in artifacts})
        .order_by()  # DISTINCT would count the columns of the order
        .values_list("organization_id", "digest", "snapshot__environment__name")
        .distinct()
    )
    found: dict[tuple[int, str], list[str]] = {}
    for organization, digest, name in rows:
        found.setdefault((organization, digest), []).append(name)
    return {key: tuple(sorted(names)) for key, names in found.items()}


def compliance_state(facts: TrailFacts) -> str:
    """ "unknown" when nothing is asked, else "compliant" when all of it holds, else "non_compliant"."""
    needs = needs_of(facts)
    if not needs:
        return "unknown"
    return "compliant" if all_hold(requirements_of(facts, needs, ask=False)) else "non_compliant"
