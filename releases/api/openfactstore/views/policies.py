"""Deployment policies on the wire (contract 10)."""

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import FactstoreView, find
from catalog.models import Environment
from compliance.models import Flow
from releases.api.openfactstore.mapping import WORDS, from_policy
from releases.api.openfactstore.schemas import PolicyChangeSchema, PolicySchema
from releases.models import DeploymentPolicy
from releases.services.policies import create_policy, delete_policy, update_policy


class PolicyList(FactstoreView):
    words = WORDS

    def get(self, request: Request) -> Response:
        return Response([from_policy(each) for each in DeploymentPolicy.objects.visible_to(self.actor).for_list()])

    def post(self, request: Request) -> Response:
        said = PolicySchema.read(request.data)
        said["flow"] = find(Flow.objects.for_list, self.actor, str(said["flow"]), "flowId")
        if "environment" in said:
            uid = str(said["environment"])
            said["environment"] = find(Environment.objects.all, self.actor, uid, "environmentId")
        return Response(from_policy(create_policy(actor=self.actor, **said)))


class PolicyDetail(FactstoreView):
    words = WORDS

    def get(self, request: Request, id: str) -> Response:
        return Response(from_policy(find(DeploymentPolicy.objects.for_list, self.actor, id)))

    def put(self, request: Request, id: str) -> Response:
        policy = find(DeploymentPolicy.objects.for_list, self.actor, id)
        said = PolicyChangeSchema.read(request.data, partial=True)
        return Response(from_policy(update_policy(actor=self.actor, policy=policy, **said)))

    def delete(self, request: Request, id: str) -> Response:
        delete_policy(actor=self.actor, policy=find(DeploymentPolicy.objects.for_list, self.actor, id))
        return Response(status=204)
