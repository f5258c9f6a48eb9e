"""Reading query parameters that several dialects have, and telling all that is wrong with them at once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from django.utils.dateparse import parse_datetime

from config.errors import BadInput, FieldError

FLAGS = {"true": True, "false": False}


@contextmanager
def collecting(faults: list[FieldError]) -> Iterator[None]:
    """Add what is refused inside to `faults` instead of raising it."""
    try:
        yield
    except BadInput as refused:
        faults += refused.fields or [FieldError("", refused.message)]


def moment(query: Mapping[str, str], name: str) -> datetime | None:
    """The time in the parameter `name`, in UTC; None without one. Raises BadInput naming it."""
    text = query.get(name)
    if not text:
        return None
    try:
        at = parse_datetime(text.replace(" ", "+"))  # a `+` that was not percent-encoded
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)  # PostgreSQL takes no offset of 16 hours or more
    except (ValueError, OverflowError):
        pass
    raise refused(name, "must be an RFC 3339 time with its offset")


def flag(query: Mapping[str, str], name: str, default: bool) -> bool:
    """The parameter `name` as true or false, in any letter case. Raises BadInput naming it."""
    text = query.get(name)
    if not text:
        return default
    if text.lower() not in FLAGS:
        raise refused(name, "must be true or false")
    return FLAGS[text.lower()]


def refused(name: str, why: str) -> BadInput:
    """The refusal of one parameter."""
    return BadInput(f"{name} {why}", fields=[FieldError(name, why)])
