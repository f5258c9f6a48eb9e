"""Django's admin as a whole: its name, its door, the order of its apps."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin, messages
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import get_script_prefix
from django.utils.functional import cached_property

from catalog.models import Organization, TenantModel
from catalog.services.second_factor import has_second_factor, must_have_second_factor

ORDER = ("catalog", "compliance", "releases", "integrations")


class Choices(AutocompleteJsonView):
    """What one may choose in a form; where several organizations are in sight, each row says whose it is."""

    admin_site: Any = None

    def get_queryset(self) -> QuerySet:
        """The rows with their organization."""
        rows = super().get_queryset()
        return rows.select_related("organization") if issubclass(rows.model, TenantModel) else rows

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """One choice: its id and its text."""
        choice = super().serialize_result(obj, to_field_name)  # type: ignore[misc]
        if isinstance(obj, TenantModel) and self._several:
            choice["text"] += f", {obj.organization}"
        return choice

    @cached_property
    def _several(self) -> bool:
        return len(self.admin_site._registry[Organization].get_queryset(self.request)[:2]) > 1


class GatehouseAdminSite(admin.AdminSite):
    """The admin, behind the portal's own sign-in."""

    site_header = site_title = "Gatehouse"
    index_title = "Administration"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The portal's page; somebody who is signed in and no staff is refused."""
        user: Any = request.user
        if user.is_authenticated and not user.is_staff:
            raise PermissionDenied(
                f"You are signed in as {user.email}. The administration is for staff of this installation; a superuser "
                "can make you one. What concerns your organization is under Settings in the portal."
            )
        if user.is_authenticated and _lacks_factor(request):
            messages.warning(request, "An organization of yours asks for a second factor. Set it up.")
            return redirect("mfa_activate_totp")
        return secure_admin_login(super().login)(request, extra_context)

    def autocomplete_view(self, request: HttpRequest) -> Any:
        """Rows for a field that looks them up while one types."""
        return Choices.as_view(admin_site=self)(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The portal's page, which records the change and tells the person."""
        return redirect("account_change_password")

    def has_permission(self, request: HttpRequest) -> bool:
        """For staff, with a second factor where an organization of theirs asks for one."""
        return super().has_permission(request) and not _lacks_factor(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Our apps in the order of the house, then the packages'; every page lists them, for superusers the same."""
        user: Any = request.user
        key = (app_label, get_script_prefix()) if user.is_superuser and self.has_permission(request) else None
        if key in self._whole:
            return self._whole[key]
        apps = super().get_app_list(request, app_label)
        apps.sort(key=lambda app: ORDER.index(app["app_label"]) if app["app_label"] in ORDER else len(ORDER))
        if key:
            self._whole[key] = apps
        return apps

    @cached_property
    def _whole(self) -> dict[Any, list[Any]]:
        return {}


def _lacks_factor(request: HttpRequest) -> bool:
    """Whether this person should have a second factor and has none; asked once a request."""
    if not hasattr(request, "lacks_factor"):
        user: Any = request.user
        request.lacks_factor = must_have_second_factor(user) and not has_second_factor(user)  # type: ignore[attr-defined]
    return bool(request.lacks_factor)  # type: ignore[attr-defined]
