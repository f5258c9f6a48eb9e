from django.urls import URLPattern, path

from compliance.api.phaset.views import BaselineView, StandardsView

urlpatterns: list[URLPattern] = [
    path("standards/<str:org_id>/<str:record_id>/<str:token>", StandardsView.as_view(), name="phaset-standards"),
    path(
        "baselines/<str:org_id>/<str:baseline_id>/<str:record_id>/<str:token>",
        BaselineView.as_view(),
        name="phaset-baseline",
    ),
]
