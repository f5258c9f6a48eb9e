"""Somebody wants to ship: the release, the rules it froze, what became of each."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from catalog.models import TenantModel, TenantQuerySet
from releases.models.ruleset import BindingAdjustment, Rule


class ReleaseQuerySet(TenantQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, in one query however many rows."""
        return self.select_related(
            "application__component", "application__latest__version", "environment", "trail__flow"
        )


class Release(TenantModel):
    """A wish to ship an application. Once final its state never changes; the gate re-judges each time it is asked.

    `trail`, `digest` and `environment` are what it was joined to; `*_by` says how (DESIGN 2a), '' when given.
    """

    entity = "release"
    resource = (("component", "application__component__slug"), ("release", "number"))

    class State(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        REJECTED = "rejected"
        CANCELLED = "cancelled"

    application = models.ForeignKey("releases.Application", models.PROTECT, related_name="releases")
    number = models.BigIntegerField(editable=False, help_text="Its id on the wire: one sequence per organization.")
    state = models.CharField(max_length=16, choices=State, default=State.PENDING, editable=False)
    source_identity = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001  null on the wire
    metadata = models.JSONField(default=dict, blank=True)
    comments = models.TextField(null=True, blank=True)  # noqa: DJ001  null on the wire
    created_by = models.CharField(max_length=255, editable=False)
    finalized_at = models.DateTimeField(null=True, editable=False)
    trail = models.ForeignKey("compliance.Trail", models.PROTECT, null=True, editable=False, related_name="releases")
    trail_by = models.CharField(max_length=32, blank=True, default="", editable=False)
    digest = models.CharField(max_length=255, blank=True, default="", editable=False)
    digest_by = models.CharField(max_length=32, blank=True, default="", editable=False)
    environment = models.ForeignKey(
        "catalog.Environment", models.PROTECT, null=True, editable=False, related_name="releases"
    )
    environment_by = models.CharField(max_length=32, blank=True, default="", editable=False)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "number"], name="release_number"),
            models.CheckConstraint(
                condition=Q(state="pending", finalized_at=None) | (~Q(state="pending") & Q(finalized_at__isnull=False)),
                name="release_final_when_finalized",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="release_list"),
            models.Index(fields=["application", "-created_at", "-id"], name="release_of_application"),
            models.Index(fields=["environment", "-created_at", "-id"], name="release_of_environment"),
            models.Index(fields=["organization", "digest"], name="release_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.application_id and self.application.key} {self.number}"

    @property
    def is_final(self) -> bool:
        """Whether its state can change no more."""
        return self.state != self.State.PENDING


class ReleaseBinding(TenantModel):
    """A ruleset's version and mode as they were when the release was made; later changes don't touch it."""

    entity = "release"
    resource = (("component", "release__application__component__slug"), ("release", "release__number"))

    release = models.ForeignKey(Release, models.CASCADE, related_name="bindings")
    ruleset = models.ForeignKey("releases.Ruleset", models.PROTECT, related_name="release_bindings")
    adjustment = models.ForeignKey("releases.RulesetAdjustment", models.PROTECT, related_name="release_bindings")
    mode = models.CharField(max_length=16, choices=BindingAdjustment.Mode)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["release", "ruleset"], name="release_binding_once")]

    def __str__(self) -> str:
        return f"{self.ruleset} ({self.mode})"


class Outcome(TenantModel):
    """What one rule said about one release, once."""

    entity = "release"
    resource = (("component", "release__application__component__slug"), ("release", "release__number"))

    release = models.ForeignKey(Release, models.CASCADE, related_name="outcomes")
    rule = models.ForeignKey(Rule, models.PROTECT, related_name="outcomes")
    number = models.BigIntegerField(editable=False, help_text="Its id on the wire: one sequence per rule type.")
    success = models.BooleanField()
    comments = models.TextField(null=True, blank=True)  # noqa: DJ001  null on the wire
    reason = models.TextField(blank=True, default="", help_text="Why, in words; the time zone a schedule was read in.")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["release", "rule"], name="outcome_once")]

    def __str__(self) -> str:
        return f"{self.rule}: {'passed' if self.success else 'failed'}"


class ReleaseEvent(TenantModel):
    """One step of a release as Sqedule's clients read it."""

    entity = "release"
    resource = (("component", "release__application__component__slug"), ("release", "release__number"))

    class Type(models.TextChoices):
        CREATED = "created"
        RULE_PROCESSED = "rule_processed"
        CANCELLED = "cancelled"

    release = models.ForeignKey(Release, models.CASCADE, related_name="events")
    type = models.CharField(max_length=16, choices=Type)
    number = models.BigIntegerField(editable=False, help_text="Its id on the wire: one sequence per type.")
    result_state = models.CharField(max_length=16, blank=True, default="")
    ignored_error = models.BooleanField(default=False)
    outcome = models.OneToOneField(Outcome, models.PROTECT, null=True, related_name="event")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["organization", "type", "number"], name="release_event_number")]

    def __str__(self) -> str:
        return self.type


class ReleaseJob(models.Model):
    """The work still to do on a release: the row exists exactly while the release is pending."""

    release = models.OneToOneField(Release, models.CASCADE, related_name="job")
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now, help_text="Empty: waits for a decision.")
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["next_attempt_at", "id"], name="release_job_due")]

    def __str__(self) -> str:
        return f"job of {self.release}"

    @classmethod
    def due(cls, at: datetime) -> "models.QuerySet[ReleaseJob]":
        """Jobs to work on at `at`, oldest first."""
        return cls.objects.filter(next_attempt_at__lte=at).order_by("pk")
