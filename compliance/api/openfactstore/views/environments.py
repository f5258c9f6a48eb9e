"""Environments on the wire (contract 7)."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import FactstoreView, find, find_organization, imagine, paged
from catalog.models import Environment
from catalog.services.environments import create_environment, delete_environment, update_environment
from compliance.api.openfactstore.mapping_environments import WORDS, from_environment, to_environment
from compliance.api.openfactstore.schemas_environments import EnvironmentSchema


class EnvironmentView(FactstoreView):
    """A view of one environment or of what belongs to it."""

    words = WORDS

    def environment(self, id: str) -> Environment:
        """The environment with this id. Raises BadInput for what is no UUID, NotFound."""
        return find(Environment.objects.for_list, self.actor, id)


class EnvironmentList(EnvironmentView):
    def get(self, request: Request) -> Response:
        environments = Environment.objects.visible_to(self.actor).for_list()
        return paged(environments, request.query_params, lambda rows: [from_environment(each) for each in rows])

    def post(self, request: Request) -> Response:
        said = EnvironmentSchema.read(request.data)
        slug = said.pop("organization", None)
        organization = find_organization(self.actor, slug) if slug else self.actor.organization
        environment = create_environment(actor=self.actor, organization=organization, **to_environment(said))
        return Response(from_environment(environment), status=201)

    def imagined(self) -> Any:
        said = to_environment(EnvironmentSchema.read(self.request.data))
        said.pop("organization", None)
        return from_environment(imagine(Environment, self.actor, **said))


class EnvironmentDetail(EnvironmentView):
    def get(self, request: Request, id: str) -> Response:
        return Response(from_environment(self.environment(id)))

    def put(self, request: Request, id: str) -> Response:
        environment = self.environment(id)
        said = EnvironmentSchema.read(request.data, partial=True)
        said.pop("organization", None)  # an environment does not move
        changed = update_environment(actor=self.actor, environment=environment, **to_environment(said))
        return Response(from_environment(changed))

    def delete(self, request: Request, id: str) -> Response:
        delete_environment(actor=self.actor, environment=self.environment(id))
        return Response(status=204)
