"""What integrations shows in the portal, and what it listens to."""

from catalog import slots
from catalog.services.events import subscribe
from integrations.services.notifications import tell
from integrations.views.notification import unread
from integrations.views.store import environment_panel, project_panel

STORE = "integrations:store"

EVENT_WORDS = {
    "store.created": slots.EventWords("ok", "database", "made the store {subject}", STORE),
    "store.cleared": slots.EventWords("warn", "database", "cleared {count} keys of the store {subject}", STORE),
}


def register() -> None:
    """Fill integrations' places; called once when the app starts."""
    slots.register_nav("Notifications", "integrations:notification-list", "bell", order=60, count=unread)
    slots.register_nav("Stores", "integrations:store-list", "database", order=55)
    slots.register("environment.main", environment_panel, order=60)
    slots.register("project.main", project_panel, order=40)
    slots.register_events(EVENT_WORDS)
    subscribe(tell)
