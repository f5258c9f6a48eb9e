"""What catalog itself shows in the portal: its entries in the rail, its panels, the words for its events."""

from catalog import slots
from catalog.timeline import history_panel
from catalog.views.component import about_panel, deliveries_panel, dependencies_panel, integration_panel
from catalog.views.home import components_tile, environments_tile, lately_panel
from catalog.views.webhook_token import component_tabs

COMPONENT, ENVIRONMENT, PROJECT = "catalog:component", "catalog:environment", "catalog:project"
MEMBER, ROLE = "catalog:member", "catalog:role"

EVENT_WORDS = {
    "component.created": slots.EventWords("ok", "box", "added the component {subject}", COMPONENT),
    "component.updated": slots.EventWords("mute", "box", "changed {subject}, revision {revision}", COMPONENT),
    "environment.created": slots.EventWords("ok", "layers", "added the environment {subject}", ENVIRONMENT),
    "environment.updated": slots.EventWords("mute", "layers", "changed the environment {subject}", ENVIRONMENT),
    "environment.deleted": slots.EventWords("warn", "layers", "deleted the environment {subject}"),
    "project.created": slots.EventWords("ok", "folder", "added the project {subject}", PROJECT),
    "project.updated": slots.EventWords("mute", "folder", "changed the project {subject}", PROJECT),
    "project.deleted": slots.EventWords("warn", "folder", "deleted the project {subject}"),
    "project_version.created": slots.EventWords("mute", "package", "saved version {subject} of {project}"),
    "project_environment.created": slots.EventWords("ok", "layers", "put {subject}"),
    "project_environment.updated": slots.EventWords("mute", "layers", "configured {subject}"),
    "project_environment.deleted": slots.EventWords("warn", "layers", "took away {subject}"),
    "project_environment.deployed": slots.EventWords("ok", "package", "deployed {version}: {subject}"),
    "project_environment.suspended": slots.EventWords("warn", "layers", "suspended {subject}"),
    "incident.opened": slots.EventWords("bad", "triangle-alert", "opened {subject}"),
    "incident.resolved": slots.EventWords("ok", "circle-check", "resolved {subject}"),
    "delivery.reported": slots.EventWords("mute", "activity", "reported {subject}"),
    "delivery.redated": slots.EventWords("mute", "activity", "gave {subject} an earlier time"),
    "organization.created": slots.EventWords("ok", "house", "founded {subject}"),
    "organization.updated": slots.EventWords("mute", "house", "changed the settings of {subject}"),
    "organization.deleted": slots.EventWords("warn", "house", "deleted the organization {name} below {subject}"),
    "event.sent": slots.EventWords("mute", "info", "reported {title}"),
    "member.added": slots.EventWords("ok", "users-round", "added the member {subject}", MEMBER),
    "member.changed": slots.EventWords("mute", "users-round", "changed the role of {subject}", MEMBER),
    "invitation.created": slots.EventWords("mute", "users-round", "invited {subject}"),
    "invitation.resent": slots.EventWords("mute", "users-round", "invited {subject} again"),
    "invitation.changed": slots.EventWords("mute", "users-round", "invited {subject} with another role"),
    "invitation.withdrawn": slots.EventWords("warn", "users-round", "took back the invitation of {subject}"),
    "invitation.accepted": slots.EventWords("ok", "users-round", "joined as {role}"),
    "invitation.declined": slots.EventWords("warn", "users-round", "declined to join"),
    "member.removed": slots.EventWords("warn", "users-round", "removed the member {subject}"),
    "member.renamed": slots.EventWords("mute", "users-round", "goes by another name: {subject}", MEMBER),
    "member.second_factor_removed": slots.EventWords(
        "warn", "users-round", "removed the second factor of {subject}", MEMBER
    ),
    "member.password_changed": slots.EventWords("mute", "key-round", "changed their password"),
    "member.second_factor_set_up": slots.EventWords("ok", "key-round", "set up their second factor"),
    "member.second_factor_turned_off": slots.EventWords("warn", "key-round", "turned off their second factor"),
    "member.recovery_codes_renewed": slots.EventWords("mute", "key-round", "made new recovery codes for themselves"),
    "role.created": slots.EventWords("ok", "users-round", "made the role {subject}", ROLE),
    "role.updated": slots.EventWords("mute", "users-round", "changed the role {subject}", ROLE),
    "role.deleted": slots.EventWords("warn", "users-round", "deleted the role {subject}"),
    "team.updated": slots.EventWords("mute", "users-round", "changed the team {subject}"),
    "team.deleted": slots.EventWords("warn", "users-round", "deleted the team {subject}"),
    "team.created": slots.EventWords("ok", "users-round", "added the team {subject}"),
    "service_account.created": slots.EventWords("ok", "key-round", "added the service account {subject}"),
    "service_account.deleted": slots.EventWords("warn", "key-round", "deleted the service account {subject}"),
    "user.created": slots.EventWords("ok", "users-round", "made an account for {subject}"),
    "user.updated": slots.EventWords("mute", "users-round", "changed the account of {subject}"),
    "bulk_job.started": slots.EventWords("mute", "layers", "changed {total} {action} at once"),
    "saved_view.shared": slots.EventWords("mute", "bookmark", "shared the view {subject} of a list"),
    "saved_view.removed": slots.EventWords("mute", "bookmark", "removed the shared view {subject}"),
    "api_key.created": slots.EventWords("mute", "key-round", "issued the API key {subject}"),
    "api_key.updated": slots.EventWords("mute", "key-round", "changed the API key {subject}"),
    "api_key.revoked": slots.EventWords("warn", "key-round", "revoked the API key {subject}"),
    "webhook_token.created": slots.EventWords("mute", "key-round", "issued the webhook token {subject}"),
    "webhook_token.revoked": slots.EventWords("warn", "key-round", "revoked the webhook token {subject}"),
}


