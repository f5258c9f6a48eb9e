"""The first page: what waits, what is blocked, what happened."""

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog import slots
from catalog.middleware import PortalRequest
from catalog.models import Component, Event
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
            "is_new": not Component.objects.visible_to(request.actor).exists(),
        },
    )


def lately_panel(request: PortalRequest, subject: None) -> str:
    """The newest events of the organization."""
    events = Event.objects.visible_to(request.actor)[:LATELY]
    return render_to_string("catalog/panels/lately.html", {"events": timeline(events)}, request=request)
