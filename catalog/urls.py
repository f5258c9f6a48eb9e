from django.urls import path

from catalog.views.appearance import appearance
from catalog.views.audit import audit_event, audit_list
from catalog.views.bulk import bulk, bulk_job
from catalog.views.component import component_edit, component_list, component_new, component_page, component_reports
from catalog.views.environment import environment_list, environment_page
from catalog.views.home import home
from catalog.views.invitation import invitation
from catalog.views.once import once
from catalog.views.organization import switch_organization
from catalog.views.project import project_list, project_page
from catalog.views.saved_view import saved_view_new, saved_view_remove
from catalog.views.search import palette, search_page
from catalog.views.settings import keys, machines, members, organization, profile, roles, teams
from catalog.views.webhook_token import (
    component_integration,
    webhook_token_list,
    webhook_token_new,
    webhook_token_revoke,
    webhook_token_rotate,
)

app_name = "catalog"
urlpatterns = [
    path("", home, name="home"),
    path("catalog/components", component_list, name="component-list"),
    path("catalog/components/new", component_new, name="component-new"),
    path("catalog/components/<uuid:uid>", component_page, name="component"),
    path("catalog/components/<uuid:uid>/edit", component_edit, name="component-edit"),
    path("catalog/components/<uuid:uid>/reports", component_reports, name="component-reports"),
    path("catalog/components/<uuid:uid>/integration", component_integration, name="component-integration"),
    path("environments", environment_list, name="environment-list"),
    path("environments/<uuid:uid>", environment_page, name="environment"),
    path("invitations/<str:token>", invitation, name="invitation"),
    path("once/<uuid:uid>", once, name="once"),
    path("projects", project_list, name="project-list"),
    path("projects/<uuid:uid>", project_page, name="project"),
    path("search", search_page, name="search"),
    path("search/palette", palette, name="palette"),
    path("settings", profile.settings_start, name="settings"),
    path("settings/profile", profile.profile, name="profile"),
    path("settings/profile/sessions", profile.sign_out_elsewhere, name="sessions-end"),
    path("settings/general", organization.organization_settings, name="settings-organization"),
    path("settings/members", members.member_list, name="members"),
    path("settings/members/invite", members.member_invite, name="member-invite"),
    path("settings/members/<uuid:uid>", members.member_page, name="member"),
    path("settings/members/<uuid:uid>/remove", members.member_remove, name="member-remove"),
    path("settings/members/<uuid:uid>/second-factor", members.member_second_factor, name="member-second-factor"),
    path("settings/invitations/<uuid:uid>/resend", members.invitation_resend, name="invitation-resend"),
    path("settings/invitations/<uuid:uid>/withdraw", members.invitation_withdraw, name="invitation-withdraw"),
    path("settings/teams", teams.team_list, name="teams"),
    path("settings/teams/new", teams.team_new, name="team-new"),
    path("settings/teams/<uuid:uid>", teams.team_page, name="team"),
    path("settings/teams/<uuid:uid>/delete", teams.team_delete, name="team-delete"),
    path("settings/roles", roles.role_list, name="roles"),
    path("settings/roles/new", roles.role_new, name="role-new"),
    path("settings/roles/try", roles.role_try, name="role-try"),
    path("settings/roles/<uuid:uid>", roles.role_page, name="role"),
    path("settings/roles/<uuid:uid>/delete", roles.role_delete, name="role-delete"),
    path("settings/service-accounts", machines.machine_list, name="service-accounts"),
    path("settings/service-accounts/new", machines.machine_new, name="service-account-new"),
    path("settings/service-accounts/<uuid:uid>", machines.machine_page, name="service-account"),
    path("settings/service-accounts/<uuid:uid>/delete", machines.machine_delete, name="service-account-delete"),
    path("settings/keys", keys.key_list, name="keys"),
    path("settings/keys/new", keys.key_new, name="key-new"),
    path("settings/keys/<uuid:uid>/rotate", keys.key_rotate, name="key-rotate"),
    path("settings/keys/<uuid:uid>/revoke", keys.key_revoke, name="key-revoke"),
    path("settings/webhook-tokens", webhook_token_list, name="webhook-tokens"),
    path("settings/webhook-tokens/new", webhook_token_new, name="webhook-token-new"),
    path("settings/webhook-tokens/<uuid:uid>/rotate", webhook_token_rotate, name="webhook-token-rotate"),
    path("settings/webhook-tokens/<uuid:uid>/revoke", webhook_token_revoke, name="webhook-token-revoke"),
    path("views/new", saved_view_new, name="saved-view-new"),
    path("views/<uuid:uid>/remove", saved_view_remove, name="saved-view-remove"),
    path("bulk/<slug:action>", bulk, name="bulk"),
    path("bulk/jobs/<uuid:uid>", bulk_job, name="bulk-job"),
    path("audit", audit_list, name="audit"),
    path("audit/<uuid:uid>", audit_event, name="event"),
    path("settings/appearance", appearance, name="appearance"),
    path("settings/organization", switch_organization, name="organization-switch"),
]
