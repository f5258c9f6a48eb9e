"""Webhooks in our own API."""

import pytest
from django.utils import timezone

from catalog.models.base import uuid7
from integrations.api.gatehouse import webhooks
from integrations.models import Delivery, Webhook
from integrations.services.webhooks import create_webhook
from tests.integrations.sending import a_webhook, sent, verified

WEBHOOKS = "/api/gatehouse/v1/webhooks"
GOOD = {"name": "CI", "url": "https://hook.example/T0/abc", "kinds": ["gate.*"]}


def shown(webhook: Webhook, **other) -> dict:
    """A stored webhook as those read it who may change it."""
    return {
        "id": str(webhook.uid),
        "name": webhook.name,
        "url": webhook.url,
        "kinds": webhook.kinds,
        "isActive": webhook.is_active,
        "switchedOffBecause": webhook.switched_off_because or None,
        "oldSecretUntil": None,
        "createdAt": webhook.created_at.isoformat().replace("+00:00", "Z"),
        "createdBy": webhook.created_by,
    } | other


def test_a_webhook_is_made_and_its_secret_shown_once(api, api_as, acme):
    made = api.post_json(WEBHOOKS, GOOD, headers={"Idempotency-Key": "one"})
    again = api.post_json(WEBHOOKS, GOOD, headers={"Idempotency-Key": "one"})
    webhook = Webhook.objects.get()

    assert (made.status_code, again.json()) == (201, made.json())
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    assert made.json() == shown(webhook, secret=secret)
    assert api.get(f"{WEBHOOKS}/{webhook.uid}").json() == shown(webhook)
    assert api_as("viewer").get(f"{WEBHOOKS}/{webhook.uid}").json() == shown(webhook, url="https://hook.example/…")
    assert api_as("stranger").get(f"{WEBHOOKS}/{webhook.uid}").status_code == 404


def test_what_is_wrong_is_refused_as_a_problem_and_nothing_changes(api, admin):
    webhook, _ = create_webhook(actor=admin, **GOOD)
    sent_badly = {"url": "https://127.0.0.1/", "kinds": ["a b"], "name": "x"}

    refused = api.post_json(WEBHOOKS, sent_badly)
    unread = api.post_json(WEBHOOKS, {"url": 7, "kinds": "all", "isActive": "yes"})
    changed = api.patch_json(f"{WEBHOOKS}/{webhook.uid}", {"url": "http://hook.example/"})
    tried = api.post_json(WEBHOOKS, GOOD | {"name": "other"}, headers={"X-Dry-Run": "true"})

    assert (refused.status_code, unread.status_code, changed.status_code) == (400, 400, 400)
    assert {each["field"].partition("[")[0] for each in refused.json()["errors"]} == {"url", "kinds"}
    assert {each["field"] for each in unread.json()["errors"]} == {"name", "url", "kinds", "isActive"}
    assert changed.json()["errors"] == [{"field": "url", "message": "The address must begin with https://."}]
    assert (tried.status_code, tried.json()["wouldCreate"]["name"]) == (200, "other")
    assert Webhook.objects.get().url == GOOD["url"]


def test_a_webhook_is_changed_rotated_and_deleted(api, admin):
    webhook, secret = create_webhook(actor=admin, **GOOD)
    page = f"{WEBHOOKS}/{webhook.uid}"

    changed = api.patch_json(page, {"isActive": False, "kinds": ["*"]})
    rotated = api.post_json(f"{page}/rotate")

    webhook.refresh_from_db()
    assert (changed.json()["isActive"], changed.json()["kinds"], webhook.is_active) == (False, ["*"], False)
    assert rotated.status_code == 200
    assert rotated.json()["secret"] not in ("", secret)
    assert rotated.json()["oldSecretUntil"] == webhook.old_secret_until.isoformat().replace("+00:00", "Z")
    assert api.delete(page).status_code == 204
    assert not Webhook.objects.exists()


def test_what_was_sent_is_shown_and_sent_again(api, admin, receiver):
    webhook, secret = a_webhook(admin, receiver)
    page = f"{WEBHOOKS}/{webhook.uid}"

    asked = api.post_json(f"{page}/test")
    busy = api.post_json(f"{page}/deliveries/{asked.json()['id']}/redeliver")
    delivery = sent(Delivery.objects.get())
    read = api.get(f"{page}/deliveries/{delivery.uid}")
    again = api.post_json(f"{page}/deliveries/{delivery.uid}/redeliver")

    assert (asked.status_code, asked.json()["state"], asked.json()["eventId"]) == (202, "pending", None)
    assert (busy.status_code, busy.json()["detail"]) == (409, "This delivery is on its way.")
    assert (read.json()["state"], read.json()["attempts"], read.json()["nextAttemptAt"]) == ("sent", 1, None)
    assert (read.json()["body"], read.json()["tries"][0]["status"]) == (receiver.got[0].body.decode(), 204)
    assert (again.status_code, again.json()["id"], again.json()["state"]) == (202, str(delivery.uid), "pending")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.next_attempt_at is None) == ("pending", 0, False)
    assert verified(secret, receiver.got[0])["type"] == "webhook.test"
    other, _ = create_webhook(actor=admin, **(GOOD | {"name": "other"}))
    assert api.get(f"{WEBHOOKS}/{other.uid}/deliveries/{delivery.uid}").status_code == 404


def test_webhooks_are_listed_by_name_and_nobody_elses(api, admin, stranger):
    for number in (1, 0, 2):
        create_webhook(actor=admin, **(GOOD | {"name": f"Webhook {number}"}))
    create_webhook(actor=stranger, **GOOD)

    listed = api.get(WEBHOOKS).json()

    stored = Webhook.objects.filter(organization=admin.organization).order_by("name")
    assert listed == {"items": [shown(each) for each in stored], "page": 0}
    assert len(listed["items"]) == 3
    assert "secret" not in listed["items"][0]


@pytest.mark.parametrize("rows", [1, 20])
def test_deliveries_are_paged_at_the_same_cost_for_any_number(rows, api, admin, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(webhooks, "SIZE", rows)
    webhook, _ = create_webhook(actor=admin, **GOOD)
    made = [
        Delivery(organization=webhook.organization, webhook=webhook, event_uid=uuid7(), next_attempt_at=timezone.now())
        for _ in range(2 * rows)
    ]
    Delivery.objects.bulk_create(made)
    page = f"{WEBHOOKS}/{webhook.uid}/deliveries"
    first = api.get(page).json()

    with django_assert_num_queries(5):
        second = api.get(f"{page}?after={first['after']}").json()

    ids = [each["id"] for each in first["items"] + second["items"]]
    assert ids == [str(each.uid) for each in Delivery.objects.order_by("-pk")]
    assert len(ids) == len(made)
    assert second["after"] is None
    assert api.get(f"{page}?after={webhook.uid}").status_code == 404
    assert api.get(f"{page}?after=x").status_code == 400
