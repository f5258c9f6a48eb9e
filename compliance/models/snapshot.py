"""What was seen running, what should be, and the difference."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from catalog.models import Environment, TenantModel, TenantQuerySet

CHANGED = Q(added__gt=0) | Q(updated__gt=0) | Q(removed__gt=0)


class SnapshotQuerySet(TenantQuerySet):
    def changed(self) -> Self:
        """Those that differ from the one before."""
        return self.filter(CHANGED)

    def current(self) -> Self:
        """Each environment's latest."""
        return self.filter(index=models.F("environment__snapshot_index"))

    def with_approval(self) -> Self:
        """With `approved_by`, `approved_at` and `approved_why` where it is the active baseline, else None."""
        active = models.FilteredRelation("baselines", condition=Q(baselines__is_active=True))
        return self.annotate(
            approval=active,
            approved_by=models.F("approval__approved_by"),
            approved_at=models.F("approval__created_at"),
            approved_why=models.F("approval__description"),
        )

    def as_of(self, environment: Environment, at: datetime) -> "Snapshot | None":
        """The last that was there at `at`: a query for each 64-fold of snapshots, as index and time rise together."""
        found, first, last = None, 1, environment.snapshot_index
        while first <= last:
            step = -(-(last - first + 1) // 64)
            there = self.filter(environment=environment, index__in=range(first, last + 1, step), created_at__lte=at)
            row = there.order_by("-index").first()
            if row is None:
                break
            found, first, last = row, row.index + 1, min(row.index + step - 1, last)
        return found


class Snapshot(TenantModel):
    """All that runs in an environment at one moment: full state, not a change. The counts say what it changed."""

    entity = "snapshot"
    resource = (("environment", "environment__name"), ("snapshot", "index"))

    environment = models.ForeignKey("catalog.Environment", models.CASCADE, related_name="snapshots")
    index = models.PositiveIntegerField(help_text="From 1, without gaps, per environment.")
    recorded_by = models.CharField(max_length=255)
    running = models.PositiveIntegerField(default=0, editable=False, help_text="Artifacts it holds.")
    added = models.PositiveIntegerField(default=0, editable=False, help_text="Against the snapshot before.")
    updated = models.PositiveIntegerField(default=0, editable=False, help_text="Against the snapshot before.")
    removed = models.PositiveIntegerField(default=0, editable=False, help_text="Against the snapshot before.")

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        ordering = ["-index"]
        constraints = [models.UniqueConstraint(fields=["environment", "index"], name="snapshot_index")]
        indexes = [models.Index(fields=["environment", "-index"], condition=CHANGED, name="snapshot_changed")]

    def __str__(self) -> str:
        return f"#{self.index}"


class RunningArtifactQuerySet(TenantQuerySet):
    def running_now(self) -> Self:
        """What runs now: the artifacts of each environment's latest snapshot."""
        return self.filter(snapshot__index=models.F("snapshot__environment__snapshot_index"))


class RunningArtifact(TenantModel):
    """One artifact in one snapshot. Digests are free form: what the reporter saw."""

    entity = "snapshot"
    resource = (("environment", "snapshot__environment__name"), ("snapshot", "snapshot__index"))

    snapshot = models.ForeignKey(Snapshot, models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=512)
    tag = models.CharField(max_length=255, blank=True, default="")
    digest = models.CharField(max_length=255)
    instances = models.PositiveIntegerField(default=1)

    objects = RunningArtifactQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        indexes = [
            models.Index(fields=["snapshot", "name", "id"], name="running_of_snapshot"),
            models.Index(fields=["organization", "digest"], name="running_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.name}:{self.tag}" if self.tag else self.name


class Sighting(TenantModel):
    """The first time a digest was seen in an environment: when it was really deployed."""

    entity = "snapshot"
    resource = (("environment", "environment__name"),)

    environment = models.ForeignKey("catalog.Environment", models.CASCADE, related_name="sightings")
    digest = models.CharField(max_length=255)
    snapshot_index = models.PositiveIntegerField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-seen_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["environment", "digest"], name="sighting_first")]

    def __str__(self) -> str:
        return self.digest


class EnvironmentBaseline(TenantModel):
    """The snapshot somebody approved as what should run. One is active per environment."""

    entity = "baseline"
    resource = (("environment", "environment__name"), ("baseline", "uid"))

    environment = models.ForeignKey("catalog.Environment", models.CASCADE, related_name="baselines")
    snapshot = models.ForeignKey(Snapshot, models.CASCADE, null=True, blank=True, related_name="baselines")
    approved_by = models.CharField(max_length=255)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001  null on the wire
    is_active = models.BooleanField(default=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["environment"], condition=Q(is_active=True), name="baseline_one_active")
        ]

    def __str__(self) -> str:
        return f"{self.environment} baseline"


class DriftReport(TenantModel):
    """How the latest snapshot differs from the baseline.

    Entries hold artifactName, artifactTag, sha256From and sha256To.
    """

    entity = "drift"
    resource = (("environment", "environment__name"), ("drift", "uid"))

    environment = models.ForeignKey("catalog.Environment", models.CASCADE, related_name="drift_reports")
    baseline = models.ForeignKey(EnvironmentBaseline, models.CASCADE, null=True, related_name="drift_reports")
    snapshot = models.ForeignKey(Snapshot, models.CASCADE, related_name="drift_reports")
    has_drift = models.BooleanField()
    drift_policy = models.CharField(max_length=16)
    added = models.JSONField(default=list)
    removed = models.JSONField(default=list)
    updated = models.JSONField(default=list)
    allowlisted = models.JSONField(default=list)
    answered = models.BooleanField(
        default=False, editable=False, help_text="Given to somebody who asked: the next to ask gets their own."
    )

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["environment", "-created_at", "-id"], name="drift_of_environment")]

    def __str__(self) -> str:
        return f"{self.environment}: {'drift' if self.has_drift else 'in sync'}"
