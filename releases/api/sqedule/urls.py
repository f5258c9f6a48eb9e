"""Sqedule's routes, under /v1/."""

from django.urls import path

from releases.api.sqedule.views.about import AboutView
from releases.api.sqedule.views.applications import (
    ApplicationBindingsView,
    ApplicationsView,
    ApplicationVersionsView,
    ApplicationVersionView,
    ApplicationView,
)
from releases.api.sqedule.views.bindings import BindingsView, BindingVersionsView, BindingVersionView, BindingView
from releases.api.sqedule.views.releases import (
    AllReleasesView,
    CancelReleaseView,
    ReleaseEventsView,
    ReleasesView,
    ReleaseView,
)
from releases.api.sqedule.views.rulesets import RulesetsView, RulesetVersionsView, RulesetVersionView, RulesetView

APPLICATION = "applications/<str:application_id>"
RELEASE = f"{APPLICATION}/releases/<str:id>"
RULESET = "approval-rulesets/<str:ruleset_id>"
BINDINGS = "application-approval-ruleset-bindings"
BINDING = f"{BINDINGS}/<str:application_id>/<str:ruleset_id>"

urlpatterns = [
    path("about", AboutView.as_view()),
    path("applications", ApplicationsView.as_view()),
    path(APPLICATION, ApplicationView.as_view()),
    path(f"{APPLICATION}/versions", ApplicationVersionsView.as_view()),
    path(f"{APPLICATION}/versions/<str:version_number>", ApplicationVersionView.as_view()),
    path(f"{APPLICATION}/approval-ruleset-bindings", ApplicationBindingsView.as_view()),
    path(f"{APPLICATION}/releases", ReleasesView.as_view()),
    path(RELEASE, ReleaseView.as_view()),
    path(f"{RELEASE}/events", ReleaseEventsView.as_view()),
    path(f"{RELEASE}/cancel", CancelReleaseView.as_view()),
    path("approval-rulesets", RulesetsView.as_view()),
    path(RULESET, RulesetView.as_view()),
    path(f"{RULESET}/versions", RulesetVersionsView.as_view()),
    path(f"{RULESET}/versions/<str:version_number>", RulesetVersionView.as_view()),
    path(BINDINGS, BindingsView.as_view()),
    path(BINDING, BindingView.as_view()),
    path(f"{BINDING}/versions", BindingVersionsView.as_view()),
    path(f"{BINDING}/versions/<str:version_number>", BindingVersionView.as_view()),
    path("releases", AllReleasesView.as_view()),
]
