"""Versori's routes about projects, under /api/v2/."""

from django.urls import path

from catalog.api.versori.views.deployments import (
    DeployView,
    FilesView,
    SuspendView,
    ValidateView,
    VersionDeployView,
    VersionFilesView,
    VersionsView,
)
from catalog.api.versori.views.environments import (
    EnvironmentCloneView,
    EnvironmentConfigView,
    EnvironmentDeleteView,
    EnvironmentPoolView,
    EnvironmentSyncView,
    PoolsView,
)
from catalog.api.versori.views.projects import (
    CloneView,
    OneProjectView,
    ProjectsView,
    SentimentView,
    StarView,
    VariablesView,
)

ORGANIZATION = "o/<str:organization>"
PROJECT = f"{ORGANIZATION}/projects/<str:project>"
VERSION = f"{PROJECT}/versions/<str:version>"

urlpatterns = [
    path(f"{ORGANIZATION}/projects", ProjectsView.as_view()),
    path(PROJECT, OneProjectView.as_view()),
    path(f"{PROJECT}/star", StarView.as_view()),
    path(f"{PROJECT}/clone", CloneView.as_view()),
    path(f"{PROJECT}/sentiment", SentimentView.as_view()),
    path(f"{PROJECT}/variables", VariablesView.as_view()),
    path(f"{PROJECT}/files", FilesView.as_view()),
    path(f"{PROJECT}/validate", ValidateView.as_view()),
    path(f"{PROJECT}/versions", VersionsView.as_view()),
    path(f"{VERSION}/files", VersionFilesView.as_view()),
    path(f"{VERSION}/deploy", VersionDeployView.as_view()),
    path(f"{PROJECT}/deploy", DeployView.as_view()),
    path(f"{PROJECT}/suspend", SuspendView.as_view()),
    path(f"{PROJECT}/environments/clone", EnvironmentCloneView.as_view()),
    path(f"{PROJECT}/environments/sync", EnvironmentSyncView.as_view()),
    path(f"{PROJECT}/environments/execution-pools", EnvironmentPoolView.as_view()),
    path(f"{PROJECT}/environments/<str:environment>", EnvironmentDeleteView.as_view()),
    path(f"{ORGANIZATION}/environments/<str:environment>/config", EnvironmentConfigView.as_view()),
    path(f"{ORGANIZATION}/execution-pools", PoolsView.as_view()),
]
