"""Approvals, deployment policies and decisions of the gate in Django's admin."""

from typing import Any

from django.contrib import admin
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from catalog.admin import GatehouseAdmin, ReadOnlyAdmin
from releases.models import ApprovalRequest, Decision, DeploymentPolicy, GateDecision
from releases.services.approvals import request_trail_approval
from releases.services.policies import create_policy, delete_policy, update_policy

ORGANIZATION = ("organization", admin.RelatedOnlyFieldListFilter)


@admin.register(DeploymentPolicy)
class DeploymentPolicyAdmin(GatehouseAdmin):
    create_service = create_policy
    update_service = update_policy
    delete_service = delete_policy
    subject_name = "policy"
    fields = [
        "organization",
        "name",
        "description",
        "flow",
        "environment",
        "required_types",
        "enforce_approvals",
        "enforce_provenance",
        "require_signature",
        "block_on_failed_scan",
        "is_active",
    ]
    list_display = ["name", "organization", "flow", "environment", "needs", "is_active"]
    list_select_related = ["organization", "flow", "environment"]
    list_filter = [ORGANIZATION, "is_active", ("environment", admin.RelatedOnlyFieldListFilter), "enforce_approvals"]
    search_fields = ["name", "flow__name", "environment__name"]
    autocomplete_fields = ["organization", "flow", "environment"]

    @admin.display(description="needs")
    def needs(self, row: DeploymentPolicy) -> str:
        """What it asks for."""
        return ", ".join(row.asks)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """A policy stays with its flow and environment."""
        return [*super().get_readonly_fields(request, obj), *(["flow", "environment"] if obj else [])]


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(GatehouseAdmin):
    """Asked here about trails; releases ask by their rules. Deciding is done in the portal, with the facts in view."""

    create_service = request_trail_approval
    fields = ["organization", "trail", "environment", "required_approvers", "comments", "deadline"]
    list_display = ["subject", "status", "organization", "environment", "requested_by", "created_at", "deadline"]
    list_select_related = ["organization", "trail", "release__application", "environment"]
    list_filter = [ORGANIZATION, "status", "policy"]
    search_fields = ["requested_by", "digest", "release__application__key", "trail__commit"]
    autocomplete_fields = ["organization", "environment"]
    raw_id_fields = ["trail"]

    @admin.display(description="about")
    def subject(self, row: ApprovalRequest) -> str:
        """What it is about."""
        return str(row.release or f"trail {row.trail}")

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        """What is asked here is about a trail."""
        needed = {"required": True} if db_field.name == "trail" else {}
        return super().formfield_for_foreignkey(db_field, request, **needed, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """By the right to ask."""
        return self._may(request, "request")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Nothing is left out of a request that was made."""
        return [field.name for field in self.opts.concrete_fields] if obj else self.fields

    def view_on_site(self, obj: ApprovalRequest) -> str:
        """Its page in the portal."""
        return reverse("releases:approval", args=[obj.uid])


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """What people answered: append-only."""

    list_display = ["request", "identity", "verdict", "role", "comments", "organization", "created_at"]
    list_select_related = ["organization", "request__trail", "request__release__application"]
    list_filter = [ORGANIZATION, "verdict", "role"]
    search_fields = ["identity", "comments", "request__release__application__key"]


@admin.register(GateDecision)
class GateDecisionAdmin(ReadOnlyAdmin):
    """What the gate answered, with all it was made from: append-only."""

    list_display = ["short_digest", "verdict", "component", "environment", "judged_at"]
    list_select_related = ["component", "environment"]
    list_filter = [ORGANIZATION, "verdict", ("environment", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["digest", "component__name", "environment__name", "requested_by"]

    @admin.display(description="digest", ordering="digest")
    def short_digest(self, row: GateDecision) -> str:
        """As much of it as tells one from another; its page has all."""
        return row.digest[:19]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Without the inputs, which are large; the page of one decision reads them."""
        return super().get_queryset(request).defer("inputs")
