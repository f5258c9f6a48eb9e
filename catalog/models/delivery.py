"""What was delivered and what went wrong: the events and incidents that the DORA measures are counted from."""

from typing import Self

from django.db import models
from django.db.models import F, Q

from catalog.models.base import TenantModel, TenantQuerySet


class Incident(TenantModel):
    """One time that something was broken, from when it was noticed to when it was resolved.

    `external_id` is the reporter's; after it was resolved the same id may open again, as another row.
    """

    entity = "delivery"
    resource = (("component", "component__slug"), ("incident", "uid"))

    component = models.ForeignKey("catalog.Component", models.CASCADE, related_name="incidents")
    external_id = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["component", "external_id"], condition=Q(resolved_at=None), name="incident_one_open"
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None) | Q(resolved_at__gte=F("opened_at")), name="incident_runs_forward"
            ),
        ]
        indexes = [
            models.Index(fields=["component", "external_id", "-opened_at"], name="incident_by_id"),
            models.Index(fields=["component", "-opened_at", "-id"], name="incident_of_component"),
            models.Index(fields=["organization", "-opened_at", "-id"], name="incident_opened"),
            models.Index(fields=["organization", "-resolved_at", "-id"], name="incident_resolved"),
        ]

    def __str__(self) -> str:
        return self.external_id


class DeliveryEventQuerySet(TenantQuerySet):
    def newest_first(self) -> Self:
        """By their own time, as pages list them."""
        return self.order_by("-occurred_at", "-pk")


class DeliveryEvent(TenantModel):
    """One thing that CI, a code host or a tracker reported about a component; written once, kept for good.

    `occurred_at` is the day it counts for: its own time, else when it was received (`created_at`). Of something that
    lasted, `started_at` and `ended_at` are the two reported times; `duration` is empty when one is missing or they run
    backwards. A change is the first commit event of its sha; it moves to an earlier time when one is reported.
    """

    entity = "delivery"
    resource = (("component", "component__slug"), ("delivery", "uid"))

    class Kind(models.TextChoices):
        CHANGE = "change"
        DEPLOYMENT = "deployment"
        INCIDENT_OPENED = "incident-opened"
        INCIDENT_RESOLVED = "incident-resolved"
        COMMENT = "comment"
        REVIEW_APPROVED = "review-approved"
        REVIEW_CHANGES = "review-changes", "Changes asked for in review"
        PR_OPENED = "pr-opened", "Pull request opened"
        PR_CLOSED = "pr-closed", "Pull request closed"
        PR_MERGED = "pr-merged", "Pull request merged"

    component = models.ForeignKey("catalog.Component", models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=20, choices=Kind)
    occurred_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    duration = models.DurationField(null=True, blank=True)
    commit = models.CharField(max_length=128, blank=True, default="")
    external_id = models.CharField(
        max_length=200, blank=True, default="", help_text="The incident's id at its reporter."
    )
    incident = models.ForeignKey(Incident, models.CASCADE, null=True, blank=True, related_name="events")
    additions = models.PositiveIntegerField(null=True, blank=True)
    deletions = models.PositiveIntegerField(null=True, blank=True)
    changed_files = models.PositiveIntegerField(null=True, blank=True)
    payload = models.JSONField(default=dict, blank=True, help_text="As it was sent.")
    reported_by = models.CharField(max_length=255, help_text="The label of the credential.")

    objects = DeliveryEventQuerySet.as_manager()

    class Meta:
        ordering = ["-occurred_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["component", "commit"], condition=Q(kind="change"), name="delivery_change_once"
            ),
            models.UniqueConstraint(
                fields=["component", "commit", "occurred_at"],
                condition=Q(kind="deployment"),
                name="delivery_deployment_once",
            ),
            models.UniqueConstraint(  # a missing time is distinct from any other: such events all count
                fields=["component", "kind", "external_id", "started_at", "ended_at"],
                condition=~Q(kind__in=["change", "deployment", "incident-opened"]),
                name="delivery_times_once",
            ),
        ]
        indexes = [
            models.Index(fields=["component", "-occurred_at", "-id"], name="delivery_of_component"),
            models.Index(fields=["component", "kind", "-occurred_at"], name="delivery_kind"),
            models.Index(fields=["organization", "kind", "-occurred_at"], name="delivery_organization"),
            models.Index(fields=["organization", "-occurred_at", "-id"], name="delivery_list"),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [NOUNS.get(self.kind, self.kind), self.about]))

    @property
    def about(self) -> str:
        """The commit in short, or the incident's id; '' for the rest."""
        return self.commit[:12] or self.external_id


NOUNS: dict[str, str] = {
    "change": "change",
    "deployment": "deployment",
    "incident-opened": "incident",
    "incident-resolved": "incident",
    "comment": "a comment",
    "review-approved": "a review that approves",
    "review-changes": "a review that asks for changes",
    "pr-opened": "an opened pull request",
    "pr-closed": "a closed pull request",
    "pr-merged": "a merged pull request",
}
