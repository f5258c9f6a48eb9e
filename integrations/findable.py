"""What of integrations can be found, and by which words."""

from catalog.search import Source, register_source
from integrations.models import NotificationRule, Store, Webhook


def register() -> None:
    """Have integrations' things found; called once when the app starts."""
    register_source(
        Source(
            model=Store,
            label="Store",
            plural="Stores",
            icon="database",
            page="integrations:store",
            title=lambda row: row.name,
            text=lambda row: (),
        )
    )
    register_source(
        Source(
            model=Webhook,
            label="Webhook",
            plural="Webhooks",
            icon="plug",
            page="integrations:webhook",
            title=lambda row: row.name,
            text=lambda row: (row.masked_url, *row.kinds),
        )
    )
    register_source(
        Source(
            model=NotificationRule,
            label="Notification rule",
            plural="Notification rules",
            icon="bell",
            page="integrations:notification-rule",
            title=lambda row: row.name,
            text=lambda row: (row.get_trigger_display(), row.get_channel_display()),
        )
    )
