"""Projects, and the environments each of them is in."""

import json
from typing import Self

from django.core.validators import RegexValidator
from django.db import models

from catalog.models.base import TenantModel, TenantQuerySet

CANONICAL = RegexValidator(
    r"^[a-z0-9]([a-z0-9_-]*[a-z0-9])?\Z", "Use a-z, 0-9, - and _, with a letter or digit at both ends."
)


class ProjectQuerySet(TenantQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, with the environments' links, in two queries however many rows; no files."""
        return self._with(ProjectEnvironment.objects.defer("deployed_version__files")).defer("files")

    def whole(self) -> Self:
        """Everything a project has, its files and those deployed included."""
        return self._with(ProjectEnvironment.objects.all())

    def _with(self, links: "models.QuerySet[ProjectEnvironment]") -> Self:
        links = links.select_related("environment", "deployed_version").order_by("pk")
        rows = self.select_related("organization", "owner", "team")
        return rows.prefetch_related(models.Prefetch("environments", queryset=links))


class Project(TenantModel):
    """Software that is configured and run together, in one or more environments.

    `canonical` is its address and never changes; names repeat. `settings`, `metadata` and `variables_schema` (a JSON
    Schema, `{}` while there is none) are kept as their clients wrote them.
    """

    entity = "project"
    resource = (("project", "canonical"),)

    name = models.CharField(max_length=255)
    canonical = models.CharField(max_length=100, validators=[CANONICAL], help_text="Its address; never changes.")
    description = models.TextField(blank=True, default="")
    owner = models.ForeignKey("catalog.User", models.SET_NULL, null=True, blank=True, related_name="+")
    team = models.ForeignKey("catalog.Team", models.SET_NULL, null=True, blank=True, related_name="projects")
    cloud_provider = models.CharField(max_length=64, blank=True, default="")
    config_repository = models.CharField(max_length=100, blank=True, default="", help_text="Its canonical.")
    color = models.CharField(max_length=64, blank=True, default="")
    icon = models.CharField(max_length=64, blank=True, default="")
    is_starred = models.BooleanField(default=False, help_text="For everybody in the organization.")
    settings = models.JSONField(default=dict, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    variables_schema = models.JSONField(default=dict, blank=True)
    files = models.JSONField(default=list, blank=True, help_text="Current files, deployed or not: filename, content.")
    labels = models.JSONField(default=dict, blank=True, help_text="Of the current files.")

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "canonical"],
                name="project_canonical",
                violation_error_message="A project of this canonical exists.",
            )
        ]
        indexes = [models.Index(fields=["organization", "name", "id"], name="project_list")]

    def __str__(self) -> str:
        return self.name

    def ordered_environments(self) -> "list[ProjectEnvironment]":
        """Its links (prefetched, or one query), the default environment first, else the oldest first."""
        links = sorted(self.environments.all(), key=lambda link: link.pk)
        default = self.settings.get("defaultEnvironment")
        return sorted(links, key=lambda link: link.name != default)


class ProjectFavorite(TenantModel):
    """That one person keeps a project at hand."""

    entity = "project"
    resource = (("project", "project__canonical"),)

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    user = models.ForeignKey("catalog.User", models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="project_favorite_once")]

    def __str__(self) -> str:
        return f"{self.project} of {self.user}"


class ProjectVersion(TenantModel):
    """The files of a project at one moment, under a name. Never changed but for its state."""

    entity = "project_version"
    resource = (("project", "project__canonical"), ("version", "uid"))

    class State(models.TextChoices):
        DRAFT = "draft", "Never deployed"
        FAILED = "failed"
        READY = "ready"
        SUPERSEDED = "superseded"

    project = models.ForeignKey(Project, models.CASCADE, related_name="versions")
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT, editable=False)
    files = models.JSONField(default=list, blank=True)
    labels = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                name="project_version_name",
                violation_error_message="A version of this name exists.",
            )
        ]
        indexes = [models.Index(fields=["project", "-id"], name="project_version_list")]

    def __str__(self) -> str:
        return self.name


class ProjectEnvironmentQuerySet(TenantQuerySet):
    def for_list(self) -> Self:
        """Everything a list row shows, in one query however many rows."""
        return self.select_related("organization", "project", "environment", "deployed_version")


class ProjectEnvironment(TenantModel):
    """One project in one environment of the organization: what is configured and deployed there.

    `address_key` is the changing part of its public address: a new one makes the old address lead nowhere.
    """

    entity = "project_environment"
    resource = (("project", "project__canonical"), ("environment", "environment__name"))

    class Status(models.TextChoices):
        DRAFT = "draft", "Never deployed"
        RUNNING = "running"
        SUSPENDED = "suspended"
        ERROR = "error"

    project = models.ForeignKey(Project, models.CASCADE, related_name="environments")
    environment = models.ForeignKey("catalog.Environment", models.PROTECT, related_name="links")
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT, editable=False)
    execution_pool = models.CharField(max_length=64, blank=True, default="")
    address_key = models.CharField(max_length=16, blank=True, default="", editable=False)
    config = models.JSONField(default=dict, blank=True)
    labels = models.JSONField(default=dict, blank=True)
    deployed_version = models.ForeignKey(
        ProjectVersion, models.RESTRICT, null=True, blank=True, editable=False, related_name="links"
    )
    last_deployed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ProjectEnvironmentQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "environment"],
                name="project_environment_once",
                violation_error_message="The project has this environment.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.project} in {self.environment}"

    @property
    def name(self) -> str:
        """The name of its environment."""
        return self.environment.name

    @property
    def config_text(self) -> str:
        """The config as JSON to read."""
        return json.dumps(self.config, indent=2, ensure_ascii=False)
