from integrations.models.notification import Notification

__all__ = ["Notification"]
