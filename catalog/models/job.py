"""How what runs by the timetable fares."""

from django.db import models


class JobRecord(models.Model):
    """When a scheduled job last ended well, and when and why it last did not. One row a task, written by workers."""

    task = models.CharField(max_length=64, unique=True)
    done_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="Since it last ended well.")
    error = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["task"]

    def __str__(self) -> str:
        return self.task
