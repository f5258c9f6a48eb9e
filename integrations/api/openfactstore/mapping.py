"""Notifications in OpenFactstore's words (contract 21)."""

from typing import Any

from integrations.models import Notification


def from_notification(notification: Notification) -> dict[str, Any]:
    """A notification."""
    return {
        "id": notification.uid,
        "title": notification.title,
        "message": notification.message,
        "severity": notification.severity.upper(),
        "isRead": notification.read_at is not None,
        "entityType": notification.subject_type or None,
        "entityId": notification.subject_uid,
        "createdAt": notification.created_at,
    }
