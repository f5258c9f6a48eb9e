"""What a component's repository should hold, and what its CI found: StandardLint's baselines and runs."""

from copy import deepcopy
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Self

from django.db import models
from django.db.models import Q

from catalog.models import TenantModel, TenantQuerySet
from compliance.standards import SHIPPED, normalised

PASSING, ATTENTION = Decimal(90), Decimal(70)


def shipped() -> dict[str, Any]:
    """What a baseline asks for at first."""
    return deepcopy(SHIPPED)


class StandardsBaseline(TenantModel):
    """What CI checks in a repository: one StandardLint configuration. An organization has exactly one default.

    `revision` counts the changes; each is kept as a StandardsBaselineRevision.
    """

    entity = "standards_baseline"
    resource = (("standards_baseline", "public_id"),)
    held_by = "organization"

    name = models.CharField(max_length=255)
    public_id = models.CharField(max_length=8, editable=False, help_text="8 letters and digits, Phaset's BASELINE_ID.")
    description = models.TextField(blank=True, default="")
    owner = models.ForeignKey("catalog.Team", models.SET_NULL, null=True, blank=True, related_name="+")
    config = models.JSONField(default=shipped, help_text="basePath, defaultSeverity, ignorePaths and checks.")
    is_default = models.BooleanField(default=False, help_text="What components get that name no other.")
    archived = models.BooleanField(default=False, help_text="No longer given out: CI gets the default instead.")
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "public_id"], name="standards_baseline_public_id"),
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(is_default=True),
                name="standards_baseline_one_default",
                violation_error_message="The organization has a default baseline already.",
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(archived=False),
                name="standards_baseline_default_is_live",
                violation_error_message="The default baseline can't be archived: make another the default first.",
            ),
        ]
        indexes = [models.Index(fields=["organization", "name", "id"], name="standards_baseline_list")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Bring the configuration into the form that both versions of the tool read alike."""
        super().clean()
        self.config = normalised(self.config)


class StandardsBaselineRevision(TenantModel):
    """What a baseline said at one revision, and who made it so."""

    entity = "standards_baseline"
    resource = (("standards_baseline", "baseline__public_id"),)

    baseline = models.ForeignKey(StandardsBaseline, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    config = models.JSONField()
    made_by = models.CharField(max_length=255)

    class Meta:
        ordering = ["-number", "-pk"]
        constraints = [models.UniqueConstraint(fields=["baseline", "number"], name="standards_revision_number")]

    def __str__(self) -> str:
        return f"{self.name}, revision {self.number}"


class StandardsRunQuerySet(TenantQuerySet):
    def of(self, component: models.Model) -> Self:
        """A component's runs, newest first."""
        return self.filter(component=component).order_by("-created_at", "-pk")


class StandardsRun(TenantModel):
    """One submission of check results. The counts are as they were sent and make the score; the list is the detail."""

    entity = "standards"
    resource = (("component", "component__slug"), ("standards", "uid"))

    class Level(models.TextChoices):
        PASSING = "passing"
        ATTENTION = "attention"
        FAILING = "failing"

    component = models.ForeignKey("catalog.Component", models.CASCADE, related_name="standards_runs")
    passes = models.PositiveIntegerField()
    warnings = models.PositiveIntegerField()
    failures = models.PositiveIntegerField()
    score = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True, help_text="0 to 100.")
    baseline = models.ForeignKey(StandardsBaseline, models.PROTECT, related_name="runs")
    baseline_revision = models.PositiveIntegerField(help_text="In force when the run was received.")
    reported_by = models.CharField(max_length=255, help_text="The label of the credential.")

    objects = StandardsRunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["component", "-created_at", "-id"], name="standards_of_component"),
            models.Index(fields=["organization", "-created_at", "-id"], name="standards_list"),
        ]

    def __str__(self) -> str:
        return f"{self.passes} passed, {self.warnings} warned, {self.failures} failed"

    @property
    def level(self) -> str:
        """What the score means; '' without one."""
        if self.score is None:
            return ""
        if self.score >= PASSING and not self.failures:
            return self.Level.PASSING
        return self.Level.ATTENTION if self.score >= ATTENTION else self.Level.FAILING


class StandardsResult(TenantModel):
    """One line of a run."""

    entity = "standards"
    resource = (("component", "run__component__slug"), ("standards", "run__uid"))

    class Status(models.TextChoices):
        PASS = "pass"  # noqa: S105  no password
        WARNING = "warning"
        FAILURE = "failure"

    run = models.ForeignKey(StandardsRun, models.CASCADE, related_name="results")
    name = models.CharField(max_length=500)
    status = models.CharField(max_length=8, choices=Status)
    message = models.CharField(max_length=500, blank=True, default="")
    path = models.CharField(max_length=1000, blank=True, default="")

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["run", "id"], name="standards_result_of_run")]

    def __str__(self) -> str:
        return self.name


def score_of(passes: int, warnings: int, failures: int) -> Decimal | None:
    """100 x (passes + half the warnings) / all, one decimal; None when nothing was checked (phaset.md 6.1)."""
    total = passes + warnings + failures
    if not total:
        return None
    return (Decimal(200 * passes + 100 * warnings) / (2 * total)).quantize(Decimal("0.1"), ROUND_HALF_UP)
