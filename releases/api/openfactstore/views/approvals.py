"""Approvals on the wire (contract 9)."""

from collections.abc import Iterable
from typing import ClassVar

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import FactstoreView, find
from catalog.models import Environment
from catalog.prepared import look_through
from compliance.models import Trail
from config.errors import BadInput, FieldError
from releases.api.openfactstore.mapping import STATUS_WORDS, WORDS, from_approval
from releases.api.openfactstore.schemas import ApprovalSchema, DecisionSchema
from releases.models import ApprovalRequest, Decision
from releases.services.approvals import decide, request_trail_approval


class ApprovalView(FactstoreView):
    """A view of approvals."""

    words = WORDS

    def approval(self, id: str) -> ApprovalRequest:
        """The approval with this id. Raises BadInput for what is no UUID, NotFound."""
        return find(ApprovalRequest.objects.for_list, self.actor, id)


class TrailApprovals(ApprovalView):
    def get(self, request: Request, id: str) -> Response:
        trail = find(Trail.objects.all, self.actor, id)
        approvals = ApprovalRequest.objects.visible_to(self.actor).about_trail(trail).for_list()
        now = timezone.now()
        return Response([from_approval(each, now) for each in approvals])

    def post(self, request: Request, id: str) -> Response:
        trail = find(Trail.objects.for_list, self.actor, id)
        said = ApprovalSchema.read(request.data)
        environment = said.pop("environment", None)
        if environment is not None:
            said["environment"] = find(Environment.objects.all, self.actor, str(environment), "environmentId")
        asked = request_trail_approval(actor=self.actor, trail=trail, **said)
        return Response(from_approval(asked, asked.created_at))


class ApprovalList(ApprovalView):
    def get(self, request: Request) -> Response:
        now = timezone.now()
        approvals: Iterable[ApprovalRequest]
        if status := request.query_params.get("status"):
            visible = ApprovalRequest.objects.visible_to(self.actor).for_list()
            approvals = visible.with_status(read_status(status), now)
        else:
            approvals = look_through(ApprovalRequest.objects.for_list, self.actor)
        return Response([from_approval(each, now) for each in approvals])


class ApprovalDetail(ApprovalView):
    def get(self, request: Request, id: str) -> Response:
        return Response(from_approval(self.approval(id), timezone.now()))


class Decide(ApprovalView):
    """One answer; subclasses say which."""

    verdict: ClassVar[str]

    def post(self, request: Request, id: str) -> Response:
        approval = self.approval(id)
        said = DecisionSchema.read(request.data)
        decide(actor=self.actor, request=approval, verdict=self.verdict, **said)
        return Response(from_approval(self.approval(id), timezone.now()))


class Approve(Decide):
    verdict = Decision.Verdict.APPROVED


class Reject(Decide):
    verdict = Decision.Verdict.REJECTED


def read_status(text: str) -> tuple[str, ...]:
    """The statuses a query names, in any letter case. Raises BadInput."""
    word = text.strip().upper().replace("-", "_")
    if word not in STATUS_WORDS:
        known = ", ".join(STATUS_WORDS)
        raise BadInput(f"status must be one of {known}.", fields=[FieldError("status", f"must be one of {known}")])
    return STATUS_WORDS[word]
