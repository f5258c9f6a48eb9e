"""Addresses of others that are told what happens here."""

from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from catalog.models import TenantModel
from config.outbound import LONGEST_URL, Blocked, check_url

MOST_GLOBS = 50
KIND_GLOB = RegexValidator(
    r"\A[a-z_*]+(\.[a-z_*]+)?\Z", "Kinds of event are written like gate.blocked; * stands for any text."
)


def every_kind() -> list[str]:
    """The globs that match all events."""
    return ["*"]


def callable_url(url: str) -> None:
    """Refuse an address we don't call."""
    try:
        check_url(url)
    except Blocked as blocked:
        raise ValidationError(str(blocked)) from None


def masked(url: str) -> str:
    """`url` as far as its host."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…"


class Webhook(TenantModel):
    """An address that events of the organization are posted to, signed (Standard Webhooks).

    `kinds` are globs of event kinds. After a rotation the old secret signs beside the new one until `old_secret_until`.
    """

    entity = "webhook"
    resource = (("webhook", "name"),)

    name = models.CharField(max_length=255)
    url = models.CharField(max_length=LONGEST_URL, validators=[callable_url])
    kinds = ArrayField(models.CharField(max_length=64, validators=[KIND_GLOB]), default=every_kind, size=MOST_GLOBS)
    is_active = models.BooleanField(default=True)
    switched_off_because = models.CharField(
        max_length=255, blank=True, default="", editable=False, help_text="Why it was switched off for its owner."
    )
    sealed_secret = models.BinaryField(editable=False)
    sealed_old_secret = models.BinaryField(default=b"", editable=False)
    old_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    rests_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Nobody answered: nothing is sent before."
    )
    failing_since = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="The first attempt of those that failed without one between that did not.",
    )
    created_by = models.CharField(max_length=255, editable=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"],
                name="webhook_name",
                violation_error_message="A webhook of this name exists.",
            ),
            models.CheckConstraint(
                condition=Q(kinds__len__gt=0),
                name="webhook_hears_something",
                violation_error_message="A webhook must hear at least one kind of event.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """A word of the vocabulary's `receiver` area: "gone" where we switched it off."""
        return "on" if self.is_active else "gone" if self.switched_off_because else "off"

    @property
    def masked_url(self) -> str:
        """Where it points, for those who may only look: paths and queries of such addresses are often secrets."""
        return masked(self.url)

    def hears(self, kind: str) -> bool:
        """Whether events of `kind` are posted to it."""
        return any(fnmatchcase(kind, glob) for glob in self.kinds)
