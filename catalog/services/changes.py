"""Changing some fields of one row, as every service that updates one does it."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from catalog.models.base import Keyed
from config.errors import BadInput, NotFound


def hold(row: models.Model) -> None:
    """Lock `row` until the transaction ends, and read it anew: what is compared with it is then written to it.

    Where services lock another row in its place, the model names it by `held_by`: nobody locks the two crosswise.
    Raises NotFound when it was deleted meanwhile.
    """
    above = getattr(row, "held_by", "")
    held: models.Model = getattr(row, above) if above else row
    try:
        held.refresh_from_db(from_queryset=type(held)._default_manager.select_for_update())
        if above:
            row.refresh_from_db()
    except ObjectDoesNotExist as gone:
        raise NotFound("It was deleted meanwhile.") from gone


def write_changes(row: Keyed, changes: dict[str, Any], allowed: Collection[str]) -> dict[str, dict[str, Any]]:
    """Set what differs, check and save the (locked) row; returns {"before": …, "after": …}, empty when nothing did.

    Related rows are named by their uid. Raises BadInput for a field not among `allowed`, and ValidationError.
    """
    unknown = set(changes) - set(allowed)
    if unknown:
        raise BadInput(f"Unknown fields: {', '.join(sorted(unknown))}.")
    before = {name: getattr(row, name) for name, value in changes.items() if getattr(row, name) != value}
    if not before:
        return {}
    for name in before:
        setattr(row, name, changes[name])
    row.put()
    after = {name: changes[name] for name in before}
    return {"before": named(before), "after": named(after)}


def named(values: dict[str, Any]) -> dict[str, Any]:
    """`values` with related rows named by their uid, as the history keeps them."""
    return {
        name: str(value.uid) if isinstance(value, models.Model) else value  # type: ignore[attr-defined]
        for name, value in values.items()
    }
