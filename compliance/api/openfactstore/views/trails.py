"""Trails on the wire (contract 2)."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import FactstoreView, find, find_organization, imagine, read_uid
from compliance.api.openfactstore.ci import fill_from_ci
from compliance.api.openfactstore.mapping import WORDS, from_trail
from compliance.api.openfactstore.schemas import TrailSchema
from compliance.models import Flow, Trail
from compliance.services.trails import create_trail
from config.errors import BadInput, FieldError


class TrailList(FactstoreView):
    words = WORDS

    def get(self, request: Request) -> Response:
        trails = Trail.objects.visible_to(self.actor).for_list()
        if flow := request.query_params.get("flowId"):
            trails = trails.filter(flow__uid=read_uid(flow, "flowId"))
        return Response([from_trail(each) for each in trails])

    def post(self, request: Request) -> Response:
        said = TrailSchema.read(fill_from_ci(request.data, request.META))
        flow = find(Flow.objects.for_list, self.actor, str(said.pop("flow")), "flowId")
        refuse_other_organization(self.actor, said.pop("organization", None), flow)
        return Response(from_trail(create_trail(actor=self.actor, flow=flow, **said)), status=201)

    def imagined(self) -> Any:
        said = TrailSchema.read(fill_from_ci(self.request.data, self.request.META))
        said.pop("organization", None)
        uid = said.pop("flow")
        flow = Flow.objects.visible_to(self.actor).filter(uid=uid).first() or imagine(Flow, self.actor, uid=uid)
        return from_trail(imagine(Trail, self.actor, flow=flow, **said))


class TrailDetail(FactstoreView):
    def get(self, request: Request, id: str) -> Response:
        return Response(from_trail(find(Trail.objects.for_list, self.actor, id)))


def refuse_other_organization(actor, slug: str | None, owner: Flow | Trail) -> None:
    """An organisation that is named must exist (404) and be the one that owns the flow or trail (400)."""
    if slug and find_organization(actor, slug).pk != owner.organization_id:
        raise BadInput(
            f"{owner} belongs to another organisation than {slug}.",
            fields=[FieldError("orgSlug", "must be the organisation that owns the flow")],
        )
