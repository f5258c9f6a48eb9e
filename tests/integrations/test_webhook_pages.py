"""The pages of webhooks, notification rules and what they sent."""

import re

import pytest
from django.urls import reverse

from catalog.models.base import uuid7
from integrations.models import Delivery, NotificationRule, Webhook
from integrations.services.notification_rules import create_notification_rule, try_notification_rule
from integrations.services.rule_config import config_of
from integrations.services.webhooks import create_webhook, try_webhook
from tests.catalog.test_pages import sign_in
from tests.integrations.sending import a_webhook, sent
from tests.people import make_actor
from tests.releases.proofs import a_flow, an_environment

URL = "https://hook.example/T0/very-secret"


def url(name: str, *args) -> str:
    return reverse(f"integrations:{name}", args=args)


@pytest.fixture
def browser(client, admin):
    """Acme's admin in a browser."""
    return sign_in(client, admin)


@pytest.fixture
def webhook(admin) -> Webhook:
    return create_webhook(actor=admin, name="Chat", url=URL)[0]


@pytest.fixture
def rule(admin) -> NotificationRule:
    return create_notification_rule(
        actor=admin, name="Gates", trigger="gate_blocked", channel="slack", config={"webhookUrl": URL}
    )


def test_a_webhook_is_made_and_its_secret_shown_once(browser, acme):
    said = {"name": "Chat", "url": URL, "kinds": "gate.*\nrelease.*, gate.*", "is_active": "on"}
    made = browser.post(url("webhook-new"), said, follow=True)

    webhook = Webhook.objects.get()
    assert (webhook.name, webhook.kinds, webhook.organization) == ("Chat", ["gate.*", "release.*"], acme)
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", made.text)
    assert secret
    assert "no-store" in made["Cache-Control"]
    for page in (url("webhook", webhook.uid), url("webhooks"), url("webhook-edit", webhook.uid)):
        assert secret[0] not in browser.get(page).text
    rotated = browser.post(url("webhook-rotate", webhook.uid), follow=True)
    assert re.search(r"whsec_[A-Za-z0-9+/=]+", rotated.text)
    assert secret[0] not in rotated.text


def test_what_is_wrong_is_said_by_the_field_and_nothing_changes(browser, webhook):
    new = browser.post(url("webhook-new"), {"name": "Chat", "url": "https://127.0.0.1/", "kinds": "a-b"})
    changed = browser.post(url("webhook-edit", webhook.uid), {"name": "", "url": "http://x.example", "kinds": "*"})

    assert (new.status_code, changed.status_code) == (422, 422)
    assert set(new.context["form"].errors) == {"url", "kinds"}
    assert new.context["form"].errors["kinds"] == [
        "“a-b”: Kinds of event are written like gate.blocked; * stands for any text."
    ]
    assert set(changed.context["form"].errors) == {"name", "url"}
    taken = browser.post(url("webhook-new"), {"name": "Chat", "url": URL, "kinds": "*"})
    assert set(taken.context["form"].errors) == {"name"}
    assert Webhook.objects.get().url == URL


def test_a_webhook_is_changed_tried_and_deleted(browser, webhook):
    page = url("webhook", webhook.uid)
    browser.post(url("webhook-edit", webhook.uid), {"name": "Chat two", "url": URL, "kinds": "*"})
    webhook.refresh_from_db()
    assert (webhook.name, webhook.is_active) == ("Chat two", False)

    assert browser.post(url("webhook-test", webhook.uid)).url == page
    delivery = Delivery.objects.get()
    assert delivery.is_test
    assert "webhook.test" in browser.get(page).text
    assert "Chat two" in browser.get(url("webhook-delete", webhook.uid)).text
    assert browser.post(url("webhook-delete", webhook.uid)).url == url("webhooks")
    assert not Webhook.objects.exists()


def test_a_delivery_is_explained_and_sent_again(browser, admin, receiver):
    receiver.status, receiver.body = 500, b"<script>broken</script>"
    webhook, _ = a_webhook(admin, receiver)
    delivery = try_webhook(actor=admin, webhook=webhook)
    page = url("delivery", delivery.uid)
    assert "Send again" not in browser.get(page).text
    sent(delivery)

    shown = browser.get(page).text
    assert "answered 500" in shown
    assert "&lt;script&gt;broken" in shown
    assert "webhook.test" in shown
    assert browser.post(url("delivery-again", delivery.uid)).url == page
    assert browser.post(url("delivery-again", delivery.uid)).url == page
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("pending", 0)


