"""Credentials that let somebody in: API keys and Phaset webhook tokens. Only keyed digests are stored."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from catalog.models.base import TenantModel
from catalog.models.people import check_rules


class Secret(TenantModel):
    """A random token shown once. A `revoked_at` in the future is the end of a rotation's grace period."""

    label = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    created_by = models.CharField(max_length=255, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.label} …{self.last_four}"

    @property
    def state(self) -> str:
        """How it stands now: active, ending (its last day, or the grace of a rotation), expired or revoked."""
        now = timezone.now()
        if self.revoked_at is not None:
            return "ending" if self.revoked_at > now else "revoked"
        if self.expires_at is None or self.expires_at > now + timedelta(days=7):
            return "active"
        return "ending" if self.expires_at > now else "expired"

    def is_in_force(self, at: datetime | None = None) -> bool:
        """Whether the token opens anything at `at` (default now)."""
        at = at or timezone.now()
        return (self.revoked_at is None or self.revoked_at > at) and (self.expires_at is None or self.expires_at > at)


class ApiKey(Secret):
    """A key of one user or one service account."""

    entity = "api_key"
    resource = (("api_key", "uid"),)

    user = models.ForeignKey("catalog.User", models.CASCADE, null=True, blank=True, related_name="api_keys")
    service_account = models.ForeignKey(
        "catalog.ServiceAccount", models.CASCADE, null=True, blank=True, related_name="api_keys"
    )
    prefix = models.CharField(max_length=12, editable=False, help_text="The kind of key and its first letters.")
    canonical = models.SlugField(
        max_length=100, blank=True, default="", db_index=False, editable=False, help_text="Its address, if it has one."
    )
    description = models.TextField(blank=True, default="")
    last_seven = models.CharField(max_length=7, blank=True, default="", editable=False)
    ttl_days = models.PositiveIntegerField(null=True, blank=True)
    rules = models.JSONField(
        default=list,
        blank=True,
        validators=[check_rules],
        help_text="Allow rules that narrow what the key may do; none: all that its owner may.",
    )

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = "API key"
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="api_key_digest"),
            models.UniqueConstraint(
                fields=["organization", "canonical"],
                condition=Q(revoked_at=None) & ~Q(canonical=""),
                name="api_key_canonical",
                violation_error_message="An API key of this canonical exists.",
            ),
            models.CheckConstraint(
                condition=Q(user=None, service_account__isnull=False) | Q(user__isnull=False, service_account=None),
                name="api_key_one_owner",
                violation_error_message="A key belongs to a user or to a service account.",
            ),
        ]


class WebhookToken(Secret):
    """What CI puts into a Phaset path. Unbound it writes any record of the organization, bound only that one."""

    entity = "webhook_token"
    resource = (("webhook_token", "uid"),)

    component = models.ForeignKey(
        "catalog.Component", models.CASCADE, null=True, blank=True, related_name="webhook_tokens"
    )

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["digest"], name="webhook_token_digest")]
