from integrations.models.delivery import Delivery
from integrations.models.kv import Store, StoreEntry
from integrations.models.notification import Notification
from integrations.models.rule import NotificationRule
from integrations.models.webhook import Webhook

__all__ = ["Delivery", "Notification", "NotificationRule", "Store", "StoreEntry", "Webhook"]
