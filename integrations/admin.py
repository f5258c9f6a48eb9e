"""Notifications in Django's admin."""

from django.contrib import admin

from catalog.admin import ReadOnlyAdmin
from integrations.models import Notification


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
