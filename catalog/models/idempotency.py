"""Answers kept for a while, so that a request sent twice has one effect."""

from django.db import models

from catalog.models.organization import Organization


class IdempotentAnswer(models.Model):
    """What a caller was answered under an Idempotency-Key. The row is committed with the effect it is the answer to.

    `fingerprint` is a keyed digest of method, path and body. `content` is encrypted: it may hold a secret shown once.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    caller = models.CharField(max_length=64, help_text="Kind and uid of who asked.")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, editable=False)
    status = models.PositiveSmallIntegerField(default=0, help_text="Of the answer; 0 while it is being found.")
    headers = models.JSONField(default=dict)
    content = models.BinaryField(default=b"", editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["organization", "caller", "key"], name="idempotent_once")]
        indexes = [models.Index(fields=["expires_at"], name="idempotent_expiry")]

    def __str__(self) -> str:
        return self.key
