"""What was sent: the history of a receiver, one delivery with each attempt, and sending it again."""

import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from catalog.middleware import PortalRequest
from catalog.models import Event
from catalog.views.access import portal
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from config.errors import Conflict
from integrations.filters import DeliveryFilter
from integrations.models import Delivery, NotificationRule, Webhook
from integrations.services.deliveries import redeliver


def sent_to(request: PortalRequest, **receiver: Webhook | NotificationRule) -> dict[str, Any]:
    """The context of a history: filter and page."""
    rows = Delivery.objects.visible_to(request.actor).filter(**receiver).defer("body", "tries")
    found = DeliveryFilter(request.GET, queryset=rows, request=request)
    return {"filter": found, "page": keyset_page(found.qs, request)}


@require_safe
@portal
def delivery_page(request: PortalRequest, uid: str) -> HttpResponse:
    """One delivery: what was sent, and how each attempt went."""
    delivery = _delivery(request, uid)
    receiver = delivery.receiver
    context = {
        "delivery": delivery,
        "receiver": receiver,
        "body": json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False),
        "tries": [
            each | {"at": datetime.fromisoformat(each["at"])} for each in reversed(delivery.tries) if "at" in each
        ],
        "event": Event.objects.visible_to(request.actor).filter(uid=delivery.event_uid).first(),
        "may_change": request.actor.may(f"organization:{receiver.entity}:update", receiver),
    }
    return render_page(request, "integrations/delivery.html", context)


@require_POST
@portal
def delivery_again(request: PortalRequest, uid: str) -> HttpResponse:
    """Send it once more."""
    delivery = _delivery(request, uid)
    try:
        redeliver(actor=request.actor, delivery=delivery)
        messages.success(request, "It is on its way again, with the same id.")
    except Conflict as busy:
        messages.warning(request, busy.message)
    return redirect("integrations:delivery", uid=delivery.uid)


def _delivery(request: PortalRequest, uid: str) -> Delivery:
    mine = Delivery.objects.visible_to(request.actor).filter(organization=request.actor.organization)
    return get_object_or_404(mine.select_related("webhook", "rule__flow", "organization"), uid=uid)
