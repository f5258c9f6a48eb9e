"""Sqedule's routes, under /v1/."""

from django.urls import path

from releases.api.sqedule.views.about import AboutView
from releases.api.sqedule.views.applications import (
    ApplicationBindingsView,
    ApplicationKind,
    ApplicationsView,
    ApplicationView,
)
from releases.api.sqedule.views.audit import AuditRecordsView
from releases.api.sqedule.views.bindings import BindingKind, BindingsView, BindingView
from releases.api.sqedule.views.manual import ManualApprovalsView, VoteView
from releases.api.sqedule.views.organization import LoginView, OrganizationView, OwnOrganizationView, RefreshTokenView
from releases.api.sqedule.views.releases import (
    AllReleasesView,
    CancelReleaseView,
    ReleaseEventsView,
    ReleasesView,
    ReleaseView,
)
from releases.api.sqedule.views.reviewable import views_of
from releases.api.sqedule.views.rulesets import RulesetKind, RulesetsView, RulesetView

APPLICATION = "applications/<str:application_id>"
RELEASE = f"{APPLICATION}/releases/<str:id>"
RULESET = "approval-rulesets/<str:ruleset_id>"
BINDINGS = "application-approval-ruleset-bindings"
BINDING = f"{BINDINGS}/<str:application_id>/<str:ruleset_id>"

urlpatterns = [
    path("about", AboutView.as_view()),
    path("applications", ApplicationsView.as_view()),
    path(APPLICATION, ApplicationView.as_view()),
    path(f"{APPLICATION}/approval-ruleset-bindings", ApplicationBindingsView.as_view()),
    path(f"{APPLICATION}/releases", ReleasesView.as_view()),
    path(RELEASE, ReleaseView.as_view()),
    path(f"{RELEASE}/events", ReleaseEventsView.as_view()),
    path(f"{RELEASE}/cancel", CancelReleaseView.as_view()),
    path("approval-rulesets", RulesetsView.as_view()),
    path(RULESET, RulesetView.as_view()),
    path(BINDINGS, BindingsView.as_view()),
    path(BINDING, BindingView.as_view()),
    path(f"{RELEASE}/manual-approvals", VoteView.as_view()),
    path("manual-approvals", ManualApprovalsView.as_view()),
    path("audit-records", AuditRecordsView.as_view()),
    path("organization", OwnOrganizationView.as_view()),
    path("organizations/<str:organization_id>", OrganizationView.as_view()),
    path("auth/login", LoginView.as_view()),
    path("auth/refresh-token", RefreshTokenView.as_view()),
    path("releases", AllReleasesView.as_view()),
    *(
        path(f"{resource}/{below}", view)
        for resource, kind in ((APPLICATION, ApplicationKind), (RULESET, RulesetKind), (BINDING, BindingKind))
        for below, view in views_of(kind).items()
    ),
]
