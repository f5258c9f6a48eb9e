"""Keeping search documents: with each change, and all of them anew."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection, models, transaction

from catalog.models import SearchDocument
from catalog.search import Source, source_of, sources

Document = tuple[Any, ...]
CHUNK = 1_000  # rows whose documents are made in one transaction
ENDINGS = ("deleted", "removed")
# A document that says the same stays untouched: its index is the dearest part of a write.
KEEP = """
INSERT INTO catalog_searchdocument (organization_id, kind, uid, shelf, title, text, words)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::uuid[], %s::int[], %s::text[], %s::text[], %s::text[])
ON CONFLICT (organization_id, kind, uid) DO UPDATE
SET title = excluded.title, text = excluded.text, words = excluded.words
WHERE (catalog_searchdocument.title, catalog_searchdocument.text, catalog_searchdocument.words)
    IS DISTINCT FROM (excluded.title, excluded.text, excluded.words)
"""


def follow(kind: str, subject: models.Model) -> Document | None:
    """The document by which `subject`, to which the event `kind` happened, is found from now on, for KEEP to write;
    None for what can't be found, or not any more."""
    source = source_of(subject)
    if source is None:
        return None
    if kind in [f"{source.kind}.{ending}" for ending in ENDINGS]:
        SearchDocument.objects.filter(
            organization=subject.organization_id,  # type: ignore[attr-defined]
            kind=source.kind,
            uid=subject.uid,  # type: ignore[attr-defined]
        ).delete()
        return None
    return _document(subject, source)


def keep(rows: Iterable[Any]) -> None:
    """Write the documents of `rows` as they are now, in one statement; only in the transaction that changed them."""
    said = [_document(row, source) for row in rows if (source := source_of(row))]
    if not said:
        return
    said.sort(key=lambda document: document[:3])  # two at once take them in one order
    with connection.cursor() as cursor:
        cursor.execute(KEEP, columns(said))


def columns(documents: Sequence[Document]) -> list[list[Any]]:
    """The parameters of KEEP that write these documents."""
    return [list(column) for column in zip(*documents, strict=True)]


def _document(row: Any, source: Source) -> Document:
    return (row.organization_id, source.kind, row.uid, source.shelf, *source.said(row))


def forget(rows: models.QuerySet[Any]) -> None:
    """Drop the documents of `rows`, before they are deleted without an event of their own."""
    SearchDocument.objects.filter(
        kind=rows.model.entity, organization__in=rows.values("organization"), uid__in=rows.values("uid")
    ).delete()


def rebuild(source: Source, *, told: Callable[[int], None] = lambda count: None) -> int:
    """Make every document of a kind anew, and drop those of what is gone; how many there are. Repeatable.

    Each chunk locks its rows for as long as it takes, so that no change slips in between. `told` hears the count.
    """
    rows = source.model._default_manager.select_related(*source.related).order_by("pk")
    count, last = 0, 0
    while True:
        with transaction.atomic():
            chunk = list(rows.filter(pk__gt=last).select_for_update(of=("self",), no_key=True)[:CHUNK])
            keep(chunk)
        if not chunk:
            break
        count, last = count + len(chunk), chunk[-1].pk
        told(count)
    there = source.model._default_manager.filter(uid=models.OuterRef("uid"))
    SearchDocument.objects.filter(~models.Exists(there), kind=source.kind).delete()
    return count


def fill() -> None:
    """Make the documents of kinds that have none at all: those a new version began to find."""
    tables = set(connection.introspection.table_names())
    if SearchDocument._meta.db_table not in tables:
        return
    known = set(SearchDocument.objects.order_by().values_list("kind", flat=True).distinct())
    for source in sources().values():
        if source.kind not in known and source.model._meta.db_table in tables:
            rebuild(source)
