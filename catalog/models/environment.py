"""Where software runs."""

from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower

from catalog.models.base import TenantModel, TenantQuerySet


def empty_scope() -> dict:
    """A scope that keeps everything."""
    return {"include": {"names": [], "patterns": []}, "exclude": {"names": [], "patterns": []}}


class EnvironmentQuerySet(TenantQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, in one query however many rows."""
        return self.select_related("organization")


class Environment(TenantModel):
    """A place software is deployed to, the same row for every dialect.

    `drift_state`, `drifted_at` and the latest snapshot's columns are written from above, by the services that record
    snapshots and drift, so that lists can filter and sort by them.
    """

    entity = "environment"
    resource = (("environment", "name"),)

    class Kind(models.TextChoices):
        K8S = "k8s", "Kubernetes"
        ECS = "ecs", "Amazon ECS"
        LAMBDA = "lambda", "AWS Lambda"
        S3 = "s3", "S3"
        DOCKER = "docker", "Docker"
        GENERIC = "generic", "Generic"

    class DriftPolicy(models.TextChoices):
        WARN = "warn"
        BLOCK = "block"
        IGNORE = "ignore"

    class DriftState(models.TextChoices):
        UNKNOWN = "unknown", "No snapshot"
        IN_SYNC = "in_sync", "In sync"
        DRIFTED = "drifted", "Drifted"
        WARNED = "warned", "Drifted, warn only"
        IGNORED = "ignored", "Ignored"
        ALLOWED = "allowed", "Allow-listed"

    class Stage(models.TextChoices):
        PRODUCTION = "production"
        STAGING = "staging"
        DEVELOPMENT = "development"

    name = models.CharField(max_length=255)
    canonical = models.CharField(
        max_length=100,
        editable=False,
        help_text="Its address in paths; made from the name, and never changes.",
        validators=[RegexValidator(r"^[0-9A-Za-z]([0-9A-Za-z._-]*[0-9A-Za-z])?\Z", "Use letters, digits, -, . and _.")],
    )
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.GENERIC)
    description = models.TextField(blank=True, default="")
    color = models.CharField(max_length=64, blank=True, default="")
    stage = models.CharField(max_length=16, choices=Stage, blank=True, default="")
    variables = models.JSONField(
        default=list, blank=True, editable=False, help_text="Key, type, value and description; sensitive values sealed."
    )
    owner = models.ForeignKey("catalog.User", models.SET_NULL, null=True, blank=True, related_name="+")
    drift_policy = models.CharField(max_length=16, choices=DriftPolicy, default=DriftPolicy.WARN)
    scope = models.JSONField(default=empty_scope, blank=True)
    drift_state = models.CharField(max_length=16, choices=DriftState, default=DriftState.UNKNOWN, editable=False)
    drifted_at = models.DateTimeField(null=True, blank=True, editable=False)
    snapshot_index = models.PositiveIntegerField(default=0, editable=False, help_text="Of the latest snapshot.")
    snapshot_at = models.DateTimeField(null=True, blank=True, editable=False)
    snapshot_by = models.CharField(max_length=255, blank=True, default="", editable=False)
    running_count = models.PositiveIntegerField(default=0, editable=False)

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("name"),
                name="environment_name",
                violation_error_message="An environment of this name exists.",
            ),
            models.UniqueConstraint(
                "organization",
                Lower("canonical"),
                name="environment_canonical",
                violation_error_message="An environment of this canonical exists.",
            ),
        ]
        indexes = [models.Index(fields=["organization", "name", "id"], name="environment_list")]

    def __str__(self) -> str:
        return self.name

    @property
    def drift_word(self) -> str:
        """What to call an unknown drift where it is not for want of a snapshot; '' for the state's own word."""
        return "No baseline" if self.drift_state == self.DriftState.UNKNOWN and self.snapshot_index else ""
