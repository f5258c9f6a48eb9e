"""Notification rules on the wire, and what came of what they sent (contract 21)."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.openfactstore.base import FactstoreView, find
from catalog.models import Environment
from compliance.models import Flow
from integrations.api.openfactstore.mapping import WORDS, from_delivery, from_rule
from integrations.api.openfactstore.schemas import RuleChangeSchema, RuleSchema
from integrations.api.openfactstore.views import NEWEST
from integrations.models import Delivery, NotificationRule
from integrations.services.notification_rules import (
    create_notification_rule,
    delete_notification_rule,
    try_notification_rule,
    update_notification_rule,
)


class RuleView(FactstoreView):
    words = WORDS

    def rule(self, id: str) -> NotificationRule:
        """The rule with this id. Raises BadInput, NotFound."""
        return find(NotificationRule.objects.for_list, self.actor, id)

    def with_filters(self, said: dict[str, Any]) -> dict[str, Any]:
        """What was said, with the things it filters by. Raises NotFound."""
        if "flow" in said:
            said["flow"] = find(Flow.objects.all, self.actor, str(said["flow"]), "filterFlowId")
        if "environment" in said:
            uid = str(said["environment"])
            said["environment"] = find(Environment.objects.all, self.actor, uid, "filterEnvironmentId")
        return said


class RuleList(RuleView):
    def get(self, request: Request) -> Response:
        rows = NotificationRule.objects.visible_to(self.actor).for_list()
        return Response([from_rule(each) for each in rows[:NEWEST]])

    def post(self, request: Request) -> Response:
        said = self.with_filters(RuleSchema.read(request.data))
        return Response(from_rule(create_notification_rule(actor=self.actor, **said)), status=201)


class RuleDetail(RuleView):
    def get(self, request: Request, id: str) -> Response:
        return Response(from_rule(self.rule(id)))

    def put(self, request: Request, id: str) -> Response:
        rule, said = self.rule(id), RuleChangeSchema.read(request.data, partial=True)
        clear_flow, clear_environment = (said.pop(f"clearFilter{each}Id", False) for each in ("Flow", "Environment"))
        if clear_flow:
            said.pop("flow", None)
        if clear_environment:
            said.pop("environment", None)
        said = self.with_filters(said)
        said |= ({"flow": None} if clear_flow else {}) | ({"environment": None} if clear_environment else {})
        return Response(from_rule(update_notification_rule(actor=self.actor, rule=rule, **said)))

    def delete(self, request: Request, id: str) -> Response:
        delete_notification_rule(actor=self.actor, rule=self.rule(id))
        return Response(status=204)


class RuleTest(RuleView):
    bodiless = True

    def post(self, request: Request, id: str) -> HttpResponse:
        """Have it send a test, whether it is active or not; its deliveries tell how that went."""
        try_notification_rule(actor=self.actor, rule=self.rule(id))
        return HttpResponse(status=202, content_type="text/plain")


class RuleDeliveries(RuleView):
    def get(self, request: Request, id: str) -> Response:
        """What is over, the newest first; what is on its way is none of the contract's three states."""
        rule = self.rule(id)
        over = Delivery.objects.visible_to(self.actor).filter(rule=rule).exclude(state=Delivery.State.PENDING)
        return Response([from_delivery(each, rule) for each in over[:NEWEST]])
