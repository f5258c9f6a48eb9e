"""What we own: components and the domains, systems and teams they are sorted by."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from catalog.models.base import TenantModel, TenantQuerySet


class Domain(TenantModel):
    """A field of the business (Backstage: domain)."""

    entity = "domain"
    resource = (("domain", "slug"),)

    name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=64, db_index=False)
    public_id = models.CharField(max_length=8, help_text="8 letters and digits, Phaset's domain id.")

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "slug"], name="domain_slug"),
            models.UniqueConstraint(fields=["organization", "public_id"], name="domain_public_id"),
        ]

    def __str__(self) -> str:
        return self.name


class System(TenantModel):
    """Components that serve one purpose together (Backstage: system)."""

    entity = "system"
    resource = (("system", "slug"),)

    name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=64, db_index=False)
    public_id = models.CharField(max_length=8, help_text="8 letters and digits, Phaset's system id.")
    domain = models.ForeignKey(Domain, models.SET_NULL, null=True, blank=True, related_name="systems")

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "slug"], name="system_slug"),
            models.UniqueConstraint(fields=["organization", "public_id"], name="system_public_id"),
        ]

    def __str__(self) -> str:
        return self.name


class ComponentQuerySet(TenantQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, in one query however many rows."""
        return self.select_related("team", "system", "domain")

    def for_page(self) -> Self:
        """Everything a page about one shows of it."""
        return self.for_list().select_related("organization")


class Component(TenantModel):
    """A piece of software we own (Backstage: component; Phaset: record; behind every Sqedule application)."""

    entity = "component"
    resource = (("component", "slug"),)

    class Kind(models.TextChoices):
        SERVICE = "service"
        API = "api", "API"
        COMPONENT = "component"
        COTS = "cots", "COTS"
        PRODUCT = "product"
        EXTERNAL = "external"
        OTHER = "other"

    class Lifecycle(models.TextChoices):
        CONCEPT = "concept"
        PLANNING = "planning"
        DEVELOPMENT = "development"
        TESTING = "testing"
        PRODUCTION = "production"
        MAINTENANCE = "maintenance"
        DEPRECATED = "deprecated"
        RETIRED = "retired"

    class Criticality(models.TextChoices):
        CRITICAL = "critical"
        HIGH = "high"
        MEDIUM = "medium"
        LOW = "low"
        AUXILIARY = "auxiliary"

    class Sensitivity(models.TextChoices):
        PUBLIC = "public"
        INTERNAL = "internal"
        SECRET = "secret"  # noqa: S105  a grade of sensitivity
        OTHER = "other"

    class Sourcing(models.TextChoices):
        COTS = "cots", "COTS"
        MODIFIED_COTS = "modified_cots", "Modified COTS"
        OPEN_SOURCE = "open_source"
        CUSTOM = "custom"
        OUTSOURCED = "outsourced"
        LEGACY = "legacy"

    class Deployment(models.TextChoices):
        ONPREMISES = "onpremises", "On premises"
        PRIVATE_CLOUD = "private_cloud"
        PUBLIC_CLOUD = "public_cloud"
        HYBRID_CLOUD = "hybrid_cloud"
        MULTI_CLOUD = "multi_cloud"
        EDGE = "edge"
        SAAS = "saas", "SaaS"

    name = models.CharField(max_length=500)
    slug = models.CharField(max_length=255, help_text="Its name in paths and in Sqedule's application ids.")
    record_id = models.CharField(max_length=32, help_text="Phaset's RECORD_ID.")
    repository = models.CharField(max_length=500, blank=True, default="", help_text="As its owners wrote it.")
    repository_key = models.CharField(
        max_length=500, blank=True, default="", editable=False, help_text="Normalised, to compare repositories."
    )
    description = models.TextField(blank=True, default="")
    version = models.CharField(max_length=50, blank=True, default="")
    kind = models.CharField(max_length=16, choices=Kind, blank=True, default="")
    lifecycle = models.CharField(max_length=16, choices=Lifecycle, blank=True, default="")
    sensitivity = models.CharField(max_length=16, choices=Sensitivity, blank=True, default="")
    criticality = models.CharField(max_length=16, choices=Criticality, blank=True, default="")
    sourcing = models.CharField(max_length=16, choices=Sourcing, blank=True, default="")
    deployment = models.CharField(max_length=16, choices=Deployment, blank=True, default="")
    team = models.ForeignKey("catalog.Team", models.SET_NULL, null=True, blank=True, related_name="components")
    system = models.ForeignKey(System, models.SET_NULL, null=True, blank=True, related_name="components")
    domain = models.ForeignKey(Domain, models.SET_NULL, null=True, blank=True, related_name="components")
    references = models.JSONField(
        default=dict, blank=True, help_text="Ids a manifest names (group, system, domain, baseline), resolved or not."
    )
    contacts = models.JSONField(default=list, blank=True)
    tags = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    dependencies = models.JSONField(default=list, blank=True)
    slos = models.JSONField(default=list, blank=True)
    apis = models.JSONField(default=list, blank=True)
    links = models.JSONField(default=list, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)
    pushed_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="Last manifest from CI.")
    baseline_fetched_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When CI last fetched its standards baseline."
    )
    baseline_missing = models.CharField(
        max_length=32, blank=True, default="", editable=False, help_text="The baseline CI asked for that is not there."
    )

    objects = ComponentQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("slug"),
                name="component_slug",
                violation_error_message="A component of this name exists.",
            ),
            models.UniqueConstraint(
                fields=["organization", "record_id"],
                name="component_record_id",
                violation_error_message="This record id is taken.",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "name", "id"], name="component_list"),
            models.Index(fields=["organization", "repository_key"], name="component_repository"),
        ]

    def __str__(self) -> str:
        return self.name
