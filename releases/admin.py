"""Applications, rulesets, bindings and releases in Django's admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from catalog.actors import Actor
from catalog.admin import GatehouseAdmin, ReadOnlyAdmin, asked_first
from config.errors import GatehouseError
from releases import admin_gate  # noqa: F401  registers approvals, policies and decisions
from releases.models import (
    Application,
    ApplicationAdjustment,
    ApplicationVersion,
    Binding,
    BindingAdjustment,
    BindingVersion,
    Outcome,
    Release,
    ReleaseBinding,
    ReleaseEvent,
    ReleaseJob,
    Rule,
    Ruleset,
    RulesetAdjustment,
    RulesetVersion,
)
from releases.services.applications import create_application
from releases.services.bindings import create_binding
from releases.services.engine import try_now
from releases.services.releases import cancel_release, create_release, update_release
from releases.services.rulesets import create_ruleset

ORGANIZATION = ("organization", admin.RelatedOnlyFieldListFilter)


class ContentForm(forms.ModelForm):
    """What a resource's first version holds beside the resource itself."""

    enabled = forms.BooleanField(required=False, initial=True)
    comments = forms.CharField(required=False, widget=forms.Textarea, help_text="Why, for whoever reads the history.")


class NamedForm(ContentForm):
    display_name = forms.CharField(required=False, max_length=255)


