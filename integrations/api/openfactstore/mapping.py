"""Notifications and their rules in OpenFactstore's words (contract 21)."""

import json
from typing import Any

from integrations.models import Delivery, Notification, NotificationRule
from integrations.services.rule_config import masked_config

TRIGGERS = {each.name: each.value for each in NotificationRule.Trigger}
CHANNELS = {each.name: each.value for each in NotificationRule.Channel}
SEVERITIES = {each.name: each.value for each in Notification.Severity}
WORDS = {
    "trigger": "triggerEvent",
    "channel": "channelType",
    "config": "channelConfig",
    "flow": "filterFlowId",
    "environment": "filterEnvironmentId",
    "least_severity": "leastSeverity",
    "is_active": "isActive",
}
TOLD = ("triggerEvent", "title", "message", "entityType", "entityId")


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


def from_rule(rule: NotificationRule) -> dict[str, Any]:
    """A rule; `leastSeverity` is ours. What is secret of the channel's settings is masked."""
    return {
        "id": rule.uid,
        "name": rule.name,
        "isActive": rule.is_active,
        "triggerEvent": rule.trigger.upper(),
        "channelType": rule.channel.upper(),
        "channelConfig": json.dumps(masked_config(rule), ensure_ascii=False),
        "filterFlowId": rule.flow.uid if rule.flow else None,
        "filterEnvironmentId": rule.environment.uid if rule.environment else None,
        "leastSeverity": rule.least_severity.upper(),
        "createdAt": rule.created_at,
        "updatedAt": rule.updated_at,
    }


def from_delivery(delivery: Delivery, rule: NotificationRule) -> dict[str, Any]:
    """What came of one message of a rule; `isTest` is ours."""
    said = json.loads(delivery.body)
    return {
        "id": delivery.uid,
        "ruleId": rule.uid,
        "eventType": delivery.kind.upper(),
        "payload": json.dumps({key: said.get(key) for key in TOLD}, ensure_ascii=False),
        "status": delivery.state.upper(),
        "sentAt": delivery.finished_at,
        "error": delivery.error or None,
        "attemptCount": delivery.attempts,
        "isTest": delivery.is_test,
    }
