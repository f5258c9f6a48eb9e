"""Lists as Cycloid's clients page, order and filter them.

A table per list says what may be asked: clients' words are looked up in it and never reach a query themselves.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.db import DataError, OperationalError, connection, transaction
from django.db.models import Q, QuerySet

from config.api.pagination import whole_number
from config.errors import BadInput, FieldError

Mapper = Callable[[Any], dict[str, Any]]
Ask = Mapping[str, Any]
MOST = 1000  # rows of one page, also when more are asked for
LAST = 2**32 - 1
BRACKETS = re.compile(r"([a-z_]+)\[([a-z]+)\]")
CONDITIONS = ("eq", "ne", "gt", "gte", "lt", "lte", "like", "rlike")
PATTERN_MILLISECONDS = 2000
LONGEST_PATTERN = 512
LAST_SECOND = 253_402_300_000  # in year 9999


@dataclass(frozen=True)
class Column:
    """What an attribute means: the look-up of ours behind it, and what its values are.

    A plain `text` filter matches a part, a `word` or `id` the whole, `seconds` a Unix time; `many` is a look-up over
    rows that hang on the listed one.
    """

    lookup: str
    kind: Literal["text", "word", "id", "seconds"] = "word"
    many: bool = False


Columns = Mapping[str, Column]


def page_of(ask: Any, rows: QuerySet, mapper: Mapper, columns: Columns, default: str = "pk") -> dict[str, Any]:
    """The page of `rows` that `ask` (a QueryDict) wants, with the right total; past the end it is empty.

    Raises BadInput for paging that is no number, and for a filter's value that can't be read.
    """
    index = whole_number(ask, "page_index", 1, 1, LAST)
    size = min(whole_number(ask, "page_size", MOST, 1, LAST), MOST)
    wanted = rows.filter(conditions(ask, columns, rows))
    start = (index - 1) * size
    with bounded(ask):
        total = wanted.count()
        found = list(wanted.order_by(*_order(ask, columns, default))[start : start + size]) if start < total else []
    return {"data": [mapper(row) for row in found], "pagination": {"index": index, "size": size, "total": total}}


def window(ask: Any, parts: Sequence[tuple[Any, Mapper]]) -> dict[str, Any]:
    """The page of several lists that follow each other, each with its mapper. Raises BadInput."""
    index = whole_number(ask, "page_index", 1, 1, LAST)
    size = min(whole_number(ask, "page_size", MOST, 1, LAST), MOST)
    start, data, total = (index - 1) * size, [], 0
    with bounded(ask):
        for rows, mapper in parts:
            count = len(rows) if isinstance(rows, list) else rows.count()
            first, last = max(0, start - total), min(count, start + size - total)
            if first < last:
                data += [mapper(row) for row in rows[first:last]]
            total += count
    return {"data": data, "pagination": {"index": index, "size": size, "total": total}}


@contextmanager
def bounded(ask: Any) -> Iterator[None]:
    """Let the queries of a list take two seconds each where `ask` has a pattern: one can be made to take for ever.

    Raises BadInput when they take longer.
    """
    try:
        with transaction.atomic():
            if any("[rlike]" in key for key in ask):
                _limit_time()
            yield
    except (DataError, OperationalError) as error:
        raise BadInput("A filter takes too long, or is no pattern.") from error


def conditions(ask: Any, columns: Columns, rows: QuerySet) -> Q:
    """The condition that the filters of `ask` make together. Raises BadInput naming those that can't be read."""
    wanted, faults = Q(), []
    for key in ask:
        bracketed = BRACKETS.fullmatch(key)
        name, word = bracketed.groups() if bracketed else (key, "")
        column = columns.get(name)
        if column is None:
            continue
        for value in filter(None, ask.getlist(key)):
            try:
                wanted &= _condition(column, word, value, rows)
            except ValueError as fault:
                faults.append(FieldError(key[:100], str(fault)))
    if faults:
        raise BadInput("A filter can't be read.", fields=faults)
    return wanted


def _condition(column: Column, word: str, value: str, rows: QuerySet) -> Q:
    if word and word not in CONDITIONS:
        raise ValueError(f"must be one of {', '.join(CONDITIONS)}")
    if column.many:  # a row with any such row hanging on it; `ne` is one with none
        inner = _condition(Column(column.lookup, column.kind), "eq" if word == "ne" else word, value, rows)
        some = Q(pk__in=rows.model._default_manager.filter(inner).values("pk"))
        return ~some if word == "ne" else some
    if column.kind == "seconds":
        return _moment(column.lookup, word or "eq", value)
    if column.kind == "id" and not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise ValueError("must be a number")
    if column.kind == "id" and word in ("like", "rlike"):
        raise ValueError("takes eq, ne, gt, gte, lt or lte")
    if column.kind == "text" and not word:
        word = "like"
    match word:
        case "ne":
            return ~Q(**{column.lookup: value})
        case "gt" | "gte" | "lt" | "lte":
            return Q(**{f"{column.lookup}__{word}": value})
        case "like":
            return Q(**{f"{column.lookup}__icontains": value.strip("%")})
        case "rlike":
            return Q(**{f"{column.lookup}__regex": _pattern(value)})
    return Q(**{column.lookup: value})


def _moment(lookup: str, word: str, value: str) -> Q:
    """Times are compared by whole seconds; 0 is what a client sends that wants no filter."""
    if not (value.isascii() and value.isdigit() and len(value) <= 12 and int(value) <= LAST_SECOND):
        raise ValueError("must be a Unix time in seconds")
    if int(value) == 0:
        return Q()
    since = datetime.fromtimestamp(int(value), tz=UTC)
    after, until = Q(**{f"{lookup}__gte": since}), Q(**{f"{lookup}__lt": since + timedelta(seconds=1)})
    known = {"eq": after & until, "ne": ~(after & until), "gte": after, "lt": ~after, "lte": until, "gt": ~until}
    if word not in known:
        raise ValueError("takes eq, ne, gt, gte, lt or lte")
    return known[word]


def _pattern(value: str) -> str:
    """A regular expression that PostgreSQL reads. Raises ValueError."""
    if len(value) > LONGEST_PATTERN:
        raise ValueError(f"must have at most {LONGEST_PATTERN} characters")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            _limit_time()
            cursor.execute("SELECT '' ~ %s", [value])
    except (DataError, OperationalError) as error:
        raise ValueError("is no regular expression") from error
    return value


def _limit_time() -> None:
    """Let the transaction's statements take two seconds each."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATTERN_MILLISECONDS)])


def _order(ask: Ask, columns: Columns, default: str) -> list[str]:
    """What `order_by=<attribute>:asc|desc` names, else `default`; anything unknown is passed over."""
    name, _, direction = str(ask.get("order_by", "")).partition(":")
    column = columns.get(name)
    if column is None or column.many or direction not in ("asc", "desc"):
        return [default] if default == "pk" else [default, "pk"]
    sign = "-" if direction == "desc" else ""
    return [f"{sign}{column.lookup}", f"{sign}pk"]
