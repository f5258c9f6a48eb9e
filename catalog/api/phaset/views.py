"""Phaset's calls: a token in the path, a manifest in the body, exactly 200 (phaset.md section 1)."""

from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actors import Actor
from catalog.api.phaset import mapping, native
from catalog.api.phaset.schemas import Record
from catalog.api.phaset.schemas_events import read_event
from catalog.api.views import DialectView
from catalog.middleware import request_context
from catalog.models import Component
from catalog.services.components import known_record, push_manifest, record_of
from catalog.services.deliveries import is_open, report_delivery
from catalog.services.keys import authenticate_webhook
from config.api.dialects import PHASET
from config.api.parsers import read_json
from config.api.throttle import count_call

log = structlog.get_logger(__name__)


class PhasetView(DialectView):
    """A call whose path ends in `org_id`, `record_id` and `token`; the token is the whole authentication."""

    dialect = PHASET

    def authenticate_caller(self, request: HttpRequest) -> Actor:
        """The actor of the token; a session or an Authorization header changes nothing."""
        return authenticate_webhook(self.kwargs["token"], self.kwargs["org_id"], **request_context(request))

    def count(self) -> None:
        """Count one call of this token. Raises RateLimited."""
        if self.actor.token is not None:
            count_call("phaset", str(self.actor.token.pk), settings.PHASET_RATE)

    def body(self) -> Any:
        """The JSON of the request, whatever its Content-Type says."""
        return read_json(self.request._request, self.dialect.max_body)

    def component(self, record_id: str) -> Component:
        """The record of the path, and one call counted: the order of phaset.md 1.3. Raises NotFound, RateLimited."""
        component = known_record(self.actor, record_id)
        self.count()
        return component


class RecordView(PhasetView):
    """Takes over a record manifest."""

    http_method_names = ["post"]

    def post(self, request: Request, org_id: str, record_id: str, token: str) -> Response:
        """In the order of phaset.md 1.3: the record, the rate, the size, the JSON, the fields."""
        record_of(self.actor, record_id)
        self.count()
        manifest = mapping.to_manifest(Record.read(self.body()))
        component, changed, warnings = push_manifest(actor=self.actor, record_id=record_id, **manifest)
        return Response(mapping.from_push(component, changed, warnings))


class EventView(PhasetView):
    """Takes one delivery event; a record is never made by it."""

    http_method_names = ["post"]

    def post(self, request: Request, org_id: str, record_id: str, token: str) -> Response:
        """Append the event, or say that it was known."""
        component = self.component(record_id)
        body = self.body()
        if native.is_native(request.headers, body):
            return Response(self.take_native(component, body))
        said = mapping.to_delivery(*read_event(body), body)
        event, known = report_delivery(actor=self.actor, component=component, said=said)
        return Response(mapping.from_delivery(component, event, known))

    def take_native(self, component: Component, body: Any) -> dict[str, Any]:
        """Append what a code host's own delivery means, all of it or nothing; what means nothing is ignored."""
        found = native.translated(self.request.headers, body)
        said = [
            mapping.to_delivery(*read_event(each.body), body)
            for each in found
            if not each.if_open or is_open(component, each.body["id"])
        ]
        if not said:
            log.info("delivery_ignored", record=component.record_id)
            return mapping.from_delivery(component, None, False)
        with transaction.atomic():
            taken = [report_delivery(actor=self.actor, component=component, said=each) for each in said]
        return mapping.from_delivery(component, *taken[0])
