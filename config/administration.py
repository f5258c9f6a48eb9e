"""Django's admin as a whole: its name, its door, the order of its apps."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from catalog.services.second_factor import has_second_factor, must_have_second_factor

ORDER = ("catalog", "compliance", "releases", "integrations")


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

    def has_permission(self, request: HttpRequest) -> bool:
        """For staff, with a second factor where an organization of theirs asks for one."""
        return super().has_permission(request) and not _lacks_factor(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Our apps in the order of the house, then the packages'."""
        apps = super().get_app_list(request, app_label)
        return sorted(apps, key=lambda app: ORDER.index(app["app_label"]) if app["app_label"] in ORDER else len(ORDER))


def _lacks_factor(request: HttpRequest) -> bool:
    """Whether this person should have a second factor and has none; asked once a request."""
    if not hasattr(request, "lacks_factor"):
        user: Any = request.user
        request.lacks_factor = must_have_second_factor(user) and not has_second_factor(user)  # type: ignore[attr-defined]
    return bool(request.lacks_factor)  # type: ignore[attr-defined]
