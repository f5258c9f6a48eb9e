"""The reviewable pattern: a resource has versions, a version is a proposal until it is approved and numbered.

Content and proposal state live in adjustments, which are only added; the latest one of a version counts.
"""

from typing import Self

from django.db import models
from django.db.models import Q

from catalog.models import TenantModel, TenantQuerySet


class ResourceQuerySet(TenantQuerySet):
    """Resources whose `key` clients chose."""

    def with_key(self, key: str) -> Self:
        """Those with this id, in any letter case: at most one per organization."""
        if "\0" in key:  # PostgreSQL has no such text
            return self.none()
        return self.filter(key__spelled=key)


class ProposalState(models.TextChoices):
    DRAFT = "draft"
    REVIEWING = "reviewing"
    APPROVED = "approved"
    REJECTED = "rejected"
    ABANDONED = "abandoned"


class Version(TenantModel):
    """One candidate or approved content of a resource. Approved exactly when numbered; then immutable.

    Subclasses add `subject`, the resource.
    """

    number = models.BigIntegerField(
        editable=False, help_text="Its id on the wire: one sequence per organization and kind."
    )
    version_number = models.PositiveIntegerField(null=True, editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True
        ordering = ["-version_number", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "number"], name="%(class)s_number"),
            models.UniqueConstraint(
                fields=["subject", "version_number"],
                condition=Q(version_number__isnull=False),
                name="%(class)s_version_number",
            ),
            models.CheckConstraint(
                condition=Q(version_number=None, approved_at=None)
                | Q(version_number__isnull=False, approved_at__isnull=False),
                name="%(class)s_numbered_when_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version_number}" if self.version_number else f"proposal {self.number}"


class Adjustment(TenantModel):
    """One step of a proposal: its content and state at that moment, never changed.

    Subclasses add `version` and the content.
    """

    number = models.PositiveIntegerField(editable=False, help_text="1, 2, 3 … per version.")
    proposal_state = models.CharField(max_length=16, choices=ProposalState, default=ProposalState.DRAFT)
    comments = models.TextField(blank=True, default="")
    author = models.CharField(max_length=255)
    enabled = models.BooleanField(default=True)

    class Meta:
        abstract = True
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="%(class)s_number")]

    def __str__(self) -> str:
        return f"{self.proposal_state} by {self.author}"
