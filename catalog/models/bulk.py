"""One change of many things, done by a worker a few at a time."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from catalog.models.base import TenantModel


class BulkJob(TenantModel):
    """The same change of many rows, asked for by one person. The first `done` of `subjects` were looked at.

    What could not be done stands in `refused`, as {"uid", "label", "why"}. `said` is what the change says, as JSON.
    """

    entity = "bulk_job"
    resource = (("bulk_job", "uid"),)

    owner = models.ForeignKey("catalog.User", models.CASCADE, related_name="+")
    action = models.CharField(max_length=32)
    said = models.JSONField(default=dict, blank=True)
    subjects = ArrayField(models.UUIDField())
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(done__lte=F("total")), name="bulk_job_done_at_most_all")]
        indexes = [models.Index(fields=["updated_at"], condition=Q(finished_at=None), name="bulk_job_unfinished")]

    def __str__(self) -> str:
        return f"{self.action} of {self.total}"

    @property
    def percent(self) -> int:
        """How far it is."""
        return self.done * 100 // self.total if self.total else 100

    @property
    def changed(self) -> int:
        """How many were done and not refused."""
        return self.done - len(self.refused)
