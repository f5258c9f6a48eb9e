"""Who we are: organizations, people, roles, machines and their keys."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from catalog.actors import rules_of
from catalog.admin.base import GatehouseAdmin, ReadOnlyAdmin, admin_actor, staff_actors
from catalog.admin.choosers import ManyChooser
from catalog.models import (
    Invitation,
    Membership,
    Organization,
    Role,
    RoleRule,
    ServiceAccount,
    Team,
    TeamMember,
    User,
)
from catalog.services.groups import create_team, delete_team, update_team
from catalog.services.organizations import create_organization, update_organization
from catalog.services.people import (
    add_member,
    change_member_role,
    create_service_account,
    delete_service_account,
    remove_member,
    update_service_account,
)
from catalog.services.roles import create_role, delete_role, update_role
from catalog.settings_forms import RulesField

ORGANIZATION = ("organization", admin.RelatedOnlyFieldListFilter)


class OptionalIds(forms.ModelForm):
    """Ids that Gatehouse gives when they are left empty."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in ("slug", "public_id", "record_id", "canonical"):
            if name in self.fields and self.instance.pk is None:
                self.fields[name].required = False
                self.fields[name].help_text = f"{self.fields[name].help_text or ''} Left empty, it is made up.".strip()


@admin.register(Organization)
class OrganizationAdmin(GatehouseAdmin):
    """A new organization stands alone, or below another."""

    form = OptionalIds
    update_service = update_organization
    create_service = create_organization
    list_display = ["name", "slug", "public_id", "parent", "created_at"]
    list_select_related = ["parent"]
    search_fields = ["name", "slug", "public_id"]
    autocomplete_fields = ["parent"]
    switches = [
        "four_eyes",
        "review_policy",
        "approval_hours",
        "records_by_integrations",
        "gate_default_allows",
        "provenance_key",
        "require_second_factor",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """For no superuser: those they belong to, and what is below."""
        rows = super(GatehouseAdmin, self).get_queryset(request)
        if request.user.is_superuser:
            return rows
        return rows.filter(pk__in={pk for actor in staff_actors(request) for pk in actor.reach})

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Where it stands is settled when it is made, its switches afterwards."""
        names = ["name", "slug", "public_id", "time_zone"]
        if obj is None:
            return [*names, "parent"]
        return [*names, *self.switches, "parent", "uid", "created_at", "updated_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What no service changes."""
        return ["parent", "uid", "created_at", "updated_at"] if obj else []

    def actor(self, request: HttpRequest, obj: Model) -> Any:
        """A root is made by the installation itself, through a superuser."""
        assert isinstance(obj, Organization)  # noqa: S101  for the type checker
        if obj.pk is None:
            return admin_actor(request, obj.parent) if obj.parent else None
        return admin_actor(request, obj)

    def _may(self, request: HttpRequest, verb: str, obj: Model | None = None) -> bool:
        if request.user.is_superuser or verb not in ("read", "update"):
            return super()._may(request, verb, obj)
        staff = request.user.is_active and request.user.is_staff
        return staff and any(actor.may(f"organization:{verb}", obj) for actor in staff_actors(request))


@admin.register(Membership)
class MembershipAdmin(GatehouseAdmin):
    create_service = add_member
    update_service = change_member_role
    delete_service = remove_member
    fields = ["organization", "user", "role"]
    list_display = ["user", "organization", "role", "created_at"]
    list_select_related = ["user", "organization", "role"]
    list_filter = [ORGANIZATION, "role__name"]
    search_fields = ["user__email", "user__name", "organization__name"]
    autocomplete_fields = ["organization", "user", "role"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """A membership stays the same person's."""
        return [*super().get_readonly_fields(request, obj), *(["user"] if obj else [])]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Who was asked to join; asking and answering are done in the portal."""

    secret_fields = ("digest",)
    list_display = ["email", "organization", "role", "state", "created_by", "expires_at"]
    list_select_related = ["organization", "role"]
    list_filter = [ORGANIZATION, "state"]
    search_fields = ["email", "organization__name"]


class RoleForm(OptionalIds):
    """A role with its rules as text."""

    allow = RulesField(widget=forms.Textarea(attrs={"rows": 12, "cols": 90, "class": "vLargeTextField"}))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.instance.pk and "allow" in self.fields:
            self.fields["allow"].initial = rules_of(self.instance)


def as_text(role: Role) -> str:
    """The rules of a role, one a line."""
    return "\n".join(str(rule) for rule in rules_of(role))


@admin.register(Role)
class RoleAdmin(GatehouseAdmin):
    """Built-in roles are only shown."""

    form = RoleForm
    create_service = create_role
    update_service = update_role
    delete_service = delete_role
    service_words = {"allow": "rules"}
    fields = ["organization", "name", "canonical", "description", "allow"]
    list_display = ["name", "canonical", "organization", "built_in"]
    list_select_related = ["organization"]
    list_filter = ["built_in", ORGANIZATION]
    search_fields = ["name", "canonical", "organization__name"]
    autocomplete_fields = ["organization"]

    @admin.display(description="Allow")
    def allow(self, role: Role) -> str:
        """The rules, where they can't be changed."""
        return as_text(role)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The word dialects know it by stays."""
        return [*super().get_readonly_fields(request, obj), *(["canonical"] if obj else [])]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Not for built-in roles."""
        return not getattr(obj, "built_in", False) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Not for built-in roles."""
        return not getattr(obj, "built_in", False) and super().has_delete_permission(request, obj)


@admin.register(RoleRule)
class RoleRuleAdmin(ReadOnlyAdmin):
    """Rules one by one; they are changed with their role."""

    list_display = ["action", "role", "organization", "resources"]
    list_select_related = ["role", "organization"]
    list_filter = [ORGANIZATION, "role__name"]
    search_fields = ["action"]


class TeamForm(OptionalIds):
    """A team with its people."""

    people = forms.ModelMultipleChoiceField(
        User.objects.all(),
        required=False,
        widget=ManyChooser(Team._meta.get_field("members"), admin.site),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.instance.pk and "people" in self.fields:
            self.fields["people"].initial = self.instance.members.all()


@admin.register(Team)
class TeamAdmin(GatehouseAdmin):
    form = TeamForm
    create_service = create_team
    update_service = update_team
    delete_service = delete_team
    service_words = {"people": "members"}
    fields = ["organization", "name", "slug", "public_id", "role", "people"]
    list_display = ["name", "organization", "slug", "public_id"]
    list_select_related = ["organization"]
    list_filter = [ORGANIZATION]
    search_fields = ["name", "slug", "public_id"]
    autocomplete_fields = ["organization", "role"]

    @admin.display(description="People")
    def people(self, team: Team) -> str:
        """Its people, where they can't be changed."""
        return ", ".join(str(each) for each in team.members.all()) or "-"


@admin.register(TeamMember)
class TeamMemberAdmin(ReadOnlyAdmin):
    """Who is in which team; changed with the team."""

    list_display = ["user", "team", "organization"]
    list_select_related = ["user", "team", "organization"]
    list_filter = [ORGANIZATION]
    search_fields = ["user__email", "team__name"]


@admin.register(ServiceAccount)
class ServiceAccountAdmin(GatehouseAdmin):
    create_service = create_service_account
    update_service = update_service_account
    delete_service = delete_service_account
    subject_name = "account"
    fields = ["organization", "name", "description", "role"]
    list_display = ["name", "organization", "role", "created_at"]
    list_select_related = ["organization", "role"]
    list_filter = [ORGANIZATION, "role__name"]
    search_fields = ["name", "description"]
    autocomplete_fields = ["organization", "role"]
