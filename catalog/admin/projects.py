"""Projects and the environments they are in."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from catalog.actors import Actor
from catalog.admin.base import GatehouseAdmin, ReadOnlyAdmin, admin_actor
from catalog.admin.people import ORGANIZATION, OptionalIds
from catalog.models import Project, ProjectEnvironment, ProjectFavorite, ProjectVersion
from catalog.services.project_environments import link_environment, unlink_environment, update_project_environment
from catalog.services.projects import create_project, delete_project, update_project


@admin.register(Project)
class ProjectAdmin(GatehouseAdmin):
    form = OptionalIds
    create_service = create_project
    update_service = update_project
    delete_service = delete_project
    fields = ["organization", "name", "canonical", "description", "owner", "team", "color", "icon", "is_starred"]
    wire = ["cloud_provider", "config_repository", "settings", "metadata", "variables_schema", "files", "labels"]
    list_display = ["name", "organization", "canonical", "owner", "team", "is_starred", "created_at"]
    list_select_related = ["organization", "owner", "team"]
    list_filter = [ORGANIZATION, "is_starred"]
    search_fields = ["name", "canonical", "description"]
    autocomplete_fields = ["organization", "owner", "team"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The canonical, which clients hold, and what only they write."""
        return [*super().get_readonly_fields(request, obj), *(["canonical", *self.wire] if obj else [])]


class LinkForm(forms.ModelForm):
    """What a project is in an environment belongs to the project's organization."""

    def clean(self) -> dict[str, Any] | None:
        """Take over the organization, so that the row can be checked against it."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("project") is not None:
            self.instance.organization = cleaned["project"].organization
        return cleaned


@admin.register(ProjectEnvironment)
class ProjectEnvironmentAdmin(GatehouseAdmin):
    form = LinkForm
    create_service = link_environment
    update_service = update_project_environment
    delete_service = unlink_environment
    subject_name = "link"
    fields = ["project", "environment", "execution_pool", "config"]
    list_display = ["project", "environment", "status", "execution_pool", "last_deployed_at"]
    list_select_related = ["project", "environment"]
    list_filter = [ORGANIZATION, "status"]
    search_fields = ["project__name", "environment__name"]
    autocomplete_fields = ["project", "environment"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What it links stays."""
        return [*super().get_readonly_fields(request, obj), *(["project", "environment", "labels"] if obj else [])]

    def actor(self, request: HttpRequest, obj: Model) -> Actor:
        """Who works in the organization of the project."""
        return admin_actor(request, obj.project.organization)  # type: ignore[attr-defined]

    def view_on_site(self, obj: ProjectEnvironment) -> str:
        """The page of its environment."""
        return reverse("catalog:environment", args=[obj.environment.uid])


@admin.register(ProjectFavorite)
class ProjectFavoriteAdmin(ReadOnlyAdmin):
    list_display = ["project", "user", "created_at"]
    list_select_related = ["project", "user"]
    list_filter = [ORGANIZATION]


@admin.register(ProjectVersion)
class ProjectVersionAdmin(ReadOnlyAdmin):
    list_display = ["name", "project", "state", "created_at"]
    list_select_related = ["project"]
    list_filter = [ORGANIZATION, "state"]
    search_fields = ["name", "project__name"]
