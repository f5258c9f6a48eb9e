"""Webhooks and notification rules in a real browser."""

import pytest
from django.conf import settings
from playwright.sync_api import expect

from integrations.models import Delivery, NotificationRule, Webhook
from integrations.services.deliveries import deliver
from integrations.services.webhooks import try_webhook
from tests.browser.conftest import assert_fits
from tests.integrations.sending import a_webhook

LOOKS = [(1280, "dark"), (375, "light")]


@pytest.fixture
def delivery(client, admin, receiver) -> Delivery:
    """A test that failed, of a webhook that was switched off for its owner."""
    client.force_login(admin.user, backend=settings.AUTHENTICATION_BACKENDS[1])
    webhook, _ = a_webhook(admin, receiver, name="Deployments to the chat of the team")
    receiver.status, receiver.body = 500, b'{"error": "no such channel"}' * 20
    delivery = try_webhook(actor=admin, webhook=webhook)
    deliver(delivery.pk)
    Webhook.objects.update(is_active=False, switched_off_because="The receiver answered 410: it is gone for good.")
    return delivery


def test_the_pages_are_accessible_and_fit_every_window(portal, delivery):
    page = portal.open(f"/settings/webhooks/{delivery.webhook.uid}")
    assert_fits(page, LOOKS)
    for path in (f"deliveries/{delivery.uid}", "notification-rules"):
        page.goto(f"/settings/{path}")
        assert_fits(page, LOOKS)
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("Tell it by").wait_for()
    for channel, needs in {"Slack": [1, 0, 0], "Webhook": [1, 1, 0], "E-mail": [0, 0, 1]}.items():
        page.get_by_label("Tell it by").select_option(channel)
        for label, shown in zip(["Address", "Signing secret", "People"], needs, strict=True):
            expect(page.get_by_label(label)).to_be_visible(visible=bool(shown))
    page.get_by_label("Name").fill("Closed gates")
    page.get_by_label("Tell it by").select_option("Gatehouse")
    page.get_by_role("button", name="Make the rule").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Closed gates")
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("#rows")).to_contain_text("On its way")
    assert_fits(page, LOOKS)
    assert Delivery.objects.get(is_test=True, rule=NotificationRule.objects.get()).state == "pending"
    assert portal.complaints == []
