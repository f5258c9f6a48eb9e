"""Notifications, webhooks and what was sent to them, and stores of keys and values, in Django's admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from catalog.admin import GatehouseAdmin, ReadOnlyAdmin
from catalog.admin.people import ORGANIZATION
from config.errors import Conflict
from integrations.models import Delivery, Notification, NotificationRule, Store, StoreEntry, Webhook
from integrations.services.deliveries import redeliver
from integrations.services.kv import create_store
from integrations.services.notification_rules import delete_notification_rule, update_notification_rule
from integrations.services.webhooks import create_webhook, delete_webhook, update_webhook


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """Who was told what, and whether they read it."""

    list_display = ["title", "severity", "user", "organization", "created_at", "read_at"]
    list_select_related = ["user", "organization"]
    list_filter = [
        ("organization", admin.RelatedOnlyFieldListFilter),
        "severity",
        ("read_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["title", "message", "user__email"]


@admin.register(Store)
class StoreAdmin(GatehouseAdmin):
    create_service = create_store
    fields = ["organization", "name"]
    list_display = ["name", "organization", "created_at"]
    list_select_related = ["organization"]
    list_filter = [("organization", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name"]
    autocomplete_fields = ["organization"]


@admin.register(StoreEntry)
class StoreEntryAdmin(ReadOnlyAdmin):
    """Entries are written by integrations, over the wire."""

    list_display = ["__str__", "store", "expires_at", "updated_at"]
    list_select_related = ["store"]
    list_filter = [("organization", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["path", "store__name"]


@admin.register(Webhook)
class WebhookAdmin(GatehouseAdmin):
    create_service = create_webhook
    update_service = update_webhook
    delete_service = delete_webhook
    secret_fields = ("sealed_secret", "sealed_old_secret")
    fields = ["organization", "name", "url", "kinds", "is_active"]
    list_display = ["name", "masked_url", "organization", "is_active", "switched_off_because", "created_at"]
    list_select_related = ["organization"]
    list_filter = [ORGANIZATION, "is_active"]
    search_fields = ["name"]
    autocomplete_fields = ["organization"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Of the address only the host for those who may not change it: the rest is often a secret."""
        fields = super().get_fields(request, obj)
        may_only_look = obj is not None and not self.has_change_permission(request, obj)
        return ["masked_url" if name == "url" else name for name in fields] if may_only_look else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Also what stands for the address."""
        return [*super().get_readonly_fields(request, obj), "masked_url"]

    def stored(self, request: HttpRequest, result: Any) -> Model:
        """Have the secret of a new one shown, once."""
        if isinstance(result, tuple):
            _, request.secret = result  # type: ignore[attr-defined]
        return super().stored(request, result)


@admin.register(NotificationRule)
class NotificationRuleAdmin(GatehouseAdmin):
    """Rules are made in the portal and by API, where the settings of their channels are written."""

    update_service = update_notification_rule
    delete_service = delete_notification_rule
    subject_name = "rule"
    secret_fields = ("sealed_config",)
    fields = ["organization", "name", "trigger", "least_severity", "flow", "environment", "is_active"]
    list_display = ["name", "trigger", "channel", "least_severity", "flow", "environment", "organization", "is_active"]
    list_select_related = ["flow", "environment", "organization"]
    list_filter = [ORGANIZATION, "trigger", "channel", "is_active"]
    search_fields = ["name"]
    autocomplete_fields = ["organization", "flow", "environment"]
    readonly_fields = ["channel"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What was sent to whom, and the answers."""

    list_display = ["kind", "receiver", "state", "attempts", "created_at"]
    list_select_related = ["webhook", "rule"]
    list_filter = [ORGANIZATION, "state", "is_test"]
    search_fields = ["kind", "webhook__name", "rule__name", "=uid", "=event_uid"]
    date_hierarchy = "created_at"
    actions = ("send_again",)

    @admin.action(description="Send again", permissions=["send"])
    def send_again(self, request: HttpRequest, rows: QuerySet) -> None:
        """Send the selected ones that are finished once more, with the same ids."""
        sent, busy = 0, 0
        for each in rows.select_related("webhook", "rule", "organization"):
            try:
                redeliver(actor=self.actor(request, each), delivery=each)
                sent += 1
            except Conflict:
                busy += 1
        self.message_user(request, f"{sent} are sent again, {busy} were on their way.")

    def has_send_permission(self, request: HttpRequest) -> bool:
        """By the right to read them; the service asks for that to change their webhook."""
        return self._may(request, "read")
