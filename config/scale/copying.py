"""Rows by the million: COPY into a model's table, past services, events and checks."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model
from psycopg import sql

RANDOM = Random()  # noqa: S311  ids of rows to measure on are no secret


def uid_at(at: datetime) -> UUID:
    """A time-ordered UUID (RFC 9562, version 7) of that moment."""
    stamp = int(at.timestamp() * 1000) << 80 | 0x7 << 76 | RANDOM.getrandbits(12) << 64
    return UUID(int=stamp | 0b10 << 62 | RANDOM.getrandbits(62))


def reserve(model: type[Model], count: int) -> range:
    """`count` ids of `model` that nobody else gets; nobody may write meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [model._meta.db_table])
        (sequence,) = cursor.fetchone()
        cursor.execute("SELECT setval(%s, nextval(%s) + %s)", [sequence, sequence, count])
        (last,) = cursor.fetchone()
    return range(last - count, last)


def copy(model: type[Model], varying: Sequence[str], rows: Iterable[Sequence[Any]], **fixed: Any) -> None:
    """Write `rows`, each the values of the columns `varying`; `fixed` is the same in all, the rest has its default."""
    fields = [each for each in model._meta.concrete_fields if not getattr(each, "generated", False)]
    others = [each for each in fields if each.column not in varying and not each.primary_key]
    same = tuple(each.get_db_prep_save(fixed.get(each.column, each.get_default()), connection) for each in others)
    columns = [sql.Identifier(name) for name in (*(each.column for each in others), *varying)]
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(columns)
    )
    with connection.cursor() as cursor, cursor.copy(command) as stream:
        for row in rows:
            stream.write_row((*same, *row))
