"""Pages by key: the next page starts after the last row seen, so page 500 costs what page 1 costs and no row is skipped
or shown twice while others arrive."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

COUNT_LIMIT = 1000
SALT = "catalog.paging"


class Key(NamedTuple):
    """One column of the order: its lookup path, the direction, and the field that reads its values."""

    path: str
    descending: bool
    field: Field
    nullable: bool


class Page:
    """One page of rows with the links around it and a count that never reads more than COUNT_LIMIT rows."""

    def __init__(self, rows: list, *, queryset: QuerySet, newer_url: str, older_url: str):
        self.rows = rows
        self.newer_url = newer_url
        self.older_url = older_url
        self._queryset = queryset

    def __iter__(self) -> Iterator:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def whole(self) -> bool:
        """Whether this page shows every row there is."""
        return not (self.newer_url or self.older_url)

    @cached_property
    def count_label(self) -> str:
        """How many rows there are in words: "12", or "1,000+" where counting further would cost more than it tells."""
        if self.whole:
            return f"{len(self.rows):,}"
        found = self._queryset.order_by()[: COUNT_LIMIT + 1].count()
        return f"{COUNT_LIMIT:,}+" if found > COUNT_LIMIT else f"{found:,}"

    @property
    def plural(self) -> str:
        """The ending of what is counted; Django's `pluralize` reads no thousands."""
        return "" if self.count_label == "1" else "s"


def keyset_page(queryset: QuerySet, request: HttpRequest, *, size: int = 50) -> Page:
    """The page of `queryset` that `?after=` or `?before=` asks for, else the first; reads one row more than it shows.

    The queryset must be ordered by columns (`-created_at`, `component__name`, annotations); the key is added as the
    tie-breaker. A cursor that is forged, outdated or made for another order means the first page.
    """
    keys = _keys(queryset)
    ordered = queryset.order_by(*(("-" if key.descending else "") + key.path for key in keys))
    before, after = (_read(request.GET.get(name), keys) for name in ("before", "after"))
    if before:
        found = list(ordered.filter(_beyond(keys, before, backwards=True)).reverse()[: size + 1])
        rows, more_newer, more_older = found[:size][::-1], len(found) > size, True
    else:
        found = list((ordered.filter(_beyond(keys, after)) if after else ordered)[: size + 1])
        rows, more_newer, more_older = found[:size], bool(after), len(found) > size
    newer = older = ""
    if more_newer:
        newer = _link(request, before=_write(keys, rows[0])) if rows else _link(request)
    if more_older:
        older = _link(request, after=_write(keys, rows[-1])) if rows else _link(request)
    return Page(rows, queryset=queryset, newer_url=newer, older_url=older)


def query_string(request: HttpRequest, **changes: Any) -> str:
    """The address of this page with `changes` in its query (None removes) and, unless named, without a cursor."""
    params = request.GET.copy()
    for name, value in {"after": None, "before": None, **changes}.items():
        if value is None or value == "":
            params.pop(name, None)
        else:
            params[name] = value
    return f"?{params.urlencode()}" if params else request.path


def _link(request: HttpRequest, **cursor: str) -> str:
    return query_string(request, **cursor)


def _keys(queryset: QuerySet) -> list[Key]:
    order = list(queryset.query.order_by or queryset.model._meta.ordering)
    keys = [_key(queryset, part) for part in order if part not in ("pk", "-pk", "id", "-id")]
    descending = str(order[-1]).startswith("-") if order else False
    return [*keys, Key("pk", descending, queryset.model._meta.pk, False)]


def _key(queryset: QuerySet, part: str) -> Key:
    path, descending = part.removeprefix("-"), part.startswith("-")
    if path in queryset.query.annotations:
        return Key(path, descending, queryset.query.annotations[path].output_field, True)
    model, nullable = queryset.model, False
    *relations, last = path.split("__")
    for name in relations:
        relation = model._meta.get_field(name)
        model, nullable = relation.related_model, nullable or relation.null
    field = model._meta.get_field(last)
    return Key(path, descending, field, nullable or field.null)


def _beyond(keys: Sequence[Key], values: Sequence[Any], *, backwards: bool = False) -> Q:
    """Rows after `values` in the order of `keys` (before them, when backwards): (a > x) or (a = x and b > y) or …"""
    beyond, same = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        further = _further(key, value, descending=key.descending != backwards)
        if further is not None:
            beyond |= same & further
        same &= Q(**({f"{key.path}__isnull": True} if value is None else {key.path: value}))
    first, value = keys[0], values[0]
    if value is not None and not first.nullable and len(keys) > 1:
        # said twice so that the index on the first column bounds the scan; the OR alone would not
        beyond &= Q(**{f"{first.path}__{'lte' if first.descending != backwards else 'gte'}": value})
    return beyond


def _further(key: Key, value: Any, *, descending: bool) -> Q | None:
    """Beyond `value` in one column. PostgreSQL puts nulls last going up and first going down."""
    if value is None:
        return Q(**{f"{key.path}__isnull": False}) if descending else None
    if descending:
        return Q(**{f"{key.path}__lt": value})
    beyond = Q(**{f"{key.path}__gt": value})
    return beyond | Q(**{f"{key.path}__isnull": True}) if key.nullable else beyond


def _write(keys: Sequence[Key], row: Model) -> str:
    values = []
    for key in keys:
        value: Any = row
        for name in key.path.split("__"):
            value = getattr(value, name, None)
        if isinstance(value, date | datetime):
            value = value.isoformat()
        values.append(value if value is None or isinstance(value, str | int | float) else str(value))
    return signing.dumps([_order(keys), values], salt=SALT, compress=True)


def _read(cursor: str | None, keys: Sequence[Key]) -> list[Any] | None:
    if not cursor:
        return None
    try:
        order, values = signing.loads(cursor, salt=SALT)
        if order != _order(keys):
            return None
        return [None if value is None else key.field.to_python(value) for key, value in zip(keys, values, strict=True)]
    except (signing.BadSignature, ValidationError, ValueError, TypeError):
        return None


def _order(keys: Sequence[Key]) -> list[str]:
    return [("-" if key.descending else "") + key.path for key in keys]
