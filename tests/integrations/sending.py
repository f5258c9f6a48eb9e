"""What the tests about outgoing messages begin with."""

from datetime import timedelta

import standardwebhooks
from django.db.models import F

from catalog.actors import Actor
from catalog.models import Event
from catalog.services.groups import create_team
from integrations.models import Delivery, NotificationRule, Webhook
from integrations.services.deliveries import deliver
from integrations.services.webhooks import create_webhook, tell_webhooks
from tests.receiver import Received, Receiver


def a_webhook(actor: Actor, receiver: Receiver, kinds: tuple[str, ...] = ("team.*",), name: str = "CI"):
    """A webhook at the receiver, and its secret."""
    return create_webhook(actor=actor, name=name, url=f"{receiver.url}/hook", kinds=kinds)


def happened(actor: Actor, name: str = "Payments") -> Event:
    """Something that webhooks hear of, told to them; nothing is sent yet."""
    create_team(actor=actor, name=name)
    event = Event.objects.filter(kind="team.created").latest("pk")
    tell_webhooks(event)
    return event


def a_delivery(actor: Actor, receiver: Receiver) -> Delivery:
    """One on its way to a new webhook."""
    a_webhook(actor, receiver)
    happened(actor)
    return Delivery.objects.get()


def sent(delivery: Delivery) -> Delivery:
    """The delivery after a worker had it."""
    deliver(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def pass_time(**span: float) -> None:
    """Let time pass for all deliveries and receivers."""
    gone = timedelta(**span)
    Delivery.objects.update(next_attempt_at=F("next_attempt_at") - gone, claimed_until=F("claimed_until") - gone)
    for receivers in (Webhook, NotificationRule):
        receivers.objects.update(rests_until=F("rests_until") - gone)


def verified(secret: str, got: Received) -> dict:
    """What was received, by a receiver that knows the secret. Raises WebhookVerificationError."""
    return standardwebhooks.Webhook(secret).verify(got.body, got.headers)


def switched_off(webhook: Webhook) -> bool:
    """Whether the webhook is off by now."""
    webhook.refresh_from_db()
    return not webhook.is_active
