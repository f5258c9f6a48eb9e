"""Finding things by a word that few, many or none of a million documents have."""

from collections.abc import Iterator
from functools import partial

from bench.measuring import Figure, median, p95, queries, rows, side_by_side
from bench.subject import Subject
from catalog.finding import Search
from catalog.models import SearchDocument
from catalog.search import sources
from config.scale.world import commit_of

FULL = 1_000_000
SHOWN = 6  # of each kind, as a page shows them
FLOOR = "SELECT id FROM catalog_searchdocument WHERE organization_id = %s AND words LIKE %s LIMIT 20"


def measure(subject: Subject) -> Iterator[Figure]:
    """All kinds at once, as the person who may see everything."""
    subject.world.grow(documents=subject.of(FULL, 30))
    count, worst = SearchDocument.objects.count(), []
    for name, word in {"rare": commit_of(3)[:10], "common": "main", "absent": "nosuchword"}.items():
        times, floor = side_by_side(
            partial(_find, subject, word),
            partial(rows, FLOOR, [subject.world.organization.pk, f"%{word}%"]),
            runs=subject.turns(15),
        )
        worst.append(p95(times))
        yield Figure(
            "search", f"a word that is {name} in {count:,} documents, median", median(times), "ms", median(floor)
        )
    yield Figure("search", "p95 of the slowest of them", max(worst), "ms", most=150)
    yield Figure("search", "queries", queries(lambda: _find(subject, "main")))


def _find(subject: Subject, word: str) -> dict:
    return Search(subject.world.actor, word, kinds=list(sources()), size=SHOWN, best=True).found()
