"""What compliance counts on the home page."""

from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from catalog import slots
from catalog.middleware import PortalRequest
from compliance.models import Trail

DAYS = 30


def trails_tile(request: PortalRequest) -> slots.Tile | None:
    """Which part of the last days' trails is compliant, and how many there were each day."""
    today = timezone.localdate()
    good = Count("pk", filter=Q(status=Trail.Status.COMPLIANT))
    trails = Trail.objects.visible_to(request.actor)
    rows = trails.by_day(today - timedelta(days=DAYS - 1), today, total=Count("pk"), good=good)
    total = sum(row["total"] for row in rows)
    if not total:
        return None
    return slots.Tile(
        label="Trails compliant",
        value=f"{sum(row['good'] for row in rows) / total:.0%}",
        note=f"of {total:,} in {DAYS} days",
        url=slots.page_url("compliance:flow-list"),
        series=tuple(row["total"] for row in rows),
        said=f"{total:,} trails in {DAYS} days, by day",
        kind="bars",
    )
