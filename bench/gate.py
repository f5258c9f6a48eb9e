"""The gate with its reasons, while the facts it might look at become a hundred times as many."""

from collections.abc import Iterator
from functools import partial
from math import log10

from bench.measuring import Figure, median, p95, queries, rows, slope, timed
from bench.subject import Subject
from catalog.models import Environment
from config.scale.world import ASKED, digest_of
from releases.services.gate import judge
from releases.services.gate_document import reasons
from releases.services.policies import create_policy

FULL = 1_000_000
ASKING = 40  # questions at each size
FLOOR = """
SELECT a.digest, t.status, p.required_types, json_agg(f.type || f.status)
FROM compliance_artifact a
JOIN compliance_trail t ON t.id = a.trail_id
JOIN compliance_attestation f ON f.trail_id = t.id AND (f.digest IS NULL OR f.digest = a.digest)
JOIN releases_deploymentpolicy p ON p.flow_id = t.flow_id AND p.environment_id = %s
WHERE a.organization_id = %s AND a.digest = %s GROUP BY 1, 2, 3
"""


def measure(subject: Subject) -> Iterator[Figure]:
    """Grows the organization to its full size on the way."""
    facts, sizes, growth, floors = subject.of(FULL, 200), [], [], []
    subject.world.grow(components=subject.of(10_000, 25), trails=max(2, facts // 100), releases=subject.of(10_000, 25))
    asked = {"required_types": [ASKED, "container-scan"], "enforce_approvals": True}
    create_policy(
        actor=subject.world.actor, name="Into production", flow=subject.flow, environment=subject.production, **asked
    )
    for part in (100, 10, 1):
        size = max(2, facts // part)
        subject.world.grow(trails=size)
        times, bare = _times(subject, size)
        growth.append((log10(size), log10(median(times))))
        sizes.append((size, times))
        floors.append(median(bare))
    for (size, times), floor in zip(sizes, floors, strict=True):
        yield Figure("gate", f"median with {size:,} facts", median(times), "ms", floor)
        yield Figure("gate", f"p95 with {size:,} facts", p95(times), "ms", most=30)
    yield Figure("gate", "growth exponent", slope(growth), most=0.2)
    yield Figure("gate", "queries", queries(partial(_ask, subject, subject.production, digest_of(1))), most=8)


def _times(subject: Subject, size: int) -> tuple[list[float], list[float]]:
    """Milliseconds of questions about digests all over the organization, and of the bare statement beside each."""
    asking = subject.turns(ASKING)
    step = max(1, size // asking)
    digests = [digest_of(number) for number in range(1, size, step)][:asking]
    production = subject.production
    here = [production.pk, subject.world.organization.pk]
    _ask(subject, production, digests[0])
    turns = [
        (timed(partial(_ask, subject, production, each)), timed(partial(rows, FLOOR, [*here, each])))
        for each in digests
    ]
    return [ours for ours, _ in turns], [bare for _, bare in turns]


def _ask(subject: Subject, production: Environment, digest: str) -> list[str]:
    judgement = judge(actor=subject.world.actor, digest=digest, environment=production)
    return reasons(judgement.document)
