"""Webhooks and what was sent to them in Django's admin."""

import re

import pytest
from django.urls import reverse

from catalog.models import Event
from integrations.models import Delivery, Webhook
from integrations.services.deliveries import finish
from integrations.services.webhooks import create_webhook, try_webhook
from tests.catalog.desk import page_of
from tests.catalog.test_pages import sign_in
from tests.people import make_actor

URL = "https://hook.example/T0/very-secret"


@pytest.fixture
def webhook(admin) -> Webhook:
    return create_webhook(actor=admin, name="CI", url=URL)[0]


def as_staff(client, actor):
    """The actor in the admin."""
    actor.user.is_staff = True
    actor.user.save()
    return sign_in(client, actor)


def test_a_webhook_is_made_through_its_service_and_the_secret_shown_once(client, acme, admin):
    desk = as_staff(client, admin)
    said = {"organization": acme.pk, "name": "CI", "url": URL, "kinds": "gate.*,team.*", "is_active": "on"}

    made = desk.post(page_of(Webhook, "add"), said, follow=True)

    webhook = Webhook.objects.get()
    assert (webhook.kinds, webhook.created_by) == (["gate.*", "team.*"], admin.label)
    assert Event.objects.filter(kind="webhook.created", subject_uid=webhook.uid).exists()
    assert re.search("<code>whsec_", made.text)
    again = desk.get(page_of(Webhook, "change", webhook.pk)).text
    assert "whsec_" not in again
    assert URL in again
    refused = desk.post(page_of(Webhook, "change", webhook.pk), said | {"url": "https://127.0.0.1/"})
    assert "no public address" in refused.text


def test_who_may_only_look_sees_the_host_of_an_address(client, acme, webhook):
    desk = as_staff(client, make_actor(acme, "viewer"))

    for page in (page_of(Webhook, "change", webhook.pk), page_of(Webhook, "changelist")):
        shown = desk.get(page).text
        assert "https://hook.example/…" in shown
        assert "very-secret" not in shown


def test_deliveries_are_sent_again_from_the_list(client, admin, webhook):
    done = try_webhook(actor=admin, webhook=webhook)
    finish(done, Delivery.State.FAILED, {}, error="No answer.")
    busy = try_webhook(actor=admin, webhook=webhook)
    desk = as_staff(client, admin)

    chosen = {"action": "send_again", "_selected_action": [done.pk, busy.pk]}
    answer = desk.post(reverse("admin:integrations_delivery_changelist"), chosen, follow=True)

    assert "1 are sent again, 1 were on their way." in answer.text
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
