"""The audit: everything that happened, by filters in the address, and one event with all it carries."""

import json
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from catalog.filters import AuditFilter
from catalog.middleware import PortalRequest
from catalog.models import Event
from catalog.timeline import entry, named
from catalog.views.access import portal
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page


@require_safe
@portal
def audit_list(request: PortalRequest) -> HttpResponse:
    """What happened, newest first."""
    found = AuditFilter(request.GET, queryset=Event.objects.visible_to(request.actor), request=request)
    page = keyset_page(named(found.qs), request)
    context = {"filter": found, "page": page, "rows": [(event, entry(event)) for event in page]}
    return render_page(request, "catalog/audit.html", context, partial="rows")


@require_safe
@portal
def audit_event(request: PortalRequest, uid: UUID) -> HttpResponse:
    """One event: who did what, from where, and what was written down with it."""
    event = get_object_or_404(named(Event.objects.visible_to(request.actor)), uid=uid)
    data = json.dumps(event.data, indent=2, ensure_ascii=False, sort_keys=True) if event.data else ""
    context = {"event": event, "entry": entry(event), "data": data, "actor_kind": event.actor_kind.replace("_", " ")}
    return render_page(request, "catalog/event.html", context)
