"""The home page of a large organization, beside what it counts."""

import gzip
from collections.abc import Iterator

from bench.measuring import Figure, median, queries, rows, side_by_side
from bench.subject import Subject

FLOOR = (
    "SELECT count(*), count(*) FILTER (WHERE team_id IS NULL) FROM catalog_component WHERE organization_id = %s",
    "SELECT count(*), count(*) FILTER (WHERE drift_state = 'in_sync') FROM catalog_environment"
    " WHERE organization_id = %s",
    "SELECT created_at::date, count(*), count(*) FILTER (WHERE status = 'compliant') FROM compliance_trail"
    " WHERE organization_id = %s AND created_at >= date_trunc('day', now()) - interval '29 days' GROUP BY 1",
    "SELECT * FROM releases_approvalrequest WHERE organization_id = %s AND status = 'pending_approval'"
    " ORDER BY created_at LIMIT 21",
    "SELECT * FROM catalog_event WHERE organization_id = %s ORDER BY occurred_at DESC, id DESC LIMIT 8",
)


def measure(subject: Subject) -> Iterator[Figure]:
    """The whole page, as the browser gets it."""
    here = [subject.world.organization.pk]

    def ask():
        return subject.browser.get("/")

    page, floor = side_by_side(ask, lambda: [rows(sql, here) for sql in FLOOR], runs=subject.turns(7))
    yield Figure("home", f"of {subject.of(10_000, 25):,} components", median(page), "ms", median(floor), most=8)
    yield Figure("home", "queries", queries(ask), most=15)
    yield Figure("home", "compressed", len(gzip.compress(ask().content)) / 1024, "KB", most=60)
