"""The timetable: what runs when, how it fared, and one run more."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import PeriodicTask

from catalog.admin.base import EditingAdmin, ReadOnlyAdmin
from catalog.models import JobRecord
from catalog.services.jobs import run_now

admin.site.unregister(PeriodicTask)


@admin.register(JobRecord)
class JobRecordAdmin(ReadOnlyAdmin):
    list_display = ["task", "done_at", "failed_at", "failures", "error"]
    list_filter = [("error", admin.EmptyFieldListFilter)]
    search_fields = ["task", "error"]


@admin.register(PeriodicTask)
class JobAdmin(EditingAdmin, PeriodicTaskAdmin):
    """The package's admin with how jobs fared; without its template, whose script in the page our CSP refuses."""

    change_form_template = None
    list_display = ["name", "enabled", "every", "last_run", "next_run", "failed_at", "failures", "error"]
    list_filter: ClassVar[tuple[str, ...]] = ()  # there are a few, and the table takes the whole width
    date_hierarchy = None
    actions = ("run_tasks", "enable_tasks", "disable_tasks")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Each with its task's record, by subqueries: the tables know nothing of each other."""
        of_task = JobRecord.objects.filter(task=OuterRef("task"))
        records = {name: Subquery(of_task.values(name)[:1]) for name in ("done_at", "failed_at", "failures", "error")}
        return super().get_queryset(request).annotate(**records)

    @admin.display(description="schedule")
    def every(self, row: Any) -> str:
        """How often it runs, in words."""
        return str(row.scheduler)

    @admin.display(description="last run")
    def last_run(self, row: Any) -> datetime | None:
        """What a worker wrote last, or beat, which writes only every few minutes."""
        return max(filter(None, (row.last_run_at, row.done_at, row.failed_at)), default=None)

    @admin.display(description="next run")
    def next_run(self, row: Any) -> datetime | None:
        """When beat sends it again; None where it is switched off."""
        now = timezone.now()
        return now + row.schedule.remaining_estimate(self.last_run(row) or now) if row.enabled else None

    @admin.display(description="failed", ordering="failed_at")
    def failed_at(self, row: Any) -> datetime | None:
        """When it last did not."""
        return row.failed_at

    @admin.display(description="failures since", ordering="failures")
    def failures(self, row: Any) -> int:
        """How often since it last ended well."""
        return row.failures or 0

    @admin.display(description="last error")
    def error(self, row: Any) -> str:
        """Why it last failed."""
        return row.error or ""

    @admin.action(description="Run selected jobs now")
    def run_tasks(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Send each to a worker."""
        tasks = sorted(set(queryset.values_list("task", flat=True)))
        for task in tasks:
            run_now(task)
        self.message_user(request, f"Sent to a worker: {', '.join(tasks)}.")
