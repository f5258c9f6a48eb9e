"""Somebody asked to join an organization who has not answered yet, or has."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from catalog.models.base import TenantModel, TenantQuerySet

LASTS = timedelta(days=7)


def a_week_from_now() -> datetime:
    """When an invitation of now ends."""
    return timezone.now() + LASTS


class InvitationQuerySet(TenantQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, in two queries however many rows."""
        return self.select_related("organization", "role", "invited_by").prefetch_related("role__rules")

    def pending(self) -> Self:
        """Those nobody has answered; an expired one too, as it can be sent again."""
        return self.filter(state=Invitation.State.PENDING)


class Invitation(TenantModel):
    """An e-mail address asked to join with a role. Whoever has the token answers it; only its digest is stored.

    `member_id` is the id the membership will have, so that one number names the person before and after they join.
    """

    entity = "member"
    resource = (("member", "uid"),)

    class State(models.TextChoices):
        PENDING = "pending"
        ACCEPTED = "accepted"
        DECLINED = "declined"

    email = models.EmailField(max_length=255)
    role = models.ForeignKey("catalog.Role", models.CASCADE, related_name="invitations")
    state = models.CharField(max_length=16, choices=State, default=State.PENDING, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    member_id = models.BigIntegerField(editable=False)
    membership = models.OneToOneField(
        "catalog.Membership", models.CASCADE, null=True, blank=True, editable=False, related_name="invitation"
    )
    invited_by = models.ForeignKey(
        "catalog.User", models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_by = models.CharField(max_length=255, editable=False)
    expires_at = models.DateTimeField(default=a_week_from_now, editable=False)
    resent_at = models.DateTimeField(null=True, blank=True, editable=False)
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="invitation_digest"),
            models.UniqueConstraint(fields=["member_id"], name="invitation_member_id"),
            models.UniqueConstraint(
                "organization",
                Lower("email"),
                condition=Q(state="pending"),
                name="invitation_once",
                violation_error_message="This address is invited already.",
            ),
        ]
        indexes = [models.Index(fields=["organization", "-created_at", "-id"], name="invitation_list")]

    def __str__(self) -> str:
        return self.email

    def is_open(self, at: datetime | None = None) -> bool:
        """Whether it can be answered at `at` (default now)."""
        return self.state == self.State.PENDING and (at or timezone.now()) < self.expires_at
