"""Lists as files: what a list's filter lets through, as CSV or JSON, streamed, in one query however many rows."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import StreamingHttpResponse
from django.utils import timezone

from catalog.filters import PortalFilter

LIMIT = 10_000  # rows of one file; its name says when there are more
CHUNK = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what makes a spreadsheet compute a cell (OWASP, CSV injection)


def exported(found: PortalFilter, kind: str) -> StreamingHttpResponse:
    """The first LIMIT rows that `found` lets through, with its `columns`, as a file of `kind`, "csv" or "json"."""
    rows = found.qs.prefetch_related(None)
    truncated = rows.order_by()[: LIMIT + 1].count() > LIMIT
    values = rows.values_list(*found.columns.values())[:LIMIT].iterator(chunk_size=CHUNK)
    content_type, write = KINDS[kind]
    response = StreamingHttpResponse(write(list(found.columns), values, truncated), content_type=content_type)
    first = f"-first-{LIMIT}" if truncated else ""
    name = f"{found.queryset.model._meta.verbose_name_plural}-{timezone.localdate()}{first}.{kind}".replace(" ", "-")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class _Line:
    """What csv.writer writes to: it hands each line on."""

    def write(self, line: str) -> str:
        return line


def _csv(names: Sequence[str], rows: Iterable[Sequence[Any]], truncated: bool) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(names)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def _json(names: Sequence[str], rows: Iterable[Sequence[Any]], truncated: bool) -> Iterator[str]:
    encoder = DjangoJSONEncoder(ensure_ascii=False)
    yield f'{{"truncated": {json.dumps(truncated)}, "rows": ['
    for number, row in enumerate(rows):
        yield (",\n" if number else "\n") + encoder.encode(dict(zip(names, row, strict=True)))
    yield "\n]}\n"


def cell(value: Any) -> Any:
    """A value as a cell of CSV: times in UTC, lists joined, objects as JSON, and text that no spreadsheet computes."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        value = ", ".join(value)
    elif isinstance(value, (dict, list)):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and (value.startswith(FORMULA) or value.lstrip().startswith(FORMULA[:4])):
        return f"'{value}"
    return value


Writer = Callable[[Sequence[str], Iterable[Sequence[Any]], bool], Iterator[str]]
KINDS: dict[str, tuple[str, Writer]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "json": ("application/json", _json),
}
