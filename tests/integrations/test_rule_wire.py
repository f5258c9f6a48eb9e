"""Notification rules over OpenFactstore's API (contract 21)."""

import json

import pytest
from django.utils import timezone

from catalog.models.base import uuid7
from integrations.models import Delivery, NotificationRule
from integrations.services.notification_rules import create_notification_rule
from integrations.services.rule_config import config_of
from tests.integrations.sending import sent
from tests.releases.proofs import a_flow, an_environment

RULES = "/api/v1/notification-rules"
URL = "https://hooks.slack.com/services/T0/B0/abc"
GOOD = {"name": "Trouble", "triggerEvent": "GATE_BLOCKED", "channelType": "SLACK"}


def text(**config) -> str:
    return json.dumps(config)


def said(rule: NotificationRule) -> dict:
    """A stored rule whose channel has no settings, as the wire says it."""
    return {
        "id": str(rule.uid),
        "name": rule.name,
        "isActive": rule.is_active,
        "triggerEvent": rule.trigger.upper(),
        "channelType": rule.channel.upper(),
        "channelConfig": "{}",
        "filterFlowId": str(rule.flow.uid) if rule.flow else None,
        "filterEnvironmentId": str(rule.environment.uid) if rule.environment else None,
        "leastSeverity": rule.least_severity.upper(),
        "createdAt": rule.created_at.isoformat().replace("+00:00", "Z"),
        "updatedAt": rule.updated_at.isoformat().replace("+00:00", "Z"),
    }


def test_a_rule_is_made_read_and_changed(api, admin):
    flow, environment = a_flow(admin), an_environment(admin)
    asked = GOOD | {
        "channelConfig": text(webhookUrl=URL),
        "filterFlowId": str(flow.uid),
        "triggerEvent": "gate-blocked",
    }

    made = api.post_json(RULES, asked)
    rule = NotificationRule.objects.get()
    page = f"{RULES}/{rule.uid}"

    moment = rule.created_at.isoformat().replace("+00:00", "Z")
    shown = {
        "id": str(rule.uid),
        "name": "Trouble",
        "isActive": True,
        "triggerEvent": "GATE_BLOCKED",
        "channelType": "SLACK",
        "channelConfig": '{"webhookUrl": "https://hooks.slack.com/…"}',
        "filterFlowId": str(flow.uid),
        "filterEnvironmentId": None,
        "leastSeverity": "INFO",
        "createdAt": moment,
        "updatedAt": rule.updated_at.isoformat().replace("+00:00", "Z"),
    }
    assert (made.status_code, made.json()) == (201, shown)
    assert api.get(page).json() == shown
    kept = api.put_json(page, {"isActive": False, "channelConfig": shown["channelConfig"], "name": None}).json()
    assert (kept["isActive"], kept["name"], kept["filterFlowId"]) == (False, "Trouble", str(flow.uid))
    rule.refresh_from_db()
    assert config_of(rule) == {"webhookUrl": URL}
    cleared = {"clearFilterFlowId": True, "filterFlowId": str(flow.uid), "filterEnvironmentId": str(environment.uid)}
    changed = api.put_json(page, cleared | {"channelType": "in_app", "channelConfig": ""}).json()
    assert (changed["filterFlowId"], changed["filterEnvironmentId"]) == (None, str(environment.uid))
    assert (changed["channelType"], changed["channelConfig"]) == ("IN_APP", "{}")
    assert api.put_json(page, {"clearFilterEnvironmentId": True}).json()["filterEnvironmentId"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"channelConfig": "not json"},
        {"channelConfig": "[]"},
        {"channelConfig": "{}"},
        {"channelConfig": text(webhookUrl="")},
        {"channelConfig": text(webhookUrl="http://hook.example/")},
        {"channelConfig": text(webhookUrl="https://169.254.169.254/")},
        {"channelConfig": '{"webhookUrl": "https://hook.example/", "x": "\\ud800"}'},
        {"channelConfig": '{"webhookUrl": "https://hook.example/", "x": NaN}'},
        {"channelConfig": {}},
        {"triggerEvent": "NOTHING"},
        {"channelType": "PIGEON"},
        {"name": ""},
        {"filterFlowId": "x"},
    ],
)
def test_what_is_wrong_is_a_400_when_it_is_made_and_when_it_is_changed(api, admin, wrong):
    good = GOOD | {"channelConfig": text(webhookUrl=URL)}
    rule = create_notification_rule(
        actor=admin, name="one", trigger="gate_blocked", channel="slack", config={"webhookUrl": URL}
    )

    made, changed = api.post_json(RULES, good | wrong), api.put_json(f"{RULES}/{rule.uid}", wrong)

    assert (made.status_code, changed.status_code) == (400, 400)
    assert next(iter(wrong)) in made.json()["message"]
    assert NotificationRule.objects.get().name == "one"


