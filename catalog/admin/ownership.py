"""What we own: components and what they are sorted by, and the environments they run in."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from catalog.admin.base import GatehouseAdmin
from catalog.admin.people import ORGANIZATION, OptionalIds
from catalog.models import Component, Domain, Environment, System
from catalog.services.components import create_component, update_component
from catalog.services.environments import create_environment, delete_environment, update_environment
from catalog.services.groups import create_domain, create_system, update_domain, update_system


@admin.register(Component)
class ComponentAdmin(GatehouseAdmin):
    """What a manifest holds beside its spec is changed by the next push, and only shown here."""

    form = OptionalIds
    create_service = create_component
    update_service = update_component
    fields = [
        "organization",
        "name",
        "slug",
        "record_id",
        "repository",
        "description",
        "version",
        "kind",
        "lifecycle",
        "team",
        "system",
        "domain",
        "criticality",
        "sensitivity",
        "sourcing",
        "deployment",
        "tags",
    ]
    sections = ["contacts", "dependencies", "slos", "apis", "links", "metadata", "references"]
    list_display = ["name", "organization", "kind", "lifecycle", "team", "system", "record_id", "pushed_at"]
    list_select_related = ["organization", "team", "system"]
    list_filter = [ORGANIZATION, "kind", "lifecycle", "criticality"]
    search_fields = ["name", "slug", "record_id", "repository"]
    autocomplete_fields = ["organization", "team", "system", "domain"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The record id, which CI holds, and the sections of the manifest."""
        return [*super().get_readonly_fields(request, obj), *(["record_id", *self.sections] if obj else [])]

    def view_on_site(self, obj: Component) -> str:
        """Its page in the portal."""
        return reverse("catalog:component", args=[obj.uid])


class GroupAdmin(GatehouseAdmin):
    """Domains and systems."""

    form = OptionalIds
    fields = ["organization", "name", "slug", "public_id"]
    list_display = ["name", "organization", "slug", "public_id"]
    list_select_related = ["organization"]
    list_filter = [ORGANIZATION]
    search_fields = ["name", "slug", "public_id"]
    autocomplete_fields = ["organization"]


@admin.register(Domain)
class DomainAdmin(GroupAdmin):
    create_service = create_domain
    update_service = update_domain


@admin.register(System)
class SystemAdmin(GroupAdmin):
    create_service = create_system
    update_service = update_system
    fields = [*GroupAdmin.fields, "domain"]
    list_display = [*GroupAdmin.list_display, "domain"]
    list_select_related = ["organization", "domain"]
    autocomplete_fields = ["organization", "domain"]


@admin.register(Environment)
class EnvironmentAdmin(GatehouseAdmin):
    create_service = create_environment
    update_service = update_environment
    delete_service = delete_environment
    fields = ["organization", "name", "kind", "description", "color", "owner", "drift_policy", "scope"]
    list_display = ["name", "organization", "kind", "drift_policy", "drift_state", "running_count", "snapshot_at"]
    list_select_related = ["organization"]
    list_filter = [ORGANIZATION, "kind", "drift_policy", "drift_state"]
    search_fields = ["name", "description"]
    autocomplete_fields = ["organization", "owner"]

    def view_on_site(self, obj: Environment) -> str:
        """Its page in the portal."""
        return reverse("catalog:environment", args=[obj.uid])
