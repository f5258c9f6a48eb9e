"""Rules that a release must pass, in rulesets that are bound to applications."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from catalog.models import TenantModel, TenantQuerySet
from releases.models.versioned import Adjustment, ResourceQuerySet, Version


class RulesetQuerySet(ResourceQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, in one query however many rows."""
        return self.select_related("latest__version")


class Ruleset(TenantModel):
    """A named set of approval rules."""

    entity = "ruleset"
    resource = (("ruleset", "key"),)

    key = models.CharField(max_length=255)
    latest = models.ForeignKey(
        "releases.RulesetAdjustment", models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = RulesetQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("key"),
                name="ruleset_key",
                violation_error_message="An approval ruleset with this id exists.",
            )
        ]
        indexes = [models.Index(fields=["organization", "-created_at", "-id"], name="ruleset_list")]

    def __str__(self) -> str:
        return self.key


class RulesetVersion(Version):
    entity = "ruleset"
    resource = (("ruleset", "subject__key"),)

    subject = models.ForeignKey(Ruleset, models.PROTECT, related_name="versions")


class RulesetAdjustment(Adjustment):
    entity = "ruleset"
    resource = (("ruleset", "version__subject__key"),)

    version = models.ForeignKey(RulesetVersion, models.CASCADE, related_name="adjustments")
    display_name = models.CharField(max_length=255, blank=True, default="")
    description = models.TextField(blank=True, default="")


class Rule(TenantModel):
    """One condition in one content of a ruleset; rules of approved versions never change."""

    entity = "ruleset"
    resource = (("ruleset", "adjustment__version__subject__key"),)

    class Type(models.TextChoices):
        HTTP_API = "http_api", "HTTP API"
        SCHEDULE = "schedule"
        MANUAL = "manual"

    class Policy(models.TextChoices):
        ANY = "any", "Any one"
        ALL = "all", "All who may"
        MINIMUM = "minimum", "At least"

    class Retry(models.TextChoices):
        NEVER = "never"
        ON_FAIL = "retry_on_fail", "Retry on failure"

    adjustment = models.ForeignKey(RulesetAdjustment, models.CASCADE, related_name="rules")
    type = models.CharField(max_length=16, choices=Type)
    number = models.BigIntegerField(editable=False, help_text="Its id on the wire: one sequence per type.")
    enabled = models.BooleanField(default=True)
    begin_time = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001  null is "not set" (contract 10)
    end_time = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001  null is "not set"
    days_of_week = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  null is "not set"
    days_of_month = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  null is "not set"
    months_of_year = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  null is "not set"
    time_zone = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001  null is "the organization's"
    approval_policy = models.CharField(max_length=16, choices=Policy, blank=True, default="")
    minimum = models.PositiveIntegerField(null=True, blank=True)
    url = models.CharField(max_length=2048, blank=True, default="")
    username = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  null is "not set" (contract 5)
    sealed_password = models.BinaryField(blank=True, default=b"", help_text="As `crypto.encrypt` leaves it.")
    tls_ca_certificate = models.TextField(null=True, blank=True)  # noqa: DJ001  null is "not set"
    retry_policy = models.CharField(max_length=16, choices=Retry, blank=True, default="")
    retry_limit = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["type", "number"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "type", "number"], name="rule_number"),
            models.CheckConstraint(
                condition=Q(begin_time=None, end_time=None) | Q(begin_time__isnull=False, end_time__isnull=False),
                name="rule_begin_and_end",
                violation_error_message="begin_time and end_time go together.",
            ),
            models.CheckConstraint(
                condition=~Q(type="manual") | ~Q(approval_policy=""),
                name="rule_manual_has_policy",
                violation_error_message="A manual rule needs an approval_policy.",
            ),
            models.CheckConstraint(
                condition=Q(approval_policy="minimum", minimum__gte=1)
                | (~Q(approval_policy="minimum") & Q(minimum=None)),
                name="rule_minimum",
                violation_error_message="minimum is given exactly when the policy is `minimum`.",
            ),
            models.CheckConstraint(
                condition=~Q(type="http_api") | (~Q(url="") & ~Q(retry_policy="")),
                name="rule_http_has_url_and_retries",
                violation_error_message="An http_api rule needs a url and a retry_policy.",
            ),
            models.CheckConstraint(
                condition=Q(retry_policy="retry_on_fail", retry_limit__gte=1)
                | (~Q(retry_policy="retry_on_fail") & Q(retry_limit=None)),
                name="rule_retry_limit",
                violation_error_message="retry_limit is given exactly when the policy is `retry_on_fail`.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} rule {self.number}"


class BindingQuerySet(TenantQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, in one query however many rows."""
        return self.select_related(
            "application__component", "application__latest__version", "ruleset__latest__version", "latest__version"
        )


class Binding(TenantModel):
    """That an application's releases must pass a ruleset."""

    entity = "binding"
    resource = (("component", "application__component__slug"), ("binding", "ruleset__key"))

    application = models.ForeignKey("releases.Application", models.PROTECT, related_name="bindings")
    ruleset = models.ForeignKey(Ruleset, models.PROTECT, related_name="bindings")
    latest = models.ForeignKey(
        "releases.BindingAdjustment", models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = BindingQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "ruleset"],
                name="binding_pair",
                violation_error_message="This ruleset is bound to this application already.",
            )
        ]
        indexes = [models.Index(fields=["organization", "-created_at", "-id"], name="binding_list")]

    def __str__(self) -> str:
        return f"{self.application} ← {self.ruleset}"


class BindingVersion(Version):
    entity = "binding"
    resource = (("component", "subject__application__component__slug"), ("binding", "subject__ruleset__key"))

    subject = models.ForeignKey(Binding, models.PROTECT, related_name="versions")


class BindingAdjustment(Adjustment):
    entity = "binding"
    resource = (
        ("component", "version__subject__application__component__slug"),
        ("binding", "version__subject__ruleset__key"),
    )

    class Mode(models.TextChoices):
        ENFORCING = "enforcing"
        PERMISSIVE = "permissive"

    version = models.ForeignKey(BindingVersion, models.CASCADE, related_name="adjustments")
    mode = models.CharField(max_length=16, choices=Mode)
