"""Admin of flows and of what trails prove. Facts are added by hand through the services, and never changed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from catalog.actors import Actor
from catalog.admin import GatehouseAdmin, ReadOnlyAdmin, admin_actor
from catalog.admin.people import ORGANIZATION
from compliance import admin_environments, admin_standards  # noqa: F401  register their models
from compliance.models import Artifact, Attestation, Evidence, Flow, Provenance, Trail
from compliance.services.artifacts import register_artifact
from compliance.services.attestations import record_attestation
from compliance.services.flows import create_flow, delete_flow, update_flow
from compliance.services.trails import create_trail


class ApprovalFilter(admin.AllValuesFieldListFilter):
    """By the state of the approval, where there is none too."""

    def choices(self, changelist: Any) -> Any:
        """Every choice with a word."""
        for choice in super().choices(changelist):
            yield choice | {"display": choice["display"] or "None asked for"}


class FlowForm(forms.ModelForm):
    """A cleared field of tags means no tags, of the template no template."""

    def clean_template_yaml(self) -> str | None:
        """The template, or none."""
        return self.cleaned_data["template_yaml"] or None

    def clean_tags(self) -> Any:
        """The tags, or none."""
        return {} if self.cleaned_data["tags"] is None else self.cleaned_data["tags"]


@admin.register(Flow)
class FlowAdmin(GatehouseAdmin):
    form = FlowForm
    create_service = create_flow
    update_service = update_flow
    delete_service = delete_flow
    fields = [
        "organization",
        "name",
        "description",
        "component",
        "required_types",
        "template_yaml",
        "requires_approval",
        "required_approver_roles",
        "visibility",
        "tags",
    ]
    list_display = ["name", "organization", "component", "component_by", "required_types", "requires_approval"]
    list_select_related = ["organization", "component"]
    list_filter = [ORGANIZATION, "requires_approval", "component_by"]
    search_fields = ["name", "description", "component__name"]
    autocomplete_fields = ["organization", "component"]

    def view_on_site(self, obj: Flow) -> str:
        """Its page in the portal."""
        return reverse("compliance:flow", args=[obj.uid])


class OwnedForm(forms.ModelForm):
    """A row of the organization its flow or trail belongs to."""

    def clean(self) -> dict[str, Any] | None:
        """Take over the organization, so that the row can be checked against it."""
        cleaned = super().clean() or self.cleaned_data
        owner = cleaned.get("flow") or cleaned.get("trail")
        if owner is not None and self.instance.pk is None:
            self.instance.organization = owner.organization
        return cleaned


class FactAdmin(GatehouseAdmin):
    """What a trail says: added, never changed."""

    form = OwnedForm
    date_hierarchy = "created_at"

    def actor(self, request: HttpRequest, obj: Model) -> Actor:
        """Who works in the organization of the flow or trail."""
        owner: Any = getattr(obj, "flow", None) or getattr(obj, "trail", None)
        return admin_actor(request, owner.organization)


@admin.register(Trail)
class TrailAdmin(FactAdmin):
    create_service = create_trail
    fields = [
        "flow",
        "name",
        "commit",
        "branch",
        "author",
        "author_email",
        "pull_request_id",
        "pull_request_reviewer",
        "deployment_actor",
        "build_url",
        "template_yaml",
    ]
    list_display = ["__str__", "flow", "component", "status", "branch", "author", "created_at"]
    list_select_related = ["flow", "component"]
    list_filter = [ORGANIZATION, "status", ("approval_status", ApprovalFilter)]
    search_fields = ["commit", "name", "branch", "author", "flow__name"]
    autocomplete_fields = ["flow"]

    def view_on_site(self, obj: Trail) -> str:
        """Its page in the portal."""
        return reverse("compliance:trail", args=[obj.uid])


@admin.register(Artifact)
class ArtifactAdmin(FactAdmin):
    create_service = register_artifact
    fields = ["trail", "name", "tag", "digest", "registry", "kind", "build_url", "commit_url", "reported_by"]
    list_display = ["name", "tag", "digest", "trail", "reported_by", "created_at"]
    list_select_related = ["trail"]
    list_filter = [ORGANIZATION]
    search_fields = ["name", "digest", "trail__commit"]
    autocomplete_fields = ["trail"]


@admin.register(Attestation)
class AttestationAdmin(FactAdmin):
    create_service = record_attestation
    fields = ["trail", "type", "status", "name", "details", "description", "evidence_url", "digest", "metadata"]
    list_display = ["type", "name", "status", "trail", "recorded_by", "created_at"]
    list_select_related = ["trail"]
    list_filter = [ORGANIZATION, "status"]
    search_fields = ["type", "name", "digest", "trail__commit"]
    autocomplete_fields = ["trail"]


@admin.register(Evidence)
class EvidenceAdmin(ReadOnlyAdmin):
    list_display = ["file_name", "attestation", "status", "size", "sha256", "created_at"]
    list_select_related = ["attestation"]
    list_filter = [ORGANIZATION, "status"]
    search_fields = ["file_name", "sha256", "attestation__type"]
    date_hierarchy = "created_at"

    def view_on_site(self, obj: Evidence) -> str:
        """The file, as a download."""
        return reverse("compliance:evidence", args=[obj.uid])


@admin.register(Provenance)
class ProvenanceAdmin(ReadOnlyAdmin):
    list_display = ["builder_id", "builder_type", "artifact", "level", "verified", "recorded_by", "created_at"]
    list_select_related = ["artifact"]
    list_filter = [ORGANIZATION, "builder_type", "level", "verified"]
    search_fields = ["builder_id", "artifact__name", "artifact__digest"]
    date_hierarchy = "created_at"
