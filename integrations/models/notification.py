"""News for people, made from events."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from catalog.models import TenantModel, TenantQuerySet

if TYPE_CHECKING:
    from catalog.actors import Actor


class NotificationQuerySet(TenantQuerySet):
    def addressed_to(self, actor: "Actor | None") -> Self:
        """What this actor is told: a person their own, whatever their role, a machine what went to all of them."""
        if actor is None or actor.user is None:
            return self.visible_to(actor).filter(user=None)
        return self.filter(user=actor.user, organization__in=list(actor.reach))


class Notification(TenantModel):
    """One event told to one person, or (without a user) to the organization's service accounts. Once each."""

    entity = "notification"
    resource = (("notification", "uid"),)

    class Severity(models.TextChoices):
        INFO = "info"
        WARNING = "warning"
        CRITICAL = "critical"

    event_uid = models.UUIDField(editable=False)
    user = models.ForeignKey("catalog.User", models.CASCADE, null=True, related_name="notifications")
    title = models.CharField(max_length=255)
    message = models.TextField()
    severity = models.CharField(max_length=16, choices=Severity, default=Severity.INFO)
    subject_type = models.CharField(max_length=64, blank=True, default="")
    subject_uid = models.UUIDField(null=True)
    url = models.CharField(max_length=512, blank=True, default="", help_text="The page of what it is about.")
    read_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["event_uid", "user"], nulls_distinct=False, name="notification_once")
        ]
        indexes = [
            models.Index(fields=["organization", "user", "-created_at", "-id"], name="notification_list"),
            models.Index(fields=["organization", "user"], condition=Q(read_at=None), name="notification_unread"),
        ]

    def __str__(self) -> str:
        return self.title
