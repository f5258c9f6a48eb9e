"""What a person is told: the list, the way to the thing, and having read it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_filters import ChoiceFilter

from catalog.filters import PortalFilter
from catalog.middleware import PortalRequest
from catalog.views.access import portal
from catalog.views.appearance import way_back
from catalog.views.paging import keyset_page
from catalog.views.rendering import render_page
from integrations.models import Notification
from integrations.services.notifications import read_all, read_notification, unread_count

ALL = "all"


class NotificationFilter(PortalFilter):
    """What a person is told, by its words and how urgent it is."""

    search_fields = ("title", "message")
    columns = {
        "id": "uid", "title": "title", "message": "message", "severity": "severity", "at": "created_at",
        "read": "read_at", "page": "url",
    }  # fmt: skip
    severity = ChoiceFilter(choices=Notification.Severity, empty_label="Any")

    class Meta:
        model = Notification
        fields: list[str] = []


@require_safe
@portal
def notification_list(request: PortalRequest) -> HttpResponse:
    """What the reader was told and has not read, or with `?show=all` everything, newest first."""
    everything = request.GET.get("show") == ALL
    found = Notification.objects.addressed_to(request.actor)
    rows = found if everything else found.filter(read_at=None)
    listed = NotificationFilter(request.GET, queryset=rows, request=request)
    context = {
        "filter": listed,
        "page": keyset_page(listed.qs, request),
        "everything": everything,
        "unread": unread_count(request.actor),
    }
    return render_page(request, "integrations/notification_list.html", context, partial="rows")


@require_safe
@portal
def notification(request: PortalRequest, uid: UUID) -> HttpResponse:
    """On to what a notification is about; opened by a click, it is read."""
    found = get_object_or_404(Notification.objects.addressed_to(request.actor), uid=uid)
    if request.method == "GET":
        read_notification(actor=request.actor, notification=found)
    return HttpResponseRedirect(found.url or reverse("integrations:notification-list"))


@require_POST
@portal
def notification_read(request: PortalRequest, uid: UUID) -> HttpResponse:
    """Have read one, and stay."""
    found = get_object_or_404(Notification.objects.addressed_to(request.actor), uid=uid)
    read_notification(actor=request.actor, notification=found)
    return HttpResponseRedirect(way_back(request))


@require_POST
@portal
def notification_read_all(request: PortalRequest) -> HttpResponse:
    """Have read them all."""
    count = read_all(actor=request.actor)
    if count:
        messages.success(request, f"{count} notification{'s' if count != 1 else ''} marked as read.")
    return HttpResponseRedirect(reverse("integrations:notification-list"))


def unread(request: PortalRequest) -> int:
    """The number beside the entry in the rail."""
    return unread_count(request.actor)
