"""Admin of what runs in environments, what should, and the difference. Baselines are approved through the service."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from catalog.actors import Actor
from catalog.admin import GatehouseAdmin, ReadOnlyAdmin, admin_actor, asked_first
from catalog.admin.people import ORGANIZATION
from compliance.models import AllowlistEntry, DriftReport, EnvironmentBaseline, RunningArtifact, Sighting, Snapshot
from compliance.services.allowlist import add_to_allowlist, remove_from_allowlist
from compliance.services.drift import approve_baseline


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "environment", "running", "added", "updated", "removed", "recorded_by", "created_at"]
    list_select_related = ["environment"]
    list_filter = [ORGANIZATION]
    search_fields = ["environment__name", "recorded_by", "=index"]
    date_hierarchy = "created_at"

    def view_on_site(self, obj: Snapshot) -> str:
        """Its page in the portal."""
        return reverse("compliance:snapshot", args=[obj.uid])


@admin.register(RunningArtifact)
class RunningArtifactAdmin(ReadOnlyAdmin):
    list_display = ["name", "tag", "digest", "instances", "environment", "snapshot"]
    list_select_related = ["snapshot__environment"]
    list_filter = [ORGANIZATION]
    search_fields = ["name", "digest", "snapshot__environment__name"]

    @admin.display(ordering="snapshot__environment__name")
    def environment(self, obj: RunningArtifact) -> str:
        """Where it ran."""
        return str(obj.snapshot.environment)


@admin.register(Sighting)
class SightingAdmin(ReadOnlyAdmin):
    list_display = ["digest", "environment", "snapshot_index", "seen_at"]
    list_select_related = ["environment"]
    list_filter = [ORGANIZATION]
    search_fields = ["digest", "environment__name"]
    date_hierarchy = "seen_at"


class OfEnvironmentForm(forms.ModelForm):
    """A row belongs to the organization of its environment."""

    def clean(self) -> dict[str, Any] | None:
        """Take over the organization, so that the row can be checked against it."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("environment") is not None:
            self.instance.organization = cleaned["environment"].organization
        return cleaned


@admin.register(EnvironmentBaseline)
class EnvironmentBaselineAdmin(GatehouseAdmin):
    form = OfEnvironmentForm
    create_service = approve_baseline
    fields = ["environment", "snapshot", "approved_by", "description"]
    list_display = ["environment", "snapshot", "is_active", "approved_by", "created_at"]
    list_select_related = ["environment", "snapshot"]
    list_filter = [ORGANIZATION, "is_active"]
    search_fields = ["environment__name", "approved_by", "description"]
    autocomplete_fields = ["environment", "snapshot"]
    date_hierarchy = "created_at"

    def actor(self, request: HttpRequest, obj: Model) -> Actor:
        """Who works in the organization of the environment."""
        return admin_actor(request, obj.environment.organization)  # type: ignore[attr-defined]


@admin.register(DriftReport)
class DriftReportAdmin(ReadOnlyAdmin):
    list_display = ["environment", "has_drift", "drift_policy", "baseline", "snapshot", "created_at"]
    list_select_related = ["environment", "baseline__environment", "snapshot"]
    list_filter = [ORGANIZATION, "has_drift", "drift_policy"]
    search_fields = ["environment__name"]
    date_hierarchy = "created_at"


@admin.register(AllowlistEntry)
class AllowlistEntryAdmin(GatehouseAdmin):
    form = OfEnvironmentForm
    create_service = add_to_allowlist
    fields = ["environment", "digest", "name_pattern", "reason", "approved_by", "expires_at"]
    list_display = ["__str__", "environment", "approved_by", "expires_at", "removed_at", "created_at"]
    list_select_related = ["environment"]
    list_filter = [ORGANIZATION, ("removed_at", admin.EmptyFieldListFilter)]
    search_fields = ["environment__name", "digest", "name_pattern", "reason", "approved_by"]
    autocomplete_fields = ["environment"]
    date_hierarchy = "created_at"
    actions = ("remove_selected",)

    def actor(self, request: HttpRequest, obj: Model) -> Actor:
        """Who works in the organization of the environment."""
        return admin_actor(request, obj.environment.organization)  # type: ignore[attr-defined]

    @admin.action(description="Remove from the allow-list", permissions=["remove"])
    @asked_first("What they let through needs its own proof from then on. An entry that was removed stays so.")
    def remove_selected(self, request: HttpRequest, rows: QuerySet) -> None:
        """End the selected entries that are not ended yet."""
        for entry in rows.filter(removed_at=None).select_related("environment__organization"):
            remove_from_allowlist(actor=self.actor(request, entry), entry=entry, reason="Removed in the admin.")
        self.message_user(request, "Removed from the allow-list.")

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """By the right to remove it."""
        return self._may(request, "delete")
