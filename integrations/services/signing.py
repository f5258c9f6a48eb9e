"""What a webhook is sent: an event in words that stay the same, and signatures by the Standard Webhooks specification.

https://www.standardwebhooks.com: `webhook-id` is the same however often a delivery is sent, `webhook-timestamp` is that
of the attempt, `webhook-signature` has one `v1` for each secret in force.
"""

import base64
import json
import secrets
from datetime import datetime

import standardwebhooks
from django.core.serializers.json import DjangoJSONEncoder

from catalog.models import Event
from config.crypto import Undecipherable, decrypt, encrypt
from config.outbound import Answer, Blocked, post
from integrations.models import Delivery, Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """A secret as receivers are given it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sealed(webhook: Webhook, secret: str) -> bytes:
    """`secret` as it is stored."""
    return encrypt(secret.encode(), _place(webhook))


def told(event: Event, organization: str) -> str:
    """The body that tells an event of the organization with this slug."""
    data = {
        "id": event.uid,
        "organization": organization,
        "subject": {"type": event.subject_type, "id": event.subject_uid, "label": event.subject_label},
        "actor": {"kind": event.actor_kind, "label": event.actor_label},
        "details": event.data,
    }
    return written(event.kind, event.occurred_at, data)


def written(kind: str, at: datetime, data: dict) -> str:
    """A body: `type`, `timestamp`, `data`."""
    said = {"type": kind, "timestamp": at, "data": data}
    return json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))


def post_signed(webhook: Webhook, delivery: Delivery, at: datetime) -> Answer:
    """Send one delivery to its webhook, signed `at` this time. Raises OutboundError."""
    headers = {
        "webhook-id": str(delivery.uid),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(
            standardwebhooks.Webhook(secret).sign(str(delivery.uid), at, delivery.body)
            for secret in _secrets(webhook, at)
        ),
    }
    return post(webhook.url, content=delivery.body.encode(), headers=headers)


def _secrets(webhook: Webhook, at: datetime) -> list[str]:
    """The secrets in force, the newest first. Raises Blocked when they can't be read any more."""
    kept = [webhook.sealed_secret]
    if webhook.old_secret_until and webhook.old_secret_until > at:
        kept.append(webhook.sealed_old_secret)
    try:
        return [decrypt(bytes(each), _place(webhook)).decode() for each in kept]
    except Undecipherable:
        raise Blocked("The secret can't be read any more: rotate it.") from None


def _place(webhook: Webhook) -> str:
    return f"secret of webhook {webhook.uid}"
