"""When a schedule rule lets something through next."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta, tzinfo

from releases.services.schedule import judge, seconds_of, zone_for

DAYS = 8 * 366  # the longest wait a rule can mean: 29 February across a century


def next_opening(parts: Mapping[str, str | None], at: datetime, zone: tzinfo) -> datetime | None:
    """The first moment from `at` on that matches the rule; None when none does within eight years.

    `zone` is the organization's, for a rule without its own. Raises `schedule.Unreadable`.
    """
    zone = zone_for(parts, zone)
    if judge(parts, at, zone).matches:
        return at.astimezone(zone)
    begin = timedelta(seconds=seconds_of(parts.get("begin_time") or "0:00"))
    today = at.astimezone(zone).date()
    for days in range(DAYS):
        wall = datetime.combine(today + timedelta(days=days), time()) + begin
        opening = wall.replace(tzinfo=zone)
        if opening > at and judge(parts, opening, zone).matches:
            return opening
    return None
