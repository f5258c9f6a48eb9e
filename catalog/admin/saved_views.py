"""Views of lists that people keep, and what they change many rows by."""

from django.contrib import admin

from catalog.admin.base import ReadOnlyAdmin
from catalog.admin.people import ORGANIZATION
from catalog.models import BulkJob, SavedView


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    list_display = ["name", "organization", "owner", "path", "is_shared", "created_at"]
    list_select_related = ["organization", "owner"]
    list_filter = [ORGANIZATION, "is_shared"]
    search_fields = ["name", "path", "owner__email"]


@admin.register(BulkJob)
class BulkJobAdmin(ReadOnlyAdmin):
    list_display = ["action", "organization", "owner", "total", "done", "created_at", "finished_at"]
    list_select_related = ["organization", "owner"]
    list_filter = [ORGANIZATION, "action"]
    search_fields = ["owner__email"]