def test_a_rule_is_made_changed_tried_and_deleted(browser, admin):
    flow, environment = a_flow(admin), an_environment(admin)
    said = {"name": "Gates", "trigger": "gate_blocked", "least_severity": "warning", "channel": "webhook"}
    where = {
        "flow": flow.pk,
        "environment": environment.pk,
        "webhook_url": URL,
        "secret": "s3cret",
        "to": "a@b.example",
    }
    made = browser.post(url("notification-rule-new"), said | where | {"is_active": "on"})
    rule = NotificationRule.objects.get()

    assert made.url == url("notification-rule", rule.uid)
    assert (rule.flow, rule.environment, rule.least_severity) == (flow, environment, "warning")
    assert config_of(rule) == {"webhookUrl": URL, "secret": "s3cret"}
    form = browser.get(url("notification-rule-edit", rule.uid)).context["form"]
    assert (form.initial["webhook_url"], form.initial["secret"]) == ("https://hook.example/…", "********")
    kept = {"webhook_url": form.initial["webhook_url"], "secret": form.initial["secret"], "name": "Gates two"}
    browser.post(url("notification-rule-edit", rule.uid), said | kept)
    rule.refresh_from_db()
    assert (rule.name, rule.flow, rule.is_active, config_of(rule)["webhookUrl"]) == ("Gates two", None, False, URL)
    browser.post(url("notification-rule-test", rule.uid))
    assert Delivery.objects.get().rule == rule
    assert "Gates two" in browser.get(url("delivery", Delivery.objects.get().uid)).text
    browser.post(url("notification-rule-delete", rule.uid))
    assert not NotificationRule.objects.exists()


def test_a_rule_without_what_its_channel_needs_is_refused_on_the_form(browser):
    said = {"name": "x", "trigger": "gate_blocked", "least_severity": "info", "channel": "email", "to": "nobody"}
    refused = browser.post(url("notification-rule-new"), said)

    assert refused.status_code == 422
    assert set(refused.context["form"].errors) == {"to"}
    assert "nobody is no e-mail address" in refused.text
    assert not NotificationRule.objects.exists()


@pytest.mark.parametrize(
    ("channel", "settings", "field", "words"),
    [
        ("slack", {}, "webhook_url", "Slack needs the address of an incoming webhook."),
        ("webhook", {"to": "a@b.example"}, "webhook_url", "A webhook needs an address."),
        ("email", {"webhook_url": URL}, "to", "Say whom to write to: e-mail addresses, one a line."),
        ("webhook", {"webhook_url": "http://x.example"}, "webhook_url", "https"),
        ("in_app", {"to": "a@b.example"}, "to", "a@b.example is no member."),
        ("email", {"to": " ".join(f"{at}@b.example" for at in range(21))}, "to", "Must be a list of at most 20"),
    ],
)
def test_what_a_channel_lacks_is_said_by_its_field_in_the_words_of_the_form(browser, channel, settings, field, words):
    said = {"name": "x", "trigger": "gate_blocked", "least_severity": "info", "channel": channel}
    refused = browser.post(url("notification-rule-new"), said | settings)

    errors = refused.context["form"].errors
    assert set(errors) == {field}
    assert words in errors[field][0]
    assert not re.match("webhookUrl|to:|to ", errors[field][0])
    assert not NotificationRule.objects.exists()


def test_each_page_opens_for_whom_it_should_and_shows_strangers_nothing(
    client, acme, admin, stranger, webhook, rule, subtests
):
    delivery, other = try_webhook(actor=admin, webhook=webhook), try_notification_rule(actor=admin, rule=rule)
    reading = [
        url("webhooks"),
        url("webhook", webhook.uid),
        url("notification-rules"),
        url("notification-rule", rule.uid),
        url("delivery", delivery.uid),
        url("delivery", other.uid),
    ]
    changing = [url("webhook-new"), url("notification-rule-new")]
    changing += [url(f"webhook-{verb}", webhook.uid) for verb in ("edit", "rotate", "delete")]
    changing += [url(f"notification-rule-{verb}", rule.uid) for verb in ("edit", "delete")]
    acting = [url("webhook-test", webhook.uid), url("notification-rule-test", rule.uid)]
    acting += [url("delivery-again", delivery.uid)]
    people = {"admin": admin, "viewer": make_actor(acme, "viewer"), "stranger": stranger, "nobody": None}
    for name, person in people.items():
        client.logout()
        if person:
            sign_in(client, person)
        for page in reading + changing + acting:
            with subtests.test(f"{name} {page}"):
                answer = client.post(page) if page in acting and name != "admin" else client.get(page)
                about_ours = not page.endswith(("/new", "webhooks", "notification-rules"))
                if name == "nobody":
                    assert answer.status_code == 302
                elif name == "admin":
                    assert answer.status_code == (405 if page in acting else 200)
                elif name == "viewer":
                    assert answer.status_code == (200 if page in reading else 403)
                else:
                    assert answer.status_code == (404 if about_ours else 200)
                if name in ("stranger", "nobody"):
                    assert not [word for word in ("Chat", "Gates", "hook.example") if word in answer.text]
                if name == "viewer":
                    assert "very-secret" not in answer.text


def test_a_history_is_filtered_by_state(browser, webhook):
    for state in ("sent", "failed"):
        common = {"organization": webhook.organization, "webhook": webhook, "body": "{}", "kind": f"x.{state}"}
        Delivery.objects.create(**common, event_uid=uuid7(), state=state)

    page = browser.get(url("webhook", webhook.uid) + "?state=failed")
    assert [each.kind for each in page.context["page"]] == ["x.failed"]
