from integrations.models.kv import Store, StoreEntry
from integrations.models.notification import Notification

__all__ = ["Notification", "Store", "StoreEntry"]
