"""May this digest go there now? The policies that ask, and each answer with all it was made from."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Value, When, Window
from django.db.models.functions import FirstValue, RowNumber

from catalog.models import TenantModel, TenantQuerySet


class DeploymentPolicyQuerySet(TenantQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, in one query however many rows."""
        return self.select_related("flow", "environment")


class DeploymentPolicy(TenantModel):
    """What a flow's artifacts need to enter one environment, or any."""

    entity = "policy"
    resource = (("component", "flow__component__slug"), ("flow", "flow__name"), ("policy", "uid"))

    name = models.CharField(max_length=255)
    description = models.CharField(max_length=2048, blank=True, default="")
    flow = models.ForeignKey("compliance.Flow", models.CASCADE, related_name="deployment_policies")
    environment = models.ForeignKey(
        "catalog.Environment", models.CASCADE, null=True, blank=True, related_name="deployment_policies"
    )
    enforce_provenance = models.BooleanField(default=False)
    enforce_approvals = models.BooleanField(default=False)
    required_types = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    require_signature = models.BooleanField(default=False)
    block_on_failed_scan = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    objects = DeploymentPolicyQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = "deployment policies"
        indexes = [models.Index(fields=["organization", "name", "id"], name="policy_list")]

    def __str__(self) -> str:
        return self.name

    @property
    def asks(self) -> list[str]:
        """What it asks for, in words."""
        flags = {
            "an approval": self.enforce_approvals,
            "provenance": self.enforce_provenance,
            "a signature": self.require_signature,
            "no failed scan": self.block_on_failed_scan,
        }
        return [*self.required_types, *(word for word, wanted in flags.items() if wanted)]


class GateDecisionQuerySet(TenantQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, in one query however many rows; not the inputs, which are large."""
        return self.select_related("environment", "component").defer("inputs")

    def latest_of(self, *columns: str) -> Self:
        """The newest of each combination of `columns`; of a relation that is its `_id`."""
        return self.order_by(*columns, "-judged_at", "-pk").distinct(*columns)

    def denied_at_last(self) -> Self:
        """The newest about each component (or digest, where none is known) and environment, where it denies."""
        unknown = Case(When(component=None, then=F("digest")), default=Value(""))
        newest: dict[str, Any] = {
            "partition_by": [F("component_id"), F("environment_id"), unknown],
            "order_by": ["-judged_at", "-pk"],
        }
        denying = (GateDecision.Verdict.BLOCKED, GateDecision.Verdict.ERROR)
        return self.annotate(
            place=Window(RowNumber(), **newest), standing=Window(FirstValue("verdict"), **newest)
        ).filter(place=1, standing__in=denying)


class GateDecision(TenantModel):
    """One answer of the gate: `document` is what everybody is shown, `inputs` what it was made from. Never changed."""

    entity = "gate"
    resource = (("component", "component__slug"), ("gate", "uid"))

    class Verdict(models.TextChoices):
        OPEN = "open"
        BLOCKED = "blocked"
        WAITING = "waiting", "Awaiting approval"
        WINDOW = "window", "Window closed"
        WAIVED = "waived", "Open by waiver"
        ERROR = "error", "Error, denied"

    digest = models.CharField(max_length=255)
    component = models.ForeignKey(
        "catalog.Component", models.SET_NULL, null=True, blank=True, related_name="gate_decisions"
    )
    environment = models.ForeignKey(
        "catalog.Environment", models.PROTECT, null=True, blank=True, related_name="gate_decisions"
    )
    policy = models.ForeignKey(DeploymentPolicy, models.SET_NULL, null=True, blank=True, related_name="gate_decisions")
    release = models.ForeignKey(
        "releases.Release", models.PROTECT, null=True, blank=True, related_name="gate_decisions"
    )
    allowed = models.BooleanField()
    verdict = models.CharField(max_length=16, choices=Verdict)
    policies_evaluated = models.PositiveIntegerField(default=0)
    requested_by = models.CharField(max_length=255)
    judged_at = models.DateTimeField()
    document = models.JSONField()
    inputs = models.JSONField()

    objects = GateDecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-judged_at", "-pk"]
        indexes = [
            models.Index(fields=["organization", "-judged_at", "-id"], name="gate_list"),
            models.Index(fields=["organization", "digest", "-id"], name="gate_digest"),
            models.Index(fields=["environment", "-judged_at", "-id"], name="gate_of_environment"),
            models.Index(fields=["component", "-judged_at", "-id"], name="gate_of_component"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} for {self.digest[:19]}"
