"""Moments in words. All take the moment and now, both aware and in the reader's zone."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone


def short(local: datetime, now: datetime) -> str:
    """ "38 min", "3 h", "in 2 d", and the day when it is a week away: "19 Nov"."""
    return _relative(local, now, past="{}", present="now")


def ago(local: datetime, now: datetime) -> str:
    """The same as part of a sentence: "38 min ago"."""
    return _relative(local, now, past="{} ago", present="just now")


def clock(local: datetime, now: datetime) -> str:
    """ "15:30" today, else "19 Nov, 15:30"."""
    return f"{local:%H:%M}" if local.date() == now.date() else f"{day(local, now)}, {local:%H:%M}"


def time_of_day(local: datetime, now: datetime) -> str:
    """ "15:30", below a heading that names the day."""
    return f"{local:%H:%M}"


def exact(local: datetime, now: datetime) -> str:
    """ "20 Nov 2026, 15:04"."""
    return f"{local.day} {local:%b %Y, %H:%M}"


def exact_with_zone(local: datetime) -> str:
    """ "20 Nov 2026, 15:04 CET (Europe/Berlin)"."""
    zone = timezone.get_current_timezone_name()
    return f"{exact(local, local)} {local:%Z}" + (f" ({zone})" if zone != local.tzname() else "")


def day(local: datetime, now: datetime) -> str:
    """ "19 Nov", with the year when it is not this one."""
    return f"{local.day} {local:%b}" if local.year == now.year else f"{local.day} {local:%b %Y}"


def day_heading(local: datetime, now: datetime) -> str:
    """ "Today", "Yesterday" or the day: what a timeline prints between two days."""
    apart = (now.date() - local.date()).days
    return {0: "Today", 1: "Yesterday"}.get(apart) or day(local, now)


LOOKS: dict[str, Callable[[datetime, datetime], str]] = {
    "": short,
    "ago": ago,
    "clock": clock,
    "time": time_of_day,
    "exact": exact,
}


def _relative(local: datetime, now: datetime, *, past: str, present: str) -> str:
    apart = abs(now - local)
    if apart >= timedelta(days=7):
        return day(local, now)
    if apart < timedelta(seconds=45):
        return present
    return f"in {_span(apart)}" if local > now else past.format(_span(apart))


def _span(apart: timedelta) -> str:
    if apart < timedelta(hours=1):
        return f"{max(round(apart.total_seconds() / 60), 1)} min"
    if apart < timedelta(days=1):
        return f"{int(apart.total_seconds() // 3600)} h"
    return f"{apart.days} d"
