"""What integrations shows in the portal, and what it listens to."""

from catalog import slots
from catalog.services.events import subscribe
from integrations.services.news import SETTLING, TRIGGERS, WRITERS
from integrations.services.notification_rules import tell_rules
from integrations.services.notifications import tell
from integrations.services.webhooks import tell_webhooks
from integrations.views.notification import unread
from integrations.views.store import environment_panel, project_panel

STORE = "integrations:store"
WEBHOOK = "integrations:webhook"
RULE = "integrations:notification-rule"

EVENT_WORDS = {
    "store.created": slots.EventWords("ok", "database", "made the store {subject}", STORE),
    "store.cleared": slots.EventWords("warn", "database", "cleared {count} keys of the store {subject}", STORE),
    "notification_rule.created": slots.EventWords("ok", "bell", "made the notification rule {subject}", RULE),
    "notification_rule.updated": slots.EventWords("mute", "bell", "changed the notification rule {subject}", RULE),
    "notification_rule.deleted": slots.EventWords("warn", "bell", "deleted the notification rule {subject}"),
    "webhook.created": slots.EventWords("ok", "webhook", "made the webhook {subject}", WEBHOOK),
    "webhook.updated": slots.EventWords("mute", "webhook", "changed the webhook {subject}", WEBHOOK),
    "webhook.rotated": slots.EventWords("mute", "key-round", "rotated the secret of the webhook {subject}", WEBHOOK),
    "webhook.switched_off": slots.EventWords("bad", "webhook", "switched the webhook {subject} off: {reason}", WEBHOOK),
    "webhook.deleted": slots.EventWords("warn", "webhook", "deleted the webhook {subject}"),
}


def register() -> None:
    """Fill integrations' places; called once when the app starts."""
    slots.register_nav("Notifications", "integrations:notification-list", "bell", order=60, count=unread)
    slots.register_nav("Stores", "integrations:store-list", "database", order=55)
    slots.register_settings("Webhooks", "integrations:webhooks", "organization:webhook:read", order=80)
    rules = "organization:notification_rule:read"
    slots.register_settings("Notification rules", "integrations:notification-rules", rules, order=90)
    slots.register("environment.main", environment_panel, order=60)
    slots.register("project.main", project_panel, order=40)
    slots.register_deed("Add a webhook", "integrations:webhook-new", "organization:webhook:create")
    slots.register_deed(
        "Add a notification rule", "integrations:notification-rule-new", "organization:notification_rule:create"
    )
    slots.register_events(EVENT_WORDS)
    subscribe(tell, *SETTLING, "gate.allowed", *WRITERS)
    subscribe(tell_rules, "gate.allowed", *TRIGGERS)
    subscribe(tell_webhooks)
