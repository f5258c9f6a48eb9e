"""Django's admin as a whole: its name, its door, the order of its apps."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

ORDER = ("catalog", "compliance", "releases", "integrations")


class GatehouseAdminSite(admin.AdminSite):
    """The admin, behind the portal's own sign-in."""

    site_header = site_title = "Gatehouse"
    index_title = "Administration"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The portal's page; somebody who is signed in and no staff is refused."""
        return secure_admin_login(super().login)(request, extra_context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Our apps in the order of the house, then the packages'."""
        apps = super().get_app_list(request, app_label)
        return sorted(apps, key=lambda app: ORDER.index(app["app_label"]) if app["app_label"] in ORDER else len(ORDER))
