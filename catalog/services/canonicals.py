"""Addresses made from names."""

import re

from django.db.models import QuerySet

from catalog.services.numbers import short_id

LONGEST = 100
STEM = LONGEST - 8  # leaves room for the number of a namesake


def free_canonical(name: str, rows: QuerySet) -> str:
    """An address made from `name` that none of `rows` has: lower case, `-` for all but a-z, 0-9, - and _.

    A namesake gets a number (`shop-2`); a name of which nothing is left gets random letters.
    """
    stem = re.sub(r"[^a-z0-9_-]", "-", name.lower())[:STEM].strip("-_") or short_id(10)
    taken = {each.lower() for each in rows.filter(canonical__istartswith=stem).values_list("canonical", flat=True)}
    if stem not in taken:
        return stem
    return next(f"{stem}-{number}" for number in range(2, len(taken) + 3) if f"{stem}-{number}" not in taken)
