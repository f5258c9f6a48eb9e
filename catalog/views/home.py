"""The first page: what waits, what is blocked, what happened."""

from django.db.models import Count, Q
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog import slots
from catalog.middleware import PortalRequest
from catalog.models import Component, Environment, Event
from catalog.timeline import timeline
from catalog.views.access import portal
from catalog.views.rendering import render_page

LATELY = 8


@require_safe
@portal
def home(request: PortalRequest) -> HttpResponse:
    """A greeting, the figures and panels the apps hang here, or how to begin when there is nothing yet."""
    now = timezone.localtime()
    greeting = "Good morning" if now.hour < 12 else "Good afternoon" if now.hour < 18 else "Good evening"
    return render_page(
        request,
        "catalog/home.html",
        {
            "greeting": greeting,
            "now": now,
            "tiles": slots.tiles(request),
        },
    )


def components_tile(request: PortalRequest) -> slots.Tile | None:
    """How many components there are, and how many of them nobody owns."""
    visible = Component.objects.visible_to(request.actor).order_by()
    found = visible.aggregate(known=Count("pk"), unowned=Count("pk", filter=Q(team=None)))
    url = slots.page_url("catalog:component-list")
    if found["unowned"]:
        return slots.Tile(
            "Components", f"{found['known']:,}", f"{found['unowned']:,} without an owner", f"{url}?team=null"
        )
    return slots.Tile("Components", f"{found['known']:,}", "each has an owner", url) if found["known"] else None


def environments_tile(request: PortalRequest) -> slots.Tile | None:
    """How many environments run what was approved to run."""
    state = Environment.DriftState
    visible = Environment.objects.visible_to(request.actor).order_by()
    found = visible.aggregate(known=Count("pk"), synced=Count("pk", filter=Q(drift_state=state.IN_SYNC)))
    url = slots.page_url("catalog:environment-list")
    value, unit = f"{found['synced']:,}", f"of {found['known']:,}"
    return slots.Tile("Environments in sync", value, "with their baselines", url, unit) if found["known"] else None


def lately_panel(request: PortalRequest, subject: None) -> str:
    """The newest events of the organization."""
    events = Event.objects.visible_to(request.actor)[:LATELY]
    return render_to_string("catalog/panels/lately.html", {"events": timeline(events)}, request=request)
