"""Rules by which somebody is told of trouble: what about, how bad, and where."""

from django.db import models

from catalog.models import TenantModel, TenantQuerySet
from integrations.models.notification import Notification

Severity = Notification.Severity
BADNESS = [Severity.INFO, Severity.WARNING, Severity.CRITICAL]


class NotificationRuleQuerySet(TenantQuerySet):
    def for_list(self) -> "NotificationRuleQuerySet":
        """Everything a list row shows, in one query."""
        return self.select_related("flow", "environment", "organization")


class NotificationRule(TenantModel):
    """That a channel is told when something goes wrong: about one flow or environment, or all; from a severity on.

    `sealed_config` is the channel's settings as encrypted JSON: `webhookUrl`, `secret`, `to` (e-mail addresses).
    """

    entity = "notification_rule"
    resource = (("notification_rule", "uid"),)

    class Trigger(models.TextChoices):
        ATTESTATION_FAILED = "attestation_failed", "Attestation failed"
        TRAIL_NON_COMPLIANT = "trail_non_compliant", "Trail not compliant"
        GATE_BLOCKED = "gate_blocked", "Gate closed"
        DRIFT_DETECTED = "drift_detected", "Drift found"
        APPROVAL_REQUIRED = "approval_required", "Approval asked for"
        APPROVAL_REJECTED = "approval_rejected", "Approval refused"

    class Channel(models.TextChoices):
        IN_APP = "in_app", "Gatehouse"
        EMAIL = "email", "E-mail"
        SLACK = "slack", "Slack"
        WEBHOOK = "webhook", "Webhook"

    name = models.CharField(max_length=255)
    is_active = models.BooleanField(default=True)
    trigger = models.CharField(max_length=32, choices=Trigger)
    channel = models.CharField(max_length=16, choices=Channel)
    least_severity = models.CharField(max_length=16, choices=Severity, default=Severity.INFO)
    flow = models.ForeignKey("compliance.Flow", models.CASCADE, null=True, blank=True, related_name="+")
    environment = models.ForeignKey("catalog.Environment", models.CASCADE, null=True, blank=True, related_name="+")
    sealed_config = models.BinaryField(default=b"", editable=False)
    rests_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Nobody answered: nothing is sent before."
    )
    created_by = models.CharField(max_length=255, editable=False)

    objects = NotificationRuleQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="notification_rule_list"),
            models.Index(
                fields=["organization", "trigger"], condition=models.Q(is_active=True), name="notification_rule_trigger"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """A word of the vocabulary's `receiver` area."""
        return "on" if self.is_active else "off"

    def minds(self, severity: str) -> bool:
        """Whether news of this severity is bad enough."""
        return BADNESS.index(Severity(severity)) >= BADNESS.index(Severity(self.least_severity))
