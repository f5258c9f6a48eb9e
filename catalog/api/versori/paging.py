"""Versori's ways to page: page info (`first`, `after`, `before`), tokens, and the opaque cursors both use."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.core import signing
from django.db.models import Model, QuerySet

from config.api.pagination import whole_number
from config.errors import BadInput, FieldError

M = TypeVar("M", bound=Model)
MOST = 1000
TOKEN_PAGE = 100


def write_cursor(key: int, kind: str) -> str:
    """An opaque place in lists of `kind`: behind the row with this key."""
    return signing.dumps(key, salt=f"versori.{kind}")


def read_cursor(text: str, kind: str, name: str) -> int:
    """The key in a cursor of lists of `kind`. Raises BadInput naming the parameter."""
    try:
        return int(signing.loads(text, salt=f"versori.{kind}"))
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadInput(f"{name} is not a cursor.", fields=[FieldError(name, "is not a cursor of this list")]) from error


def page_info(
    rows: QuerySet[M],
    query: Mapping[str, str],
    show: Callable[[M], Any],
    *,
    items: str = "items",
    size: int | None = 20,
) -> dict[str, Any]:
    """One page of `rows`, newest first, in the shape `{totalCount, next?, prev?, <items>}`.

    `size` is how many there are without `first`; None means all. Raises BadInput for a bad size or cursor, and for
    both cursors at once.
    """
    first = whole_number(query, "first", size or 0, 1, MOST)
    after, before = query.get("after"), query.get("before")
    if after and before:
        raise BadInput("Send after or before, not both.", fields=[FieldError("before", "excludes after")])
    kind = str(rows.model._meta.model_name)
    if before:
        beyond = rows.order_by("pk").filter(pk__gt=read_cursor(before, kind, "before"))
        page = list(beyond[:first] if first else beyond)[::-1]
    else:
        beyond = rows.order_by("-pk")
        if after:
            beyond = beyond.filter(pk__lt=read_cursor(after, kind, "after"))
        page = list(beyond[:first] if first else beyond)
    answer: dict[str, Any] = {"totalCount": rows.count(), items: [show(row) for row in page]}
    if page and len(page) < answer["totalCount"]:
        if rows.filter(pk__lt=page[-1].pk).exists():
            answer["next"] = write_cursor(page[-1].pk, kind)
        if rows.filter(pk__gt=page[0].pk).exists():
            answer["prev"] = write_cursor(page[0].pk, kind)
    return answer


def token_page(
    rows: QuerySet[M], token: str, show: Callable[[M], Any], *, items: str = "items", size: int = TOKEN_PAGE
) -> dict[str, Any]:
    """`size` rows, newest first, behind `token`, in the shape `{<items>, nextToken?}`. Raises BadInput."""
    kind = str(rows.model._meta.model_name)
    if token:
        rows = rows.filter(pk__lt=read_cursor(token, kind, "nextToken"))
    found = list(rows.order_by("-pk")[: size + 1])
    answer: dict[str, Any] = {items: [show(row) for row in found[:size]]}
    if len(found) > size:
        answer["nextToken"] = write_cursor(found[size - 1].pk, kind)
    return answer
