"""Schedule rules: whether a moment lies in the hours, days and months a rule allows.

Times are read on the wall clock of a zone, the organization's or the rule's own. Both ends of a window lie on the
moment's own date: a window that begins later than it ends (22:00-06:00) never matches. Text that can't be read is
refused when a rule is written.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from catalog.models.organization import known_time_zones

LISTS = ("days_of_week", "days_of_month", "months_of_year")
UNSET_WHEN_BLANK = (*LISTS, "time_zone")
PARTS = ("begin_time", "end_time", *UNSET_WHEN_BLANK)

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_NUMBER = re.compile(r"[0-9]{1,2}", re.ASCII)
_CLOCK = (("hour", 24, 3600), ("minute", 60, 60), ("second", 60, 1))


class Unreadable(ValueError):
    """The text of a rule's part means no time, day or month; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a moment matches, and why (not), in words that name the zone."""

    matches: bool
    reason: str


def normal(parts: Mapping[str, str | None]) -> dict[str, str | None]:
    """The parts of a rule as they are stored: a list without words is not set, nor is a blank zone."""
    return {
        name: None if name in UNSET_WHEN_BLANK and not (parts.get(name) or "").split() else parts.get(name)
        for name in PARTS
    }


def faults(parts: Mapping[str, str | None]) -> dict[str, str]:
    """What is wrong with a rule's parts, by their names; empty for a rule that can be evaluated at any time."""
    found: dict[str, str] = {}
    given = normal(parts)
    for name, read in READERS.items():
        text = given[name]
        if text is None:
            continue
        try:
            read(text)
        except Unreadable as unreadable:
            found[name] = str(unreadable)
    for name, other in (("begin_time", "end_time"), ("end_time", "begin_time")):
        if given[name] is None and given[other] is not None:
            found[name] = f"must be set when {other} is"
    return found


def judge(parts: Mapping[str, str | None], at: datetime, zone: tzinfo) -> Answer:
    """Whether the aware moment `at` matches every part that is set; a rule without parts matches always.

    `zone` is the organization's. Raises Unreadable for a part that can't be read, also behind one that does not match.
    """
    zone = zone_for(parts, zone)
    local = at.astimezone(zone)
    given = normal(parts)
    clock = f"{WEEKDAYS[local.weekday()].title()} {local:%Y-%m-%d %H:%M:%S} {zone}"
    missed = [name for name, matches in _matches(given, local).items() if not matches]
    if not missed:
        return Answer(True, f"{clock} is within the schedule.")
    wanted = ", ".join(_said(name, given) for name in missed)
    return Answer(False, f"{clock} is outside of: {wanted}.")


def zone_for(parts: Mapping[str, str | None], zone: tzinfo) -> tzinfo:
    """The zone a rule is read in: its own, else `zone`, the organization's. Raises Unreadable."""
    own = normal(parts)["time_zone"]
    return zone if own is None else zone_of(own)


def zone_of(text: str) -> ZoneInfo:
    """The time zone of an IANA name."""
    if text not in known_time_zones():
        raise Unreadable(f"{text!r} is no IANA time zone name")
    return ZoneInfo(text)


def seconds_of(text: str) -> int:
    """A time `H:MM[:SS]` as seconds since midnight; 24:00 is the end of the day, minute 60 the next hour."""
    words = text.split(":")
    if len(words) not in (2, 3):
        raise Unreadable("time must be written H:MM or H:MM:SS")
    total = 0
    for word, (name, most, seconds) in zip(words, _CLOCK, strict=False):
        if not _NUMBER.fullmatch(word) or int(word) > most:
            raise Unreadable(f"{name} must be a number from 0 to {most}, not {word!r}")
        total += int(word) * seconds
    return total


def weekdays_of(text: str) -> set[int]:
    """Weekdays by name, three letters, or number (1-7 from Monday, also 0 for Sunday), as 1-7."""
    return {_named(word, WEEKDAYS, "weekday", least=0) or 7 for word in text.split()}


def days_of(text: str) -> set[int]:
    """Days of a month as numbers 1-31."""
    return {_numbered(word, "day of month", 1, 31) for word in text.split()}


def months_of(text: str) -> set[int]:
    """Months by name, three letters, or number, as 1-12."""
    return {_named(word, MONTHS, "month", least=1) for word in text.split()}


READERS: dict[str, Callable[[str], Any]] = {
    "begin_time": seconds_of,
    "end_time": seconds_of,
    "days_of_week": weekdays_of,
    "days_of_month": days_of,
    "months_of_year": months_of,
    "time_zone": zone_of,
}


def _matches(given: Mapping[str, str | None], local: datetime) -> dict[str, bool]:
    matches = {}
    begin, end = given["begin_time"], given["end_time"]
    if begin is not None and end is not None:
        now = local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1_000_000
        matches["begin_time"] = seconds_of(begin) <= now <= seconds_of(end)
    today = {"days_of_week": local.isoweekday(), "days_of_month": local.day, "months_of_year": local.month}
    for name, value in today.items():
        text = given[name]
        if text is not None:
            matches[name] = value in READERS[name](text)
    return matches


def _said(name: str, given: Mapping[str, str | None]) -> str:
    if name == "begin_time":
        return f"{given['begin_time']} to {given['end_time']}"
    return f"{name.replace('_', ' ')} {' '.join((given[name] or '').split())}"


def _named(word: str, names: tuple[str, ...], what: str, *, least: int) -> int:
    lowered = word.lower()
    for number, name in enumerate(names, start=1):
        if lowered in (name, name[:3]):
            return number
    return _numbered(word, what, least, len(names))


def _numbered(word: str, what: str, least: int, most: int) -> int:
    if not _NUMBER.fullmatch(word) or not least <= int(word) <= most:
        raise Unreadable(f"{what} {word!r} is unknown")
    return int(word)