class ApplicationForm(NamedForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if "component" in self.fields:
            self.fields["component"].required = False
            self.fields["component"].help_text = "Left empty: the component of this id, made when there is none."


class RulesetForm(NamedForm):
    description = forms.CharField(required=False, widget=forms.Textarea)
    rules = forms.JSONField(
        required=False,
        help_text='A list such as [{"type": "schedule", "days_of_week": "mon tue", "begin_time": "9:00", "end_time": '
        '"16:00"}, {"type": "manual", "approval_policy": "any"}].',
    )

    def clean_rules(self) -> list[dict[str, Any]]:
        """Refuse what is no list of objects with a type; the service looks at the rest."""
        rules = self.cleaned_data["rules"] or []
        if not isinstance(rules, list) or not all(isinstance(rule, dict) and "type" in rule for rule in rules):
            raise forms.ValidationError("Write a list of objects, each with a `type`.")
        return rules


class BindingForm(ContentForm):
    mode = forms.ChoiceField(choices=BindingAdjustment.Mode.choices)


class ReleaseForm(forms.ModelForm):
    def clean_metadata(self) -> dict[str, Any]:
        """An empty box is an object without keys."""
        metadata = self.cleaned_data["metadata"]
        if metadata is not None and not isinstance(metadata, dict):
            raise forms.ValidationError("Write a JSON object.")
        return metadata or {}

    def clean_comments(self) -> str | None:
        """An empty box is no comment."""
        return self.cleaned_data["comments"] or None


class ResourceAdmin(GatehouseAdmin):
    """Something with versions: it is made with a first, approved one, and changed by proposals."""

    @admin.display(description="version")
    def version(self, row: Any) -> Any:
        """The number of the version that counts."""
        return row.latest.version.version_number if row.latest else None

    @admin.display(boolean=True, description="enabled")
    def enabled(self, row: Any) -> Any:
        """Whether it counts."""
        return row.latest.enabled if row.latest else None

    @admin.display(description="comments")
    def comments(self, row: Any) -> Any:
        """Why it is as it is."""
        return row.latest.comments if row.latest else None

    @admin.display(description="display name")
    def display_name(self, row: Any) -> Any:
        """Its name for people."""
        return row.latest.display_name if row.latest else None


@admin.register(Application)
class ApplicationAdmin(ResourceAdmin):
    form = ApplicationForm
    create_service = create_application
    fields = ["organization", "key", "component", "display_name", "enabled", "comments"]
    list_display = ["key", "display_name", "organization", "component", "version", "enabled", "created_at"]
    list_select_related = ["organization", "component", "latest__version"]
    list_filter = [ORGANIZATION, "latest__enabled"]
    search_fields = ["key", "latest__display_name", "component__name"]
    autocomplete_fields = ["organization", "component"]


@admin.register(Ruleset)
class RulesetAdmin(ResourceAdmin):
    form = RulesetForm
    create_service = create_ruleset
    fields = ["organization", "key", "display_name", "description", "enabled", "rules", "comments"]
    list_display = ["key", "display_name", "organization", "version", "enabled", "created_at"]
    list_select_related = ["organization", "latest__version"]
    list_filter = [ORGANIZATION, "latest__enabled"]
    search_fields = ["key", "latest__display_name"]
    autocomplete_fields = ["organization"]

    @admin.display(description="description")
    def description(self, row: Any) -> Any:
        """What it is for."""
        return row.latest.description if row.latest else None

    @admin.display(description="rules")
    def rules(self, row: Any) -> str:
        """What it asks."""
        return ", ".join(str(rule) for rule in row.latest.rules.all()) if row.latest else ""


@admin.register(Binding)
class BindingAdmin(ResourceAdmin):
    form = BindingForm
    create_service = create_binding
    fields = ["organization", "application", "ruleset", "mode", "enabled", "comments"]
    list_display = ["application", "ruleset", "organization", "mode", "version", "enabled", "created_at"]
    list_display_links = ["application", "ruleset"]
    list_select_related = ["organization", "application", "ruleset", "latest__version"]
    list_filter = [ORGANIZATION, "latest__mode", "latest__enabled"]
    search_fields = ["application__key", "ruleset__key"]
    autocomplete_fields = ["organization", "application", "ruleset"]

    @admin.display(description="mode")
    def mode(self, row: Any) -> Any:
        """What a failed rule does."""
        return row.latest.get_mode_display() if row.latest else None


class VersionAdmin(ReadOnlyAdmin):
    """A candidate or approved content; its adjustments hold what it says."""

    list_display = ["subject", "number", "version_number", "approved_at", "organization"]
    list_select_related = ["organization", "subject"]
    list_filter = [ORGANIZATION, ("version_number", admin.EmptyFieldListFilter)]
    search_fields = ["subject__key"]


@admin.register(ApplicationVersion)
class ApplicationVersionAdmin(VersionAdmin):
    pass


@admin.register(RulesetVersion)
class RulesetVersionAdmin(VersionAdmin):
    pass


@admin.register(BindingVersion)
class BindingVersionAdmin(VersionAdmin):
    list_select_related = ["organization", "subject__application", "subject__ruleset"]
    search_fields = ["subject__application__key", "subject__ruleset__key"]


class AdjustmentAdmin(ReadOnlyAdmin):
    """One step of a version: append-only."""

    list_display = ["subject", "version", "number", "proposal_state", "enabled", "author", "created_at"]
    list_select_related = ["version__subject"]
    list_filter = [ORGANIZATION, "proposal_state", "enabled"]
    search_fields = ["version__subject__key", "author"]

    @admin.display(description="of")
    def subject(self, row: Any) -> Any:
        """What it is a content of."""
        return row.version.subject


@admin.register(ApplicationAdjustment)
class ApplicationAdjustmentAdmin(AdjustmentAdmin):
    pass


@admin.register(RulesetAdjustment)
class RulesetAdjustmentAdmin(AdjustmentAdmin):
    pass


@admin.register(BindingAdjustment)
class BindingAdjustmentAdmin(AdjustmentAdmin):
    list_display = [*AdjustmentAdmin.list_display, "mode"]
    list_select_related = ["version__subject__application", "version__subject__ruleset"]
    list_filter = [*AdjustmentAdmin.list_filter, "mode"]
    search_fields = ["version__subject__application__key", "version__subject__ruleset__key", "author"]


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin):
    """Rules never change: a new version of the ruleset has new ones."""

    list_display = ["number", "type", "ruleset", "adjustment", "enabled", "organization"]
    list_select_related = ["organization", "adjustment__version__subject"]
    list_filter = [ORGANIZATION, "type", "enabled", "approval_policy"]
    secret_fields = ("sealed_password",)
    search_fields = ["adjustment__version__subject__key"]

    @admin.display(description="ruleset")
    def ruleset(self, row: Rule) -> Ruleset:
        """Whose rule it is."""
        return row.adjustment.version.subject


