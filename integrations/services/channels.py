"""The ways out: each sends one delivery once.

A channel returns the answer of a web server, or None where nobody answers; it raises OutboundError when it got nowhere.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from smtplib import SMTPException
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail

from catalog.mail import is_configured
from catalog.models import User
from config.crypto import Undecipherable
from config.outbound import Answer, Blocked, OutboundError, Unreachable, post
from integrations.models import Delivery, NotificationRule
from integrations.services.news import News
from integrations.services.notifications import notify
from integrations.services.rule_config import config_of
from integrations.services.signing import post_signed
from releases.services.electorate import members_of

Said = dict[str, Any]
MOST_READERS = 200
SENT_KEYS = ("triggerEvent", "title", "message", "severity", "entityType", "entityId", "filterFlowId", "extraPayload")


class NoChannel(OutboundError):
    """There is no way out of this kind here."""


def send(delivery: Delivery, at: datetime) -> Answer | None:
    """Send a delivery where it belongs. Raises OutboundError."""
    if delivery.webhook is not None:
        return post_signed(delivery.webhook, delivery, at=at)
    rule = delivery.receiver
    assert isinstance(rule, NotificationRule)  # noqa: S101  it is one or the other
    try:
        config = config_of(rule)
    except Undecipherable:
        raise Blocked("The settings of the channel can't be read any more: write them again.") from None
    return CHANNELS[rule.channel](delivery, rule, config)


def _in_app(delivery: Delivery, rule: NotificationRule, config: Said) -> None:
    """Notifications for the members named in `to`, else for all; nobody is told of one event twice."""
    said, wanted = json.loads(delivery.body), {each.casefold() for each in config.get("to") or ()}
    people = [each.voter.user for each in members_of(rule.organization) if each.voter.user]
    readers: list[User | None] = [each for each in people if not wanted or each.email.casefold() in wanted]
    if not wanted:
        readers.insert(0, None)
    news = News(
        title=said["title"],
        message=said["message"],
        severity=said["severity"].lower(),
        subject_type=said["entityType"] or "",
        subject_uid=UUID(said["entityId"]),
        url=said["path"],
    )
    notify(rule.organization_id, delivery.event_uid, news, readers[:MOST_READERS])


def _email(delivery: Delivery, rule: NotificationRule, config: Said) -> None:
    if not is_configured():
        raise NoChannel("No mail server is configured.")
    said = json.loads(delivery.body)
    text = "\n\n".join(filter(None, [said["message"], link(said["path"]), f"Sent by the rule {rule.name}."]))
    subject = " ".join(f"[{said['severity'].lower()}] {said['title']}".split())
    try:
        send_mail(subject, text, None, config["to"])
    except (SMTPException, OSError) as refused:
        raise Unreachable(f"The mail server: {refused}"[:500]) from refused


def _slack(delivery: Delivery, rule: NotificationRule, config: Said) -> Answer:
    said = json.loads(delivery.body)
    lines = [f"*{_plain(said['title'])}* ({said['severity'].lower()})", _plain(said["message"]), link(said["path"])]
    return post(config["webhookUrl"], content=json.dumps({"text": "\n".join(filter(None, lines))}).encode())


def _webhook(delivery: Delivery, rule: NotificationRule, config: Said) -> Answer:
    said = json.loads(delivery.body)
    content = json.dumps({key: said[key] for key in SENT_KEYS}).encode()
    headers = {"X-Delivery-Id": str(delivery.uid)}
    if config.get("secret"):
        signature = hmac.new(config["secret"].encode(), content, hashlib.sha256).hexdigest()
        headers["X-Factstore-Signature-256"] = f"sha256={signature}"
    return post(config["webhookUrl"], content=content, headers=headers)


def link(path: str) -> str:
    """The address of a page of ours; nothing where the installation does not know its own."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}" if settings.PUBLIC_URL and path else ""


def _plain(text: str) -> str:
    """`text` without what Slack would take for markup of its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


Channel = NotificationRule.Channel
CHANNELS: dict[str, Callable[[Delivery, NotificationRule, Said], Answer | None]] = {
    Channel.IN_APP: _in_app,
    Channel.EMAIL: _email,
    Channel.SLACK: _slack,
    Channel.WEBHOOK: _webhook,
}
