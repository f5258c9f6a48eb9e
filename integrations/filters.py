"""Filters of integrations' lists."""

from django_filters import BooleanFilter, ChoiceFilter

from catalog.filters import PortalFilter
from integrations.models import Delivery, NotificationRule, Webhook


class WebhookFilter(PortalFilter):
    """Webhooks by name."""

    search_fields = ("name",)
    columns = {  # without the address, which may hold a secret
        "id": "uid", "name": "name", "hears": "kinds", "switched_on": "is_active",
        "switched_off_because": "switched_off_because", "failing_since": "failing_since", "made": "created_at",
        "by": "created_by",
    }  # fmt: skip
    is_active = BooleanFilter(label="Switched on")

    class Meta:
        model = Webhook
        fields: list[str] = []


class RuleFilter(PortalFilter):
    """Notification rules by name, and by what they are about."""

    search_fields = ("name",)
    columns = {
        "id": "uid", "name": "name", "when": "trigger", "least_severity": "least_severity", "flow": "flow__name",
        "environment": "environment__name", "tells_by": "channel", "switched_on": "is_active", "made": "created_at",
    }  # fmt: skip
    trigger = ChoiceFilter(choices=NotificationRule.Trigger, label="When", empty_label="Any")
    channel = ChoiceFilter(choices=NotificationRule.Channel, empty_label="Any")

    class Meta:
        model = NotificationRule
        fields: list[str] = []


class DeliveryFilter(PortalFilter):
    """What was sent, by kind of event and by what came of it."""

    search_fields = ("kind",)
    columns = {
        "id": "uid", "event": "event_uid", "kind": "kind", "test": "is_test", "state": "state", "attempts": "attempts",
        "error": "error", "made": "created_at", "finished": "finished_at",
    }  # fmt: skip
    state = ChoiceFilter(choices=Delivery.State, empty_label="Any")

    class Meta:
        model = Delivery
        fields: list[str] = []