@admin.register(Release)
class ReleaseAdmin(GatehouseAdmin):
    """Only the engine approves and rejects; people can cancel."""

    form = ReleaseForm
    create_service = create_release
    update_service = update_release
    actions = ("cancel_selected",)
    fields = ["organization", "application", "source_identity", "metadata", "comments"]
    list_display = ["number", "application", "organization", "state", "environment", "created_by", "created_at"]
    list_select_related = ["organization", "application", "environment"]
    list_filter = [ORGANIZATION, "state"]
    search_fields = ["application__key", "source_identity", "digest", "created_by"]
    autocomplete_fields = ["organization", "application"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """A release stays with its application."""
        return [*super().get_readonly_fields(request, obj), *(["application"] if obj else [])]

    @admin.action(description="Cancel", permissions=["cancel"])
    @asked_first("Those that are pending come to their end, and what is asked about them is void. It can't be undone.")
    def cancel_selected(self, request: HttpRequest, rows: QuerySet) -> None:
        """Cancel those that are pending."""
        for release in rows.select_related("organization", "application"):
            try:
                cancel_release(actor=self.actor(request, release), release=release)
            except GatehouseError as refused:
                self.message_user(request, refused.message, "error")
            else:
                self.message_user(request, f"Cancelled: {release}")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """By the right to cancel it."""
        return self._may(request, "cancel")

    def view_on_site(self, obj: Release) -> str:
        """Its page in the portal."""
        return reverse("releases:release-by-uid", args=[obj.uid])


@admin.register(ReleaseBinding)
class ReleaseBindingAdmin(ReadOnlyAdmin):
    list_display = ["release", "ruleset", "adjustment", "mode", "organization"]
    list_select_related = ["organization", "release__application", "ruleset", "adjustment"]
    list_filter = [ORGANIZATION, "mode"]
    search_fields = ["release__application__key", "ruleset__key"]


@admin.register(Outcome)
class OutcomeAdmin(ReadOnlyAdmin):
    list_display = ["release", "rule", "success", "reason", "created_at"]
    list_select_related = ["release__application", "rule"]
    list_filter = [ORGANIZATION, "success", "rule__type"]
    search_fields = ["release__application__key", "reason"]


@admin.register(ReleaseEvent)
class ReleaseEventAdmin(ReadOnlyAdmin):
    list_display = ["release", "type", "number", "result_state", "ignored_error", "created_at"]
    list_select_related = ["release__application"]
    list_filter = [ORGANIZATION, "type", "result_state"]
    search_fields = ["release__application__key"]


@admin.register(ReleaseJob)
class ReleaseJobAdmin(ReadOnlyAdmin):
    """The work still to do on each pending release; without a next attempt it waits for people."""

    actions = ("try_selected_now",)
    list_display = ["release", "attempts", "next_attempt_at", "last_error", "created_at"]
    list_select_related = ["release__application"]
    list_filter = [("next_attempt_at", admin.EmptyFieldListFilter)]
    search_fields = ["release__application__key", "last_error"]

    @admin.action(description="Try now", permissions=["try"])
    def try_selected_now(self, request: HttpRequest, rows: QuerySet) -> None:
        """Send the releases to a worker."""
        for job in rows.select_related("release__organization", "release__application"):
            actor: Actor = self.actor(request, job.release)
            try_now(actor=actor, release=job.release)
        self.message_user(request, f"Sent to a worker: {', '.join(str(job.release) for job in rows)}")

    def has_try_permission(self, request: HttpRequest) -> bool:
        """Only a superuser sees jobs."""
        return bool(request.user.is_superuser)