SETTINGS = [
    ("Profile", "catalog:profile", ""),
    ("Organization", "catalog:settings-organization", "organization:read"),
    ("Members", "catalog:members", "organization:member:read"),
    ("Teams", "catalog:teams", "organization:team:read"),
    ("Roles", "catalog:roles", "organization:role:read"),
    ("Service accounts", "catalog:service-accounts", "organization:service_account:read"),
    ("API keys", "catalog:keys", "organization:api_key:read"),
    ("Webhook tokens", "catalog:webhook-tokens", "organization:webhook_token:read"),
]
DEEDS = [
    ("Add a component", "catalog:component-new", "organization:component:create"),
    ("Invite a member", "catalog:member-invite", "organization:member:create"),
    ("Make a team", "catalog:team-new", "organization:team:create"),
    ("Make a role", "catalog:role-new", "organization:role:create"),
    ("Make a service account", "catalog:service-account-new", "organization:service_account:create"),
    ("Issue an API key", "catalog:key-new", "organization:api_key:create"),
    ("Issue a webhook token", "catalog:webhook-token-new", "organization:webhook_token:create"),
]


def register() -> None:
    """Fill catalog's own places; called once when the app starts."""
    slots.register_nav("Home", "catalog:home", "house", order=10)
    slots.register_nav("Catalog", "catalog:component-list", "box", order=20)
    slots.register_nav("Environments", "catalog:environment-list", "layers", order=30)
    slots.register_nav("Projects", "catalog:project-list", "folder", order=25)
    slots.register_nav("Audit", "catalog:audit", "scroll-text", order=70)
    slots.register_nav("Settings", "catalog:settings", "settings", order=90)
    for order, (label, page, action) in enumerate(SETTINGS):
        slots.register_settings(label, page, action, order=10 * order)
    slots.register_tile(components_tile, order=10)
    slots.register_tile(environments_tile, order=20)
    for label, page, action in DEEDS:
        slots.register_deed(label, page, action)
    slots.register("home.after", lately_panel)
    slots.register("component.tabs", component_tabs, order=10)
    slots.register("component.reports", deliveries_panel, order=20)
    slots.register("component.main", dependencies_panel, order=60)
    slots.register("component.main", history_panel, order=90)
    slots.register("component.aside", integration_panel, order=10)
    slots.register("component.aside", about_panel, order=40)
    slots.register("environment.main", history_panel, order=90)
    slots.register("project.main", history_panel, order=90)
    slots.register_events(EVENT_WORDS)
