"""Numbers and short ids an organization hands out."""

import secrets
import string

from django.db import connection

LETTERS = string.ascii_lowercase + string.digits


def next_number(organization_id: int, sequence: str) -> int:
    """The next number of `sequence` in an organization, from 1, without gaps but for rolled-back transactions.

    The row is locked until the transaction ends, so numbers become visible in their order.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_counter (organization_id, sequence, value) VALUES (%s, %s, 1) "
            "ON CONFLICT ON CONSTRAINT counter_once DO UPDATE SET value = catalog_counter.value + 1 RETURNING value",
            [organization_id, sequence],
        )
        return int(cursor.fetchone()[0])


def short_id(length: int) -> str:
    """`length` random lower-case letters and digits."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))
