"""Cycloid's routes, as its route table says them."""

from django.urls import URLPattern, path

from catalog.api.cycloid.views import application, events, keys, organizations, people, projects, sessions

ORGANIZATION = "organizations/<str:organization_canonical>"
PROJECT = f"{ORGANIZATION}/projects/<str:project_canonical>"
ENVIRONMENT = f"{PROJECT}/environments/<str:environment_canonical>"

urlpatterns: list[URLPattern] = [
    path("version", application.VersionView.as_view()),
    path("status", application.StatusView.as_view()),
    path("status/<str:service_status_canonical>", application.ServiceStatusView.as_view()),
    path("config", application.ConfigView.as_view()),
    path("countries", application.CountriesView.as_view()),
    path("events/actions", events.EventWordsView.as_view()),
    path("user", sessions.AccountView.as_view()),
    path("user/login", sessions.LoginView.as_view()),
    path("user/login/<str:organization_canonical>", sessions.LoginView.as_view()),
    path("user/refresh_token", sessions.RefreshView.as_view()),
    path("members/verify/<str:verification_token>", sessions.PendingInvitationView.as_view()),
    path("organizations", organizations.OrganizationListView.as_view()),
    path(ORGANIZATION, organizations.OneOrganizationView.as_view()),
    path(f"{ORGANIZATION}/children", organizations.ChildrenView.as_view()),
    path(f"{ORGANIZATION}/ancestors", organizations.AncestorsView.as_view()),
    path(f"{ORGANIZATION}/summary", organizations.SummaryView.as_view()),
    path(f"{ORGANIZATION}/can_do", organizations.CanDoView.as_view()),
    path(f"{ORGANIZATION}/events", events.EventListView.as_view()),
    path(f"{ORGANIZATION}/events/tags", events.EventTagsView.as_view()),
    path(f"{ORGANIZATION}/events/count", events.EventCountView.as_view()),
    path(f"{ORGANIZATION}/members", people.MemberListView.as_view()),
    path(f"{ORGANIZATION}/members/<str:member_id>", people.MemberView.as_view()),
    path(f"{ORGANIZATION}/members/<str:member_id>/resend", people.ResendView.as_view()),
    path(f"{ORGANIZATION}/roles", people.RoleListView.as_view()),
    path(f"{ORGANIZATION}/roles/<str:role_canonical>", people.RoleView.as_view()),
    path(f"{ORGANIZATION}/policies", people.PolicyListView.as_view()),
    path(f"{ORGANIZATION}/teams", people.TeamListView.as_view()),
    path(f"{ORGANIZATION}/teams/<str:team_canonical>", people.TeamView.as_view()),
    path(f"{ORGANIZATION}/teams/<str:team_canonical>/members", people.TeamMemberListView.as_view()),
    path(f"{ORGANIZATION}/teams/<str:team_canonical>/members/<str:member_id>", people.TeamMemberView.as_view()),
    path(f"{ORGANIZATION}/api_keys", keys.KeyListView.as_view()),
    path(f"{ORGANIZATION}/api_keys/<str:api_key_canonical>", keys.KeyView.as_view()),
    path(f"{ORGANIZATION}/environment_types", projects.EnvironmentTypeListView.as_view()),
    path(f"{ORGANIZATION}/environments", projects.EnvironmentListView.as_view()),
    path(f"{ORGANIZATION}/environments/<str:environment_canonical>", projects.EnvironmentView.as_view()),
    path(f"{ORGANIZATION}/projects", projects.ProjectListView.as_view()),
    path(PROJECT, projects.ProjectView.as_view()),
    path(f"{PROJECT}/favorites", projects.FavoriteView.as_view()),
    path(f"{PROJECT}/environments", projects.ProjectEnvironmentListView.as_view()),
    path(ENVIRONMENT, projects.ProjectEnvironmentView.as_view()),
]
