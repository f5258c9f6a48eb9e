"""Where the apps meet: every route of the portal and of the dialects."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from catalog.api.description import Description, reader
from config import views

# What our own profile page does: changing one's address would let somebody pass for a named approver.
OWN_PROFILE = RedirectView.as_view(pattern_name="catalog:profile")

urlpatterns = [
    path("-/healthz", views.healthz),
    path("-/readyz", views.readyz),
    path("favicon.ico", views.favicon),
    path("admin/", admin.site.urls),
    *(path(f"accounts/{page}/", OWN_PROFILE) for page in ("email", "sessions", "2fa")),
    path("accounts/", include("allauth.urls")),
    path("api/schema", Description.as_view()),
    path("api/docs", reader),
    path("integration/", include("catalog.api.phaset.urls")),
    path("integration/", include("compliance.api.phaset.urls")),
    path("integration/integration/", include("catalog.api.phaset.urls")),
    path("integration/integration/", include("compliance.api.phaset.urls")),
    path("api/v1/", include("catalog.api.openfactstore.urls")),
    path("api/v1/", include("compliance.api.openfactstore.urls")),
    path("api/v1/", include("releases.api.openfactstore.urls")),
    path("api/v1/", include("integrations.api.openfactstore.urls")),
    path("v1/", include("releases.api.sqedule.urls")),
    path("api/v2/", include("catalog.api.versori.urls")),
    path("api/v2/", include("integrations.api.versori.urls")),
    path("", include("catalog.api.cycloid.urls")),
    path("api/gatehouse/v1/", include("catalog.api.gatehouse.teams")),
    path("api/gatehouse/v1/", include("integrations.api.gatehouse.webhooks")),
    path("", include("catalog.urls")),
    path("", include("compliance.urls")),
    path("", include("releases.urls")),
    path("", include("integrations.urls")),
]

handler400 = "config.views.bad_request"
handler403 = "config.views.forbidden"
handler404 = "config.views.not_found"
handler500 = "config.views.server_error"
