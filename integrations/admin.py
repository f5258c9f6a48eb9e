"""Notifications, and stores of keys and values, in Django's admin."""

from django.contrib import admin

from catalog.admin import GatehouseAdmin, ReadOnlyAdmin
from integrations.models import Notification, Store, StoreEntry
from integrations.services.kv import create_store


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
