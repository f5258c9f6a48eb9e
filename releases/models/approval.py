"""Asking people: one request with one subject, and what each person decided."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast, Lower

from catalog.models import TenantModel, TenantQuerySet
from releases.models.ruleset import Rule

if TYPE_CHECKING:
    from catalog.actors import Actor
    from compliance.models import Trail


class ApprovalQuerySet(TenantQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, in one query however many rows."""
        return self.select_related(
            "trail__flow",
            "trail__component",
            "release__application__component",
            "release__trail__flow",
            "environment",
            "organization",
            "component",
            "rule__adjustment__version",
        ).prefetch_related(models.Prefetch("decisions", Decision.objects.select_related("user")))

    def open(self, at: datetime) -> Self:
        """Those still to be decided at `at`."""
        return self.filter(Q(deadline=None) | Q(deadline__gt=at), status=ApprovalRequest.Status.PENDING)

    def with_status(self, statuses: Iterable[str], at: datetime) -> Self:
        """Those of one of these statuses at `at`: what is overdue is expired, also before the sweep says so."""
        pending, expired = ApprovalRequest.Status.PENDING, ApprovalRequest.Status.EXPIRED
        found = Q(status__in=set(statuses) - {pending})
        if expired in statuses:
            found |= Q(status=pending, deadline__lte=at)
        if pending in statuses:
            found |= Q(deadline=None, status=pending) | Q(deadline__gt=at, status=pending)
        return self.filter(found)

    def waiting_for(self, actor: "Actor", at: datetime) -> Self:
        """Those `actor` may answer at `at` and has not: the list, the roles and four-eyes as the service reads them."""
        allowed = self.filter(actor.allowed(ApprovalRequest, "organization:approval:decide"))
        return allowed.waiting_for_voter(label=actor.label, listed=actor.label.lower(), role=actor.role, at=at)

    def waiting_for_voter(self, *, label: str, listed: str, role: str, at: datetime) -> Self:
        """The same of those that somebody may decide who is called `label` (`listed` in lower case) and has a role."""
        approvers = Cast(Lower(Cast("required_approvers", models.TextField())), ArrayField(models.TextField()))
        return (
            self.open(at)
            .annotate(_listed=approvers)
            .filter(Q(_listed=[]) | Q(_listed__contains=[listed]))
            .filter(Q(required_roles=[]) | Q(required_roles__contains=[role]))
            .exclude(organization__four_eyes=True, requested_by__iexact=label)
            .exclude(decisions__identity__iexact=label)
        )

    def about_trail(self, trail: "Trail") -> Self:
        """What was asked about a trail, or about a release of it."""
        return self.filter(Q(trail=trail) | Q(release__trail=trail))


class ApprovalRequest(TenantModel):
    """A question to people: may this trail, or this release under one manual rule, go on?"""

    entity = "approval"
    resource = (("component", "component__slug"), ("approval", "uid"))

    class Status(models.TextChoices):
        PENDING = "pending_approval", "Awaiting approval"
        APPROVED = "approved"
        REJECTED = "rejected"
        EXPIRED = "expired"
        VOID = "void"

    component = models.ForeignKey("catalog.Component", models.PROTECT, null=True, blank=True, related_name="approvals")
    trail = models.ForeignKey("compliance.Trail", models.PROTECT, null=True, blank=True, related_name="approvals")
    release = models.ForeignKey("releases.Release", models.PROTECT, null=True, blank=True, related_name="approvals")
    rule = models.ForeignKey(Rule, models.PROTECT, null=True, blank=True, related_name="approvals")
    environment = models.ForeignKey(
        "catalog.Environment", models.PROTECT, null=True, blank=True, related_name="approvals"
    )
    digest = models.CharField(max_length=255, blank=True, default="", help_text="What the approval is bound to.")
    status = models.CharField(max_length=20, choices=Status, default=Status.PENDING, editable=False)
    required_approvers = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    required_roles = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    policy = models.CharField(max_length=16, choices=Rule.Policy, default=Rule.Policy.ANY)
    minimum = models.PositiveIntegerField(null=True, blank=True)
    comments = models.TextField(null=True, blank=True)  # noqa: DJ001  null on the wire
    requested_by = models.CharField(max_length=255, editable=False)
    deadline = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, editable=False)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(trail__isnull=False, release=None) | Q(trail=None, release__isnull=False),
                name="approval_one_subject",
                violation_error_message="An approval is about a trail or about a release.",
            ),
            models.UniqueConstraint(
                fields=["release", "rule"],
                condition=Q(release__isnull=False) & ~Q(status="void"),
                name="approval_of_rule_once",
            ),
            models.CheckConstraint(
                condition=Q(status="pending_approval", resolved_at=None)
                | (~Q(status="pending_approval") & Q(resolved_at__isnull=False)),
                name="approval_resolved_when_final",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="approval_list"),
            models.Index(
                fields=["organization", "created_at"], condition=Q(status="pending_approval"), name="approval_open"
            ),
            models.Index(fields=["trail", "-id"], name="approval_of_trail"),
        ]

    def __str__(self) -> str:
        return f"Approval of {self.release or self.trail}"

    def status_at(self, at: datetime) -> str:
        """Its status as it was, or will be if nobody speaks, at `at`: overdue is expired before the sweep says so."""
        is_open = self.status == self.Status.PENDING or (self.resolved_at is not None and self.resolved_at > at)
        if is_open and self.deadline is not None and self.deadline <= at:
            return self.Status.EXPIRED
        return self.Status.PENDING if is_open else self.status


class Decision(TenantModel):
    """What one person said to one request; each may speak once."""

    entity = "approval"
    resource = (("component", "request__component__slug"), ("approval", "request__uid"))

    class Verdict(models.TextChoices):
        APPROVED = "approved"
        REJECTED = "rejected"

    request = models.ForeignKey(ApprovalRequest, models.PROTECT, related_name="decisions")
    identity = models.CharField(max_length=255, help_text="E-mail address, or the name a service account gave.")
    user = models.ForeignKey("catalog.User", models.PROTECT, null=True, blank=True, related_name="decisions")
    role = models.CharField(max_length=64, blank=True, default="", help_text="The role they decided with.")
    verdict = models.CharField(max_length=16, choices=Verdict)
    comments = models.TextField(null=True, blank=True)  # noqa: DJ001  null on the wire

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "identity"],
                name="decision_once",
                violation_error_message="They have decided already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.identity}: {self.verdict}"
