"""Notifications on the wire: a person's own, or with a machine's key what went to the organization (contract 21)."""

from collections.abc import Mapping
from typing import TypeVar

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import FactstoreView, read_uid
from config.errors import BadInput, FieldError, NotFound
from integrations.api.openfactstore.mapping import SEVERITIES, from_notification
from integrations.models import Notification
from integrations.services.notifications import read_all, read_notification, unread_count

T = TypeVar("T")
NEWEST = 500  # a plain array has no pages (contract 0.2): the newest are all that is given
FLAGS = {"true": True, "false": False}


class NotificationList(FactstoreView):
    def get(self, request: Request) -> Response:
        found = Notification.objects.addressed_to(self.actor)
        is_read = read_word(request.query_params, "isRead", FLAGS)
        severity = read_word(request.query_params, "severity", SEVERITIES)
        if is_read is not None:
            found = found.filter(read_at__isnull=not is_read)
        if severity is not None:
            found = found.filter(severity=severity)
        return Response([from_notification(each) for each in found[:NEWEST]])


class UnreadCount(FactstoreView):
    def get(self, request: Request) -> Response:
        return Response({"count": unread_count(self.actor)})


class NotificationRead(FactstoreView):
    bodiless = True

    def post(self, request: Request, id: str) -> Response:
        uid = read_uid(id)
        notification = Notification.objects.addressed_to(self.actor).filter(uid=uid).first()
        if notification is None:
            raise NotFound(f"No notification {uid}.")
        return Response(from_notification(read_notification(actor=self.actor, notification=notification)))


class ReadAll(FactstoreView):
    bodiless = True

    def post(self, request: Request) -> HttpResponse:
        read_all(actor=self.actor)
        return Response(status=204)


def read_word(query: Mapping[str, str], name: str, words: Mapping[str, T]) -> T | None:
    """What the query parameter stands for, in any letter case; None without it. Raises BadInput naming the words."""
    said = query.get(name, "")
    if not said:
        return None
    for word, value in words.items():
        if word.lower() == said.lower():
            return value
    listed = ", ".join(words)
    raise BadInput(f"{name} must be one of {listed}.", fields=[FieldError(name, f"must be one of {listed}")])
