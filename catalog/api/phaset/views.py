"""Phaset's calls: a token in the path, a manifest in the body, exactly 200 (phaset.md section 1)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actors import Actor
from catalog.api.phaset import mapping
from catalog.api.phaset.schemas import Record
from catalog.api.views import DialectView
from catalog.middleware import request_context
from catalog.services.components import push_manifest, record_of
from catalog.services.keys import authenticate_webhook
from config.api.dialects import PHASET
from config.api.parsers import read_json
from config.api.throttle import count_call


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


class RecordView(PhasetView):
    """Takes over a record manifest."""

    http_method_names = ["post"]

    def post(self, request: Request, org_id: str, record_id: str, token: str) -> Response:
        """In the order of phaset.md 1.3: the record, the rate, the size, the JSON, the fields."""
        record_of(self.actor, record_id)
        self.count()
        body: Any = read_json(request._request, self.dialect.max_body)
        manifest = mapping.to_manifest(Record.read(body))
        component, changed, warnings = push_manifest(actor=self.actor, record_id=record_id, **manifest)
        return Response(mapping.from_push(component, changed, warnings))
