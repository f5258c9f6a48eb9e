"""Who we are: the tree of organizations, and the numbers each hands out."""

import zoneinfo
from functools import cache

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from catalog.models.base import Keyed
from config.crypto import public_key

known_time_zones = cache(zoneinfo.available_timezones)  # it reads a whole tree of files


def check_time_zone(name: str) -> None:
    """Refuse what is not an IANA time zone name."""
    if name not in known_time_zones():
        raise ValidationError("Not an IANA time zone name.")


def check_public_key(pem: str) -> None:
    """Refuse what is no public key we can verify a signature with."""
    try:
        public_key(pem)
    except ValueError as error:
        raise ValidationError("Not an ECDSA, Ed25519 or RSA public key in PEM.") from error


class Organization(Keyed):
    """A tenant. `path` holds the ids from the root to itself (`1/4/`), so a subtree is a prefix."""

    name = models.CharField(max_length=255)
    slug = models.CharField(
        max_length=100, validators=[RegexValidator(r"^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$", "Use a-z, 0-9, - and _.")]
    )
    public_id = models.CharField(
        max_length=32,
        help_text="Phaset's ORG_ID.",
        validators=[RegexValidator(r"^[A-Za-z0-9_-]+$", "Use letters, digits, - and _.")],
    )
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=255, editable=False, default="")
    time_zone = models.CharField(max_length=64, default="UTC", validators=[check_time_zone])
    four_eyes = models.BooleanField(default=True, help_text="Who asks for an approval may not give it.")
    review_policy = models.BooleanField(
        default=False, help_text="Changes of bound rulesets and of bindings need a review."
    )
    approval_hours = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 366)],
        help_text="A manual approval rule nobody decides within so many hours is rejected.",
    )
    records_by_integrations = models.BooleanField(
        default=False, help_text="A Phaset push of an unknown record id creates the component."
    )
    provenance_key = models.TextField(
        blank=True,
        default="",
        validators=[check_public_key],
        help_text="Public key (PEM) that signatures of provenance are verified with; without one they are not.",
    )
    gate_default_allows = models.BooleanField(
        default=True, help_text="Let a digest pass where no deployment policy applies."
    )
    require_second_factor = models.BooleanField(
        default=False, help_text="Members sign in with a code from their phone beside their password."
    )
    preferences = models.JSONField(
        default=dict, blank=True, editable=False, help_text="Switches and texts that clients keep here."
    )
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("slug"), name="organization_slug", violation_error_message="This slug is taken."
            ),
            models.UniqueConstraint(
                fields=["public_id"], name="organization_public_id", violation_error_message="This id is taken."
            ),
        ]
        indexes = [models.Index(fields=["path"], name="organization_path", opclasses=["text_pattern_ops"])]

    def __str__(self) -> str:
        return self.name

    def zone(self) -> zoneinfo.ZoneInfo:
        """The zone in which this organization's schedules are read."""
        return zoneinfo.ZoneInfo(self.time_zone)


class Counter(models.Model):
    """The last number an organization handed out in one sequence (release numbers, version ids)."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    sequence = models.CharField(max_length=64)
    value = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "sequence"], name="counter_once")]

    def __str__(self) -> str:
        return f"{self.sequence} {self.value}"


class JobTick(models.Model):
    """That a scheduled job ran for one tick of the clock: the unique row keeps two schedulers from doing it twice."""

    job = models.CharField(max_length=64)
    tick = models.BigIntegerField(help_text="Whole intervals since 1970 UTC.")
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["job", "tick"], name="job_tick_once")]

    def __str__(self) -> str:
        return f"{self.job} at {self.started_at:%Y-%m-%d %H:%M:%S}"
