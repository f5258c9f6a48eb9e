"""What releases are made of: the application behind a component."""

from typing import Self

from django.db import models
from django.db.models.functions import Lower

from catalog.models import TenantModel
from releases.models.versioned import Adjustment, ResourceQuerySet, Version


class ApplicationQuerySet(ResourceQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, in one query however many rows."""
        return self.select_related("component", "latest__version")


class Application(TenantModel):
    """The release side of one component. `key` is the id its clients chose; letter case does not tell two apart."""

    entity = "application"
    resource = (("component", "component__slug"), ("application", "key"))

    key = models.CharField(max_length=255)
    component = models.OneToOneField("catalog.Component", models.PROTECT, related_name="application")
    given = models.BooleanField(
        default=False,
        editable=False,
        help_text="Made for a component that came from elsewhere; a client may still make it.",
    )
    latest = models.ForeignKey(
        "releases.ApplicationAdjustment",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        help_text="Content of the latest approved version.",
    )

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("key"),
                name="application_key",
                violation_error_message="An application with this id exists.",
            )
        ]
        indexes = [models.Index(fields=["organization", "-created_at", "-id"], name="application_list")]

    def __str__(self) -> str:
        return self.key


class ApplicationVersion(Version):
    entity = "application"
    resource = (("component", "subject__component__slug"), ("application", "subject__key"))

    subject = models.ForeignKey(Application, models.PROTECT, related_name="versions")


class ApplicationAdjustment(Adjustment):
    entity = "application"
    resource = (("component", "version__subject__component__slug"), ("application", "version__subject__key"))

    version = models.ForeignKey(ApplicationVersion, models.CASCADE, related_name="adjustments")
    display_name = models.CharField(max_length=255, blank=True, default="")
