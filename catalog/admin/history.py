"""What happened, what is still to be told, and the marks jobs leave."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from catalog.admin.base import ReadOnlyAdmin
from catalog.models import Counter, Event, IdempotentAnswer, JobTick, Organization, OutboxEntry, SearchDocument


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Append-only: the database refuses to change it too."""

    list_display = ["occurred_at", "kind", "subject_label", "actor_label"]
    list_filter = ["occurred_at", "actor_kind"]
    search_fields = ["kind", "subject_label", "actor_label", "request_id"]
    search_help_text = "Kind (component.updated), subject, actor or request id"

    @admin.display(description="organization")
    def organization(self, row: Event) -> Organization | int:
        """Where it happened: the name as it is today, or the number of one that is gone."""
        return Organization.objects.filter(pk=row.organization_id).first() or row.organization_id

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The number, for which the name stands."""
        return [*super().get_exclude(request, obj), "organization_id"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """All, with the name of the organization."""
        return [
            "organization",
            *(name for name in super().get_readonly_fields(request, obj) if name != "organization_id"),
        ]


@admin.register(OutboxEntry)
class OutboxEntryAdmin(ReadOnlyAdmin):
    """A sweep tries again at `next attempt`."""

    list_display = ["event", "attempts", "next_attempt_at", "done_at", "last_error"]
    list_select_related = ["event"]
    list_filter = [("done_at", admin.EmptyFieldListFilter)]
    search_fields = ["event__kind", "event__subject_label", "last_error"]


@admin.register(JobTick)
class JobTickAdmin(ReadOnlyAdmin):
    list_display = ["job", "started_at", "finished_at", "outcome"]
    list_filter = ["job"]


@admin.register(Counter)
class CounterAdmin(ReadOnlyAdmin):
    list_display = ["organization", "sequence", "value"]
    list_select_related = ["organization"]
    search_fields = ["sequence", "organization__name"]


@admin.register(IdempotentAnswer)
class IdempotentAnswerAdmin(ReadOnlyAdmin):
    """What callers were answered under an Idempotency-Key; the body stays encrypted."""

    list_display = ["key", "caller", "organization", "status", "created_at", "expires_at"]
    list_select_related = ["organization"]
    list_filter = ["status"]
    search_fields = ["key", "caller"]


@admin.register(SearchDocument)
class SearchDocumentAdmin(ReadOnlyAdmin):
    """Made from the rows; `manage.py rebuild_search` makes them anew."""

    list_display = ["title", "kind", "organization", "uid"]
    list_select_related = ["organization"]
    list_filter = ["kind"]
    search_fields = ["title"]
