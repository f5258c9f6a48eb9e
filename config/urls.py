"""Where the apps meet: every route of the portal and of the dialects."""

from django.contrib import admin
from django.urls import include, path

from catalog.api.description import Description, reader
from config import views

urlpatterns = [
    path("-/healthz", views.healthz),
    path("-/readyz", views.readyz),
    path("favicon.ico", views.favicon),
    path("admin/", admin.site.urls),
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
    path("", include("catalog.urls")),
    path("", include("compliance.urls")),
    path("", include("releases.urls")),
    path("", include("integrations.urls")),
]

handler400 = "config.views.bad_request"
handler403 = "config.views.forbidden"
handler404 = "config.views.not_found"
handler500 = "config.views.server_error"
