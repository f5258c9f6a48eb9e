"""Assert on the wire (contract 5)."""

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import FactstoreView, find
from compliance.api.openfactstore.mapping import from_assertion
from compliance.api.openfactstore.schemas import AssertSchema
from compliance.models import Flow
from compliance.services.assertions import assert_compliance


class Assert(FactstoreView):
    def post(self, request: Request) -> Response:
        said = AssertSchema.read(request.data)
        flow = find(Flow.objects.for_list, self.actor, str(said["flow"]), "flowId")
        return Response(from_assertion(assert_compliance(actor=self.actor, digest=said["digest"], flow=flow)))