def test_a_filter_of_another_organization_is_a_404(api, stranger, acme):
    flow = a_flow(stranger)

    assert api.post_json(RULES, GOOD | {"filterFlowId": str(flow.uid)}).status_code == 404
    assert api.post_json(RULES, GOOD, headers={"X-Dry-Run": "true"}).status_code == 400
    assert not NotificationRule.objects.exists()


def test_a_rule_is_tried_out_and_deleted(api, api_as, admin):
    rule = create_notification_rule(
        actor=admin, name="one", trigger="drift_detected", channel="in_app", is_active=False
    )
    page = f"{RULES}/{rule.uid}"

    asked = api.post_json(f"{page}/test")
    assert (asked.status_code, asked.content) == (202, b"")
    assert api.get(f"{page}/deliveries").json() == []  # on its way is none of the three words
    delivery = sent(Delivery.objects.get())
    assert api.get(f"{page}/deliveries").json() == [
        {
            "id": str(delivery.uid),
            "ruleId": str(rule.uid),
            "eventType": "DRIFT_DETECTED",
            "payload": json.dumps(
                {
                    "triggerEvent": "DRIFT_DETECTED",
                    "title": "Test of one",
                    "message": "admin-machine tries the rule one. Nothing happened.",
                    "entityType": "notification_rule",
                    "entityId": str(rule.uid),
                }
            ),
            "status": "SENT",
            "sentAt": delivery.finished_at.isoformat().replace("+00:00", "Z"),
            "error": None,
            "attemptCount": 1,
            "isTest": True,
        }
    ]
    assert api_as("viewer").post_json(f"{page}/test").status_code == 403
    assert api.delete(page).status_code == 204
    assert api.get(page).status_code == 404
    assert not Delivery.objects.exists()


def test_rules_are_listed_newest_first_and_nobody_elses(api, admin, stranger):
    for number in range(3):
        create_notification_rule(
            actor=admin,
            name=f"{number}",
            trigger="drift_detected",
            channel="in_app",
            flow=a_flow(admin, f"flow {number}"),
            environment=an_environment(admin, f"e{number}"),
        )
    create_notification_rule(actor=stranger, name="theirs", trigger="drift_detected", channel="in_app")

    listed = api.get(RULES).json()

    assert [each["name"] for each in listed] == ["2", "1", "0"]
    stored = NotificationRule.objects.filter(organization=admin.organization).order_by("-pk")
    assert listed == [said(each) for each in stored.select_related("flow", "environment")]


@pytest.mark.parametrize("rows", [1, 20])
def test_deliveries_are_listed_at_the_same_cost_for_any_number(rows, api, admin, django_assert_num_queries):
    rule = create_notification_rule(actor=admin, name="one", trigger="drift_detected", channel="in_app")
    common = {"organization": rule.organization, "rule": rule, "body": "{}", "kind": "drift_detected"}
    now = timezone.now()
    made = [Delivery(**common, event_uid=uuid7(), state="failed", finished_at=now, error="x") for _ in range(rows)]
    Delivery.objects.bulk_create([*made, Delivery(**common, event_uid=uuid7(), next_attempt_at=now)])
    api.get(RULES)

    with django_assert_num_queries(3):
        listed = api.get(f"{RULES}/{rule.uid}/deliveries").json()

    told = ("triggerEvent", "title", "message", "entityType", "entityId")
    assert listed == [
        {
            "id": str(each.uid),
            "ruleId": str(each.rule.uid),
            "eventType": each.kind.upper(),
            "payload": json.dumps(dict.fromkeys(told)),
            "status": each.state.upper(),
            "sentAt": each.finished_at.isoformat().replace("+00:00", "Z"),
            "error": each.error,
            "attemptCount": each.attempts,
            "isTest": each.is_test,
        }
        for each in Delivery.objects.exclude(finished_at=None).select_related("rule").order_by("-pk")
    ]
    assert (len(listed), {each["status"] for each in listed}) == (len(made), {"FAILED"})
