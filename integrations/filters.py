"""Filters of integrations' lists."""

from django_filters import BooleanFilter, ChoiceFilter

from catalog.filters import PortalFilter
from integrations.models import Delivery, NotificationRule, Webhook


class WebhookFilter(PortalFilter):
    """Webhooks by name."""

    search_fields = ("name",)
    is_active = BooleanFilter(label="Switched on")

    class Meta:
        model = Webhook
        fields: list[str] = []


class RuleFilter(PortalFilter):
    """Notification rules by name, and by what they are about."""

    search_fields = ("name",)
    trigger = ChoiceFilter(choices=NotificationRule.Trigger, label="When", empty_label="Any")
    channel = ChoiceFilter(choices=NotificationRule.Channel, empty_label="Any")

    class Meta:
        model = NotificationRule
        fields: list[str] = []


class DeliveryFilter(PortalFilter):
    """What was sent, by kind of event and by what came of it."""

    search_fields = ("kind",)
    state = ChoiceFilter(choices=Delivery.State, empty_label="Any")

    class Meta:
        model = Delivery
        fields: list[str] = []
