"""One commit's way through a flow: what was built from it and what was proven about that."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from catalog.models import TenantModel, TenantQuerySet
from compliance.images import ShortName

if TYPE_CHECKING:
    from compliance.models.provenance import Provenance


class TrailQuerySet(TenantQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, in one query however many rows."""
        return self.select_related("flow", "component", "organization")

    def for_page(self) -> Self:
        """Everything a page about one shows of it."""
        return self.select_related("flow__organization", "flow__component", "component")

    def tally(self) -> dict[str, int]:
        """How many there are in all (`total`) and of each status, in one query."""
        of_each = {status: models.Count("pk", filter=Q(status=status)) for status in Trail.Status.values}
        return self.aggregate(total=models.Count("pk"), **of_each)


class Trail(TenantModel):
    """The facts about one commit in one flow. `status` is kept true by every write that can change it."""

    entity = "trail"
    resource = (("component", "component__slug"), ("flow", "flow__name"), ("trail", "uid"))

    class Status(models.TextChoices):
        PENDING = "pending"
        COMPLIANT = "compliant"
        NON_COMPLIANT = "non_compliant", "Non-compliant"

    flow = models.ForeignKey("compliance.Flow", models.PROTECT, related_name="trails")
    component = models.ForeignKey("catalog.Component", models.SET_NULL, null=True, blank=True, related_name="trails")
    component_by = models.CharField(
        max_length=16, blank=True, default="", editable=False, help_text="How the component is known: flow, repository."
    )
    name = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  unique where set
    commit = models.CharField(max_length=255)
    branch = models.CharField(max_length=255)
    author = models.CharField(max_length=255)
    author_email = models.EmailField(max_length=255)
    pull_request_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  null on the wire
    pull_request_reviewer = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  null on the wire
    deployment_actor = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  null on the wire
    build_url = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001  null on the wire
    template_yaml = models.TextField(null=True, blank=True)  # noqa: DJ001  null is "the flow's template"
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING, editable=False)
    approval_status = models.CharField(
        max_length=20, blank=True, default="", editable=False, help_text="Of its latest approval, written by releases."
    )
    approver_roles = ArrayField(
        models.CharField(max_length=64), default=list, editable=False, help_text="Roles of those who approved it."
    )

    objects = TrailQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["flow", "name"],
                condition=Q(name__isnull=False),
                name="trail_name",
                violation_error_message="A trail of this name exists in the flow.",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="trail_list"),
            models.Index(fields=["flow", "-created_at", "-id"], name="trail_of_flow"),
            models.Index(fields=["flow", "branch", "-created_at", "-id"], name="trail_of_branch"),
            models.Index(fields=["flow", "author", "-created_at", "-id"], name="trail_of_author"),
            models.Index(fields=["component", "-created_at", "-id"], name="trail_of_component"),
            models.Index(fields=["organization", "commit"], name="trail_commit"),
        ]

    def __str__(self) -> str:
        return self.name or self.commit[:12]


class Artifact(TenantModel):
    """Something built, known by its digest (OCI)."""

    entity = "artifact"
    resource = (
        ("component", "trail__component__slug"),
        ("flow", "trail__flow__name"),
        ("trail", "trail__uid"),
        ("artifact", "digest"),
    )

    trail = models.ForeignKey(Trail, models.PROTECT, related_name="artifacts")
    name = models.CharField(max_length=512)
    tag = models.CharField(max_length=255)
    digest = models.CharField(max_length=255)
    registry = models.CharField(max_length=512, null=True, blank=True)  # noqa: DJ001  null on the wire
    kind = models.CharField(max_length=16, blank=True, default="", help_text="FILE, DIR, DOCKER or OCI.")
    build_url = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001  null on the wire
    commit_url = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001  null on the wire
    reported_by = models.CharField(max_length=255)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["organization", "digest", "-id"], name="artifact_digest"),
            models.Index("organization", ShortName("name"), "tag", models.F("id").desc(), name="artifact_called"),
            models.Index(fields=["trail", "id"], name="artifact_of_trail"),
        ]

    def __str__(self) -> str:
        return f"{self.name}:{self.tag}"

    @property
    def origin(self) -> "Provenance | None":
        """Where it comes from, when that was recorded."""
        return getattr(self, "provenance", None)


class AttestationQuerySet(TenantQuerySet):
    def known_at(self, at: datetime) -> Self:
        """Those recorded by `at`."""
        return self.filter(created_at__lte=at)


class Attestation(TenantModel):
    """A statement that something was checked, with its result (in-toto). Never changed but by its evidence."""

    entity = "attestation"
    resource = (
        ("component", "trail__component__slug"),
        ("flow", "trail__flow__name"),
        ("trail", "trail__uid"),
        ("attestation", "uid"),
    )

    class Status(models.TextChoices):
        PENDING = "pending"
        PASSED = "passed"
        FAILED = "failed"

    trail = models.ForeignKey(Trail, models.PROTECT, related_name="attestations")
    type = models.CharField(max_length=255)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    name = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  null on the wire
    details = models.TextField(null=True, blank=True)  # noqa: DJ001  null on the wire
    description = models.TextField(null=True, blank=True)  # noqa: DJ001  null on the wire
    metadata = models.JSONField(null=True, blank=True)
    evidence_url = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001  null on the wire
    digest = models.CharField(max_length=255, null=True, blank=True, help_text="Of the one artifact it is about.")  # noqa: DJ001
    recorded_by = models.CharField(max_length=255)

    objects = AttestationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["trail", "-id"], name="attestation_of_trail")]

    def __str__(self) -> str:
        return self.name or self.type


class Evidence(TenantModel):
    """A file that backs an attestation, stored once under its SHA-256."""

    entity = "attestation"
    resource = (
        ("component", "attestation__trail__component__slug"),
        ("flow", "attestation__trail__flow__name"),
        ("trail", "attestation__trail__uid"),
        ("attestation", "attestation__uid"),
    )

    attestation = models.ForeignKey(Attestation, models.PROTECT, related_name="evidence")
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, help_text="64 lower-case hex letters.")
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    content_type = models.CharField(max_length=255, default="application/octet-stream")
    external_url = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001  null on the wire
    status = models.CharField(
        max_length=16, blank=True, default="", editable=False, help_text="What its reader found; '' for a type without."
    )

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name_plural = "evidence"
        indexes = [
            models.Index(fields=["attestation", "-id"], name="evidence_of_attestation"),
            models.Index(fields=["organization", "sha256"], name="evidence_digest"),
        ]

    def __str__(self) -> str:
        return self.file_name
