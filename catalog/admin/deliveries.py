"""What was delivered and what broke, as it was reported."""

from django.contrib import admin

from catalog.admin.base import ReadOnlyAdmin
from catalog.admin.people import ORGANIZATION
from catalog.models import DeliveryEvent, Incident


@admin.register(DeliveryEvent)
class DeliveryEventAdmin(ReadOnlyAdmin):
    list_display = [
        "kind",
        "component",
        "commit",
        "external_id",
        "occurred_at",
        "duration",
        "reported_by",
        "created_at",
    ]
    list_select_related = ["component"]
    list_filter = ["kind", ORGANIZATION]
    search_fields = ["commit", "external_id", "component__name", "component__record_id"]
    date_hierarchy = "occurred_at"


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    list_display = ["external_id", "component", "opened_at", "resolved_at"]
    list_select_related = ["component"]
    list_filter = [ORGANIZATION, ("resolved_at", admin.EmptyFieldListFilter)]
    search_fields = ["external_id", "component__name", "component__record_id"]
    date_hierarchy = "opened_at"
