"""People, whom the installation knows and organizations have as members."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import (
    AdminUserCreationForm,
    ReadOnlyPasswordHashField,
    ReadOnlyPasswordHashWidget,
    UserChangeForm,
)
from django.contrib.auth.hashers import is_password_usable
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from catalog.admin.base import EditingAdmin, staff_actors
from catalog.models import Membership, User

for unmanaged in (Authenticator, UserSession):  # a lost second factor is removed in the portal, sessions on the profile
    admin.site.unregister(unmanaged)


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name"]


class PasswordState(ReadOnlyPasswordHashWidget):
    """Whether there is a password, and the way to another: nothing of the hash."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Without the summary of the hash."""
        context = super().get_context(name, value, attrs)
        context["summary"] = [{"label": "set" if is_password_usable(value or None) else "none"}]
        return context


class UserForm(UserChangeForm):
    password = ReadOnlyPasswordHashField(widget=PasswordState)

    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(EditingAdmin, DjangoUserAdmin):
    """People are the installation's, not an organization's: superusers make, change and deactivate them.

    Nobody is deleted, since the history names them. What they may do is in their memberships.
    """

    form = UserForm
    add_form = NewUserForm
    list_display = ["email", "name", "is_active", "is_staff", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    filter_horizontal = []
    readonly_fields = ["last_login", "created_at", "updated_at"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        ("What the admin lets them do", {"fields": ["is_active", "is_staff", "is_superuser"]}),
        ("Times", {"fields": ["last_login", "created_at", "updated_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """For no superuser: the people of the organizations they look after."""
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        reach = {pk for actor in staff_actors(request) if actor.may("organization:member:read") for pk in actor.reach}
        return rows.filter(pk__in=Membership.objects.filter(organization__in=reach).values("user"))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Staff who may see members; rows are limited by `get_queryset`."""
        return request.user.is_superuser or any(
            actor.may("organization:member:read") for actor in staff_actors(request)
        )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never: deactivate instead."""
        return False
