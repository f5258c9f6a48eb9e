"""Webhooks in our own API: made, changed, tried out; what was sent, and sending it again."""

from typing import Any, TypeVar

from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actors import Actor
from catalog.api.openfactstore.base import find
from catalog.api.views import DialectView
from catalog.models import TenantModel
from config.api.dialects import OURS
from config.api.pagination import whole_number
from config.api.serializers import Flag, Name, Texts, WireSerializer
from config.outbound import LONGEST_URL
from integrations.models import Delivery, Webhook
from integrations.models.webhook import MOST_GLOBS
from integrations.services.deliveries import redeliver
from integrations.services.webhooks import create_webhook, delete_webhook, rotate_secret, try_webhook, update_webhook

M = TypeVar("M", bound=TenantModel)
SIZE = 100
UPDATE = "organization:webhook:update"


class WebhookSchema(WireSerializer):
    """A webhook to make or, partially, to change; `kinds` are globs of event kinds."""

    name = Name(max_length=255)
    url = Name(max_length=LONGEST_URL)
    kinds = Texts(child=Name(max_length=64), max_length=MOST_GLOBS, required=False)
    isActive = Flag(source="is_active", required=False)


def with_organization() -> QuerySet[Webhook]:
    """Webhooks with whose they are."""
    return Webhook.objects.select_related("organization")


def with_webhook() -> QuerySet[Delivery]:
    """What was sent, with where to."""
    return Delivery.objects.select_related("webhook")


class WebhookView(DialectView):
    """A view of ours about webhooks."""

    dialect = OURS

    def webhook(self, id: str) -> Webhook:
        """The webhook with this id. Raises BadInput, NotFound."""
        return find(with_organization, self.actor, id)

    def delivery(self, id: str, delivery: str, name: str = "delivery") -> Delivery:
        """One of them. Raises as `webhook`."""
        return find(with_webhook, self.actor, delivery, name, webhook=self.webhook(id))


class WebhookList(WebhookView):
    def get(self, request: Request) -> Response:
        """The webhooks the caller may see, by name; pages count from 0."""
        page = whole_number(request.query_params, "page", 0, 0, 10**6)
        rows = Webhook.objects.visible_to(self.actor)[page * SIZE : (page + 1) * SIZE]
        return Response({"items": [from_webhook(each, self.actor) for each in rows], "page": page})

    def post(self, request: Request) -> Response:
        """Make a webhook; `secret` is in this answer and in no other."""
        webhook, secret = create_webhook(actor=self.actor, **WebhookSchema.read(request.data))
        return Response(from_webhook(webhook, self.actor) | {"secret": secret}, status=201)


class WebhookDetail(WebhookView):
    def get(self, request: Request, id: str) -> Response:
        """One webhook."""
        return Response(from_webhook(self.webhook(id), self.actor))

    def patch(self, request: Request, id: str) -> Response:
        """Change what is sent."""
        said = WebhookSchema.read(request.data, partial=True)
        return Response(from_webhook(update_webhook(actor=self.actor, webhook=self.webhook(id), **said), self.actor))

    def delete(self, request: Request, id: str) -> Response:
        """Delete it, and what was sent to it."""
        delete_webhook(actor=self.actor, webhook=self.webhook(id))
        return Response(status=204)


class WebhookRotation(WebhookView):
    def post(self, request: Request, id: str) -> Response:
        """Give it a new `secret`, which is in this answer and in no other; the old one signs too for a day."""
        webhook, secret = rotate_secret(actor=self.actor, webhook=self.webhook(id))
        return Response(from_webhook(webhook, self.actor) | {"secret": secret})


class WebhookTest(WebhookView):
    def post(self, request: Request, id: str) -> Response:
        """Send it one message of kind `webhook.test`; the answer is the delivery, which says later how it went."""
        return Response(from_delivery(try_webhook(actor=self.actor, webhook=self.webhook(id))), status=202)


class DeliveryList(WebhookView):
    def get(self, request: Request, id: str) -> Response:
        """What was sent, the newest first; `after` is the id of the last delivery of the page before."""
        rows = with_webhook().visible_to(self.actor).filter(webhook=self.webhook(id))  # type: ignore[attr-defined]
        after = request.query_params.get("after", "")
        if after:
            rows = rows.filter(pk__lt=self.delivery(id, after, "after").pk)
        found = list(rows[: SIZE + 1])
        following = found[SIZE - 1].uid if len(found) > SIZE else None
        return Response({"items": [from_delivery(each) for each in found[:SIZE]], "after": following})


class DeliveryDetail(WebhookView):
    def get(self, request: Request, id: str, delivery: str) -> Response:
        """One delivery with its body and each attempt."""
        found = self.delivery(id, delivery)
        return Response(from_delivery(found) | {"body": found.body, "tries": found.tries})


class Redelivery(WebhookView):
    def post(self, request: Request, id: str, delivery: str) -> Response:
        """Send it once more, with the same id."""
        again = redeliver(actor=self.actor, delivery=self.delivery(id, delivery))
        return Response(from_delivery(again), status=202)


def from_webhook(webhook: Webhook, actor: Actor) -> dict[str, Any]:
    """A webhook in our words; its whole address only for who may change it."""
    return {
        "id": webhook.uid,
        "name": webhook.name,
        "url": webhook.url if actor.may(UPDATE, webhook) else webhook.masked_url,
        "kinds": webhook.kinds,
        "isActive": webhook.is_active,
        "switchedOffBecause": webhook.switched_off_because or None,
        "oldSecretUntil": webhook.old_secret_until,
        "createdAt": webhook.created_at,
        "createdBy": webhook.created_by,
    }


def from_delivery(delivery: Delivery) -> dict[str, Any]:
    """A delivery in our words."""
    return {
        "id": delivery.uid,
        "eventId": None if delivery.is_test else delivery.event_uid,
        "kind": delivery.kind,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "nextAttemptAt": delivery.next_attempt_at,
        "finishedAt": delivery.finished_at,
        "error": delivery.error or None,
        "createdAt": delivery.created_at,
    }


WEBHOOK = "webhooks/<str:id>"
urlpatterns = [
    path("webhooks", WebhookList.as_view()),
    path(WEBHOOK, WebhookDetail.as_view()),
    path(f"{WEBHOOK}/rotate", WebhookRotation.as_view()),
    path(f"{WEBHOOK}/test", WebhookTest.as_view()),
    path(f"{WEBHOOK}/deliveries", DeliveryList.as_view()),
    path(f"{WEBHOOK}/deliveries/<str:delivery>", DeliveryDetail.as_view()),
    path(f"{WEBHOOK}/deliveries/<str:delivery>/redeliver", Redelivery.as_view()),
]
