"""Finding things by words: the documents that have every word, best or newest first, in bounded time.

A frequent word is found among the newest of its kind, where reading stops early; a rare one by the index, whose few
hits are then sorted. Which it is nobody knows beforehand, so the newest are read first, and the index is asked for the
kinds that gave too little. Rights are asked of the rows themselves, of the few that are left.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from operator import and_
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db import connection, transaction
from django.db.models import BinaryField, Case, Func, Q, When, Window
from django.db.models.functions import RowNumber

from catalog.actors import Actor
from catalog.models import SearchDocument
from catalog.search import sources

Found = dict[str, list[SearchDocument]]
Hits = list[tuple[int, str]]  # ids and kinds of documents
LONGEST_QUERY = 200  # letters
INDEXED = 3  # letters of a word that trigrams find anywhere
DEPTH, DEPTH_OF_MANY = 10_000, 2_000  # newest of a kind that are read before the index is asked; of kinds of very many
CANDIDATES = 2_000  # newest hits of a kind whose rights are asked, where not all are the reader's; older are not found
PLANS = {"enable_seqscan": "off", "jit": "off", "max_parallel_workers_per_gather": "0"}
# LIMIT is the fence: the planner must not look for the words first, nor walk another index.
RECENT = """
SELECT id, kind FROM (
    SELECT recent.id, wanted.kind, row_number() OVER (PARTITION BY wanted.kind ORDER BY
        CASE WHEN %s THEN CASE WHEN recent.title ILIKE %s THEN 0 WHEN recent.title ILIKE %s THEN 1 ELSE 2 END END,
        recent.uid DESC) AS place, wanted.size
    FROM unnest(%s::bigint[]) AS here(id), unnest(%s::text[], %s::int[], %s::int[]) AS wanted(kind, depth, size),
    LATERAL (
        SELECT id, uid, title, words FROM catalog_searchdocument
        WHERE organization_id = here.id AND kind = wanted.kind AND (%s::uuid IS NULL OR uid < %s::uuid)
        ORDER BY uid DESC LIMIT wanted.depth
    ) AS recent WHERE recent.words LIKE ALL (%s)
) AS hit WHERE place <= size
"""
DEEPER = """
SELECT DISTINCT wanted.kind FROM unnest(%s::bigint[]) AS here(id), unnest(%s::text[], %s::int[]) AS wanted(kind, depth)
WHERE EXISTS (
    SELECT FROM catalog_searchdocument
    WHERE organization_id = here.id AND kind = wanted.kind AND (%s::uuid IS NULL OR uid < %s::uuid)
    ORDER BY uid DESC OFFSET wanted.depth
)
"""


class Search:
    """One question of one reader: words, in which kinds, and how many of each kind at most.

    `before` starts below a uid; `best` puts what bears the query as its name first, else the newest come first.
    """

    def __init__(
        self,
        actor: Actor,
        query: str,
        *,
        kinds: Collection[str],
        size: int,
        before: UUID | None = None,
        best: bool = False,
    ):
        self.actor, self.size, self.before, self.best = actor, size, before, best
        self.name = " ".join(query[:LONGEST_QUERY].replace("\0", "").split())
        self.words = self.name.lower().split()
        self.here = list(actor.reach)
        self.kinds = [kind for kind in kinds if actor.may_somewhere(f"organization:{kind}:read")]

    def found(self) -> Found:
        """The documents by kind, without kinds that have none.

        Words of one or two letters alone are found anywhere among the newest only; further back, where they begin a
        word, of kinds of which there are not very many.
        """
        if not self.words or not self.kinds:
            return {}
        with _planned():
            return self._found()

    def _found(self) -> Found:
        recent = self._recent()
        found, hits = self._visible(recent), Counter(kind for _, kind in recent)
        scarce = [
            kind for kind in self.kinds if len(found.get(kind, ())) < self.size and hits[kind] < self._candidates(kind)
        ]
        lacking: dict[int, list[str]] = defaultdict(list)
        for kind in self._deeper(scarce):
            lacking[sources()[kind].shelf].append(kind)
        older: Hits = []
        for shelf, kinds in lacking.items():
            older += self._indexed(shelf, kinds)
        for kind, rows in self._visible(older).items():
            if len(rows) >= len(found.get(kind, ())):
                found[kind] = rows
        return {kind: found[kind] for kind in self.kinds if kind in found}

    def _recent(self) -> Hits:
        """The hits among the newest of each kind."""
        patterns = [f"%{_escaped(word)}%" for word in self.words]
        by_name = [self.best, _escaped(self.name), f"{_escaped(self.name)}%"]
        wanted = [self.here, self.kinds, self._depths(self.kinds), [self._candidates(kind) for kind in self.kinds]]
        return _rows(RECENT, [*by_name, *wanted, self.before, self.before, patterns])

    def _deeper(self, kinds: list[str]) -> list[str]:
        """Those of `kinds` of which there are more than were read."""
        asked = [self.here, kinds, self._depths(kinds), self.before, self.before]
        return [kind for (kind,) in _rows(DEEPER, asked)] if kinds else []

    def _indexed(self, shelf: int, kinds: Sequence[str]) -> Hits:
        """The hits that the index of a shelf knows. It sorts by expressions, which no index could be walked by."""
        words = _indexed(self.words, beginning=not shelf)
        if words is None:
            return []
        rows = SearchDocument.objects.filter(words, shelf=shelf, organization__in=self.here)
        if not shelf:  # elsewhere it would only tempt a plan to read all of the kind
            rows = rows.filter(kind__in=kinds)
        if self.before:
            rows = rows.filter(uid__lt=self.before)
        called = [Case(When(title__iexact=self.name, then=0), When(title__istartswith=self.name, then=1), default=2)]
        newest = Func("uid", function="uuid_send", output_field=BinaryField()).desc()
        place = Window(RowNumber(), partition_by="kind", order_by=[*(called if self.best else ()), newest])
        most = max(self._candidates(kind) for kind in kinds)
        found = rows.annotate(place=place).filter(place__lte=most).order_by().values_list("pk", "kind")
        return [hit for hit in found if hit[1] in kinds]

    def _visible(self, hits: Hits) -> Found:
        """Those of these documents that the reader may see, the first of each kind."""
        if not hits:
            return {}
        found: Found = defaultdict(list)
        rows = SearchDocument.objects.visible_to(self.actor, {kind for _, kind in hits}).defer("words", "vector")
        name = self.name.lower()
        for row in sorted(rows.filter(pk__in=[pk for pk, _ in hits]), key=lambda row: row.uid, reverse=True):
            found[row.kind].append(row)
        if self.best:
            for each in found.values():
                each.sort(key=lambda row: (row.title.lower() != name, not row.title.lower().startswith(name)))
        return {kind: each[: self.size] for kind, each in found.items()}

    def _candidates(self, kind: str) -> int:
        narrowed = self.actor.narrowed(sources()[kind].model, f"organization:{kind}:read")
        return max(CANDIDATES, self.size) if narrowed else self.size

    def _depths(self, kinds: Iterable[str]) -> list[int]:
        """How many of the newest to read, of each kind and in each organization."""
        shares = min(len(self.here), 10)
        return [(DEPTH_OF_MANY if sources()[kind].shelf else DEPTH) // shares for kind in kinds]


@contextmanager
def _planned() -> Iterator[None]:
    """Plans as the indexes are meant: the planner knows how frequent a word is among all documents, not on one shelf,
    and would read them all, compile what runs for a millisecond, or start workers for it."""
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("".join(f"SET LOCAL {name} = {value};" for name, value in PLANS.items()))
        yield
        cursor.execute("".join(f"SET LOCAL {name} TO DEFAULT;" for name in PLANS))


def _indexed(words: Sequence[str], *, beginning: bool) -> Q | None:
    """The condition that every word is there, for an index; None where no word has enough letters for one.

    Without any such word, and if `beginning` is enough: that those of letters and digits begin a word.
    """
    if any(len(word) >= INDEXED for word in words):
        return reduce(and_, (Q(words__contains=word) for word in words))
    said = " & ".join(f"'{word}':*" for word in words if re.fullmatch(r"[^\W_]+", word))
    return Q(vector=SearchQuery(said, config="simple", search_type="raw")) if said and beginning else None


def _rows(sql: str, params: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _escaped(text: str) -> str:
    """`text` as a LIKE pattern that stands for itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)
