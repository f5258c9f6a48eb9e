"""What may run in an environment, and ship to it, although nothing else says so."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from catalog.models import TenantModel, TenantQuerySet


class AllowlistQuerySet(TenantQuerySet):
    def effective(self, at: datetime) -> Self:
        """Those that count at `at`."""
        known = Q(created_at__lte=at) & (Q(removed_at=None) | Q(removed_at__gt=at))
        return self.filter(known & (Q(expires_at=None) | Q(expires_at__gt=at)))


class AllowlistEntry(TenantModel):
    """Leave for a digest, or for artifacts of a name, to run in one environment. Removed, never deleted.

    `name_pattern` is a regular expression of the database, found anywhere in the name. With both, both must fit.
    """

    entity = "allowlist"
    resource = (("environment", "environment__name"), ("allowlist", "uid"))

    environment = models.ForeignKey("catalog.Environment", models.CASCADE, related_name="allowlist")
    digest = models.CharField(max_length=255, blank=True, default="")
    name_pattern = models.CharField(max_length=512, blank=True, default="")
    reason = models.TextField()
    approved_by = models.CharField(max_length=255)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(editable=False)  # given, so that what is judged with it is judged at that moment
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AllowlistQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = "allow-list entry"
        verbose_name_plural = "allow-list entries"
        constraints = [
            models.CheckConstraint(
                condition=~Q(digest="", name_pattern=""),
                name="allowlist_names_something",
                violation_error_message="Name a digest or a pattern of names.",
            )
        ]
        indexes = [models.Index(fields=["environment", "-created_at", "-id"], name="allowlist_of_environment")]

    def __str__(self) -> str:
        return self.digest or self.name_pattern

    def is_effective(self, at: datetime) -> bool:
        """Whether it counts at `at`."""
        over = [each for each in (self.removed_at, self.expires_at) if each is not None and each <= at]
        return self.created_at <= at and not over
