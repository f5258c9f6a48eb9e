"""The gate on the wire (contract 10)."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.actors import Actor
from catalog.api.openfactstore.base import FactstoreView, find, read_uid
from catalog.models import Environment
from catalog.prepared import readable
from compliance.models import Flow
from config.api.pagination import whole_number
from config.errors import BadInput, NotFound
from releases.api.openfactstore.mapping import WORDS, from_gate
from releases.api.openfactstore.schemas import GateSchema
from releases.models import GateDecision
from releases.services.gate import evaluate

MAX_RESULTS = 1000


class GateEvaluate(FactstoreView):
    words = WORDS

    def post(self, request: Request) -> Response:
        said = GateSchema.read(request.data)
        named = said.pop("environment", None)
        uid = said.pop("environment_id", None)
        if uid is not None:
            said["environment"] = find(Environment.objects.for_list, self.actor, str(uid), "environmentId")
        elif named is not None:
            said["environment"] = find_environment(self.actor, named)
        if "flow" in said:
            said["flow"] = find(Flow.objects.for_list, self.actor, str(said["flow"]), "flowId")
        base_url = request._request.build_absolute_uri("/").rstrip("/")
        return Response(from_gate(evaluate(actor=self.actor, base_url=base_url, **said)))


class GateResults(FactstoreView):
    def get(self, request: Request) -> Response:
        query = request.query_params
        limit = min(whole_number(query, "limit", MAX_RESULTS, 1, 10**9), MAX_RESULTS)
        decisions = GateDecision.objects.visible_to(self.actor).for_list()
        if named := query.get("environment"):
            decisions = decisions.filter(environment=find_environment(self.actor, named))
        return Response([from_gate(each) for each in decisions[:limit]])


def find_environment(actor: Actor, text: str) -> Environment:
    """The environment of this id or, in any letter case, name; the actor's own organization before those below.

    Raises NotFound.
    """
    uid = None
    with suppress(BadInput):
        uid = read_uid(text)
    found = _named(actor, name=text, uid=uid)
    if not found:
        raise NotFound(f"No environment {text[:100]}.")
    return min(found, key=lambda each: each.organization_id != actor.organization_id)


@readable(Environment)
def _named(environments: Any, *, name: str, uid: UUID | None) -> QuerySet[Environment]:
    wanted = Q(name__iexact=name) if uid is None else Q(name__iexact=name) | Q(uid=uid)
    return environments.for_list().filter(wanted)
