"""Flows on the wire (contract 1)."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import FactstoreView, find, find_organization, imagine, paged
from catalog.models import Organization
from compliance.api.openfactstore.mapping import WORDS, from_flow, from_template, from_trail
from compliance.api.openfactstore.schemas import FlowSchema
from compliance.models import Flow, Trail
from compliance.services.flows import CHANGEABLE, create_flow, delete_flow, update_flow
from compliance.services.joins import find_component
from config.errors import BadInput, FieldError, NotFound

YAML_TYPES = ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"]


class FlowList(FactstoreView):
    words = WORDS

    def get(self, request: Request) -> Response:
        flows = Flow.objects.visible_to(self.actor).for_list()
        if slug := request.query_params.get("orgSlug"):
            flows = flows.filter(organization=find_organization(self.actor, slug))
        for tag in filter(None, request.query_params.getlist("tag")):
            flows = flows.tagged(*read_tag(tag))
        return Response([from_flow(each) for each in flows])

    def post(self, request: Request) -> Response:
        said = FlowSchema.read(request.data)
        slug = said.pop("organization", None)
        organization = find_organization(self.actor, slug) if slug else self.actor.organization
        flow = create_flow(actor=self.actor, organization=organization, **with_component(organization, said))
        return Response(from_flow(flow), status=201)

    def imagined(self) -> Any:
        said = FlowSchema.read(self.request.data)
        return from_flow(imagine(Flow, self.actor, **{k: v for k, v in said.items() if k in CHANGEABLE}))


class FlowDetail(FactstoreView):
    words = WORDS

    def get(self, request: Request, id: str) -> Response:
        return Response(from_flow(find(Flow.objects.for_list, self.actor, id)))

    def put(self, request: Request, id: str) -> Response:
        flow = find(Flow.objects.for_list, self.actor, id)
        said = FlowSchema.read(request.data, partial=True)
        said.pop("organization", None)  # a flow does not move
        return Response(from_flow(update_flow(actor=self.actor, flow=flow, **with_component(flow.organization, said))))

    def delete(self, request: Request, id: str) -> Response:
        flow = find(Flow.objects.for_list, self.actor, id)
        delete_flow(actor=self.actor, flow=flow, force=request.query_params.get("force", "").lower() == "true")
        return Response(status=204)


class FlowTemplate(FactstoreView):
    def get(self, request: Request, id: str) -> HttpResponse:
        flow = find(Flow.objects.all, self.actor, id)
        wanted = request._request.get_preferred_type(["application/json", *YAML_TYPES])
        if wanted in YAML_TYPES:
            if flow.template_yaml is None:
                raise NotFound(f"Flow {flow.uid} has no template.")
            return HttpResponse(flow.template_yaml, content_type=f"{wanted}; charset=utf-8")
        return Response(from_template(flow, synthesise=request.query_params.get("synthesise", "").lower() == "true"))


class FlowTrails(FactstoreView):
    def get(self, request: Request, id: str) -> Response:
        flow = find(Flow.objects.all, self.actor, id)
        trails = Trail.objects.visible_to(self.actor).filter(flow=flow).for_list()
        return paged(trails, request.query_params, lambda rows: [from_trail(each) for each in rows])


def read_tag(tag: str) -> tuple[str, str]:
    """Key and value of a tag given as `key:value`. Raises BadInput."""
    key, colon, value = tag.partition(":")
    if not colon or "\0" in tag:
        raise BadInput("tag must be key:value.", fields=[FieldError("tag", "must be key:value")])
    return key, value


def with_component(organization: Organization, said: dict[str, Any]) -> dict[str, Any]:
    """`said` with the component its id names; a blank one names none, so the flow is joined by its tags and name again.
    Raises NotFound."""
    if not said.get("component"):
        return said | ({"component": None} if "component" in said else {})
    component = find_component(organization, said["component"])
    if component is None:
        raise NotFound(f"No component {said['component']}.")
    return said | {"component": component}
