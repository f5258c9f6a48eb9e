from django.urls import path

from compliance.api.openfactstore.views.allowlist import Allowlist, AllowlistDetail
from compliance.api.openfactstore.views.drift import BaselineCurrent, BaselineList, Drift, DriftHistory
from compliance.api.openfactstore.views.environments import EnvironmentDetail, EnvironmentList
from compliance.api.openfactstore.views.snapshots import (
    DeploymentList,
    SnapshotDetail,
    SnapshotDiff,
    SnapshotLatest,
    SnapshotList,
)

urlpatterns = [
    path("environments", EnvironmentList.as_view()),
    path("environments/<str:id>", EnvironmentDetail.as_view()),
    path("environments/<str:id>/snapshots", SnapshotList.as_view()),
    path("environments/<str:id>/snapshots/latest", SnapshotLatest.as_view()),
    path("environments/<str:id>/snapshots/<str:index>", SnapshotDetail.as_view()),
    path("environments/<str:id>/diff", SnapshotDiff.as_view()),
    path("environments/<str:id>/deployments", DeploymentList.as_view()),
    path("environments/<str:id>/baselines", BaselineList.as_view()),
    path("environments/<str:id>/baselines/current", BaselineCurrent.as_view()),
    path("environments/<str:id>/allowlist", Allowlist.as_view()),
    path("environments/<str:id>/allowlist/<str:entry>", AllowlistDetail.as_view()),
    path("environments/<str:id>/drift", Drift.as_view()),
    path("environments/<str:id>/drift/history", DriftHistory.as_view()),
]
