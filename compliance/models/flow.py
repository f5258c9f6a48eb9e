"""What a kind of software must prove."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from catalog.models import TenantModel, TenantQuerySet


class FlowQuerySet(TenantQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, in one query however many rows."""
        return self.select_related("component", "organization")

    def tagged(self, key: str, value: str) -> Self:
        """Flows with this tag."""
        return self.filter(tags__contains={key: value})


class Flow(TenantModel):
    """What every build of something must prove: attestation types, names in a template, an approval.

    `component` is the component it is about; `component_by` says how that is known (DESIGN 2a).
    """

    entity = "flow"
    resource = (("component", "component__slug"), ("flow", "name"))

    class Visibility(models.TextChoices):
        PUBLIC = "public"
        PRIVATE = "private"

    class Joined(models.TextChoices):
        GIVEN = "given", "Given"
        REPOSITORY = "repository", "Same repository"
        SLUG = "slug", "Same name"

    name = models.CharField(max_length=255)
    description = models.CharField(max_length=2048, blank=True, default="")
    component = models.ForeignKey("catalog.Component", models.SET_NULL, null=True, blank=True, related_name="flows")
    component_by = models.CharField(max_length=16, choices=Joined, blank=True, default="", editable=False)
    required_types = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    template_yaml = models.TextField(null=True, blank=True)  # noqa: DJ001  null is "no template" on the wire, '' is a blank one
    requires_approval = models.BooleanField(default=False)
    required_approver_roles = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    visibility = models.CharField(max_length=16, choices=Visibility, default=Visibility.PRIVATE)
    trails_due_at = models.DateTimeField(
        null=True, editable=False, help_text="Since when the status of its many trails is to be computed anew."
    )

    objects = FlowQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "organization", Lower("name"), name="flow_name", violation_error_message="A flow of this name exists."
            )
        ]
        indexes = [
            models.Index(fields=["organization", "name", "id"], name="flow_list"),
            models.Index(fields=["trails_due_at"], condition=models.Q(trails_due_at__isnull=False), name="flow_due"),
        ]

    def __str__(self) -> str:
        return self.name
