"""Pages of webhook tokens: a token's text is shown once, by the request that made it."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from model_bakery import baker

from catalog.actors import system_actor
from catalog.models import Component, DeliveryEvent, Event, Incident, WebhookToken
from catalog.services.components import create_component
from catalog.services.keys import authenticate_webhook, issue_webhook_token
from config.errors import Unauthenticated
from tests.people import make_actor

TEXT = re.compile(r"<code>([\w-]{43})</code>")
LIST, NEW = reverse("catalog:webhook-tokens"), reverse("catalog:webhook-token-new")


@pytest.fixture
def record(acme) -> Component:
    return create_component(actor=system_actor(acme), name="Checkout", record_id="checkout01")


@pytest.fixture
def browser(client, admin):
    client.force_login(admin.user)
    return client


def page(name: str, row) -> str:
    return reverse(f"catalog:{name}", args=[row.uid])


def test_a_token_is_made_shown_once_and_listed_without_its_text(browser, acme, record):
    answer = browser.post(NEW, {"label": "CI <b>", "record": "checkout01", "ttl": "30"}, follow=True)

    text = TEXT.search(answer.text)[1]
    token = WebhookToken.objects.get()
    assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (200, True)
    assert (token.label, token.component, token.organization) == ("CI <b>", record, acme)
    assert abs(token.expires_at - timezone.now() - timedelta(days=30)) < timedelta(seconds=5)
    assert authenticate_webhook(text, "acme0001").token == token
    for address in (LIST, page("component-integration", record), page("component", record)):
        shown = browser.get(address)
        assert shown.status_code == 200
        assert text not in shown.text
        assert "<b>CI" not in shown.text
    assert "CI &lt;b&gt;" in browser.get(LIST).text
    assert text not in str(list(Event.objects.values()))


def test_what_is_wrong_is_said_beside_its_field_and_makes_nothing(browser, globex, subtests):
    create_component(actor=system_actor(globex), name="Theirs", record_id="theirs0001")
    refused = [
        ({"label": ""}, "label"),
        ({"label": "x" * 256}, "label"),
        ({"label": "CI", "record": "theirs0001"}, "record"),
        ({"label": "CI", "record": "x" * 33}, "record"),
        ({"label": "CI", "record": "a\0b"}, "record"),
        ({"label": "CI", "ttl": "31"}, "ttl"),
    ]
    for said, field in refused:
        with subtests.test(str(said)[:40]):
            answer = browser.post(NEW, said)
            assert answer.status_code == 422
            assert set(answer.context["form"].errors) == {field}
    assert not WebhookToken.objects.exists()


def test_a_token_is_rotated_and_revoked_on_its_pages(browser, admin, acme, record, time_machine):
    old, old_text = issue_webhook_token(actor=system_actor(acme), label="CI", component=record)

    assert browser.get(page("webhook-token-rotate", old)).status_code == 200
    assert browser.post(page("webhook-token-rotate", old), {"grace": "7"}).status_code == 422
    answer = browser.post(page("webhook-token-rotate", old), {"grace": "24"}, follow=True)
    new_text = TEXT.search(answer.text)[1]
    new = WebhookToken.objects.get(revoked_at=None)
    assert (new.label, new.component, authenticate_webhook(new_text, "acme0001").token) == ("CI", record, new)
    assert authenticate_webhook(old_text, "acme0001").token == old
    time_machine.move_to(timezone.now() + timedelta(hours=24, seconds=1))
    with pytest.raises(Unauthenticated):
        authenticate_webhook(old_text, "acme0001")
    browser.force_login(admin.user)
    assert browser.post(page("webhook-token-rotate", old), {"grace": "24"}).status_code == 409

    assert browser.get(page("webhook-token-revoke", new)).status_code == 200
    assert authenticate_webhook(new_text, "acme0001")
    gone = browser.post(page("webhook-token-revoke", new))
    assert (gone.status_code, gone["Location"]) == (302, page("component-integration", record))
    with pytest.raises(Unauthenticated):
        authenticate_webhook(new_text, "acme0001")


def test_tokens_are_an_admins_and_of_ones_own_organization(client, acme, stranger, record):
    token, _ = issue_webhook_token(actor=system_actor(acme), label="CI", component=record)
    own = [LIST, page("component-integration", record)]
    changing = [NEW, page("webhook-token-rotate", token), page("webhook-token-revoke", token)]

    client.force_login(make_actor(acme, "viewer").user)
    assert [client.get(address).status_code for address in own] == [200, 200]
    for address in own:
        assert "New token" not in client.get(address).text
    for address in changing:
        assert client.get(address).status_code == 403
        assert client.post(address, {"label": "x", "grace": "24"}).status_code == 403
    client.force_login(stranger.user)
    assert "CI" not in client.get(LIST).context["page"].rows
    for address in [own[1], *changing[1:]]:
        assert client.get(address).status_code == 404
    assert client.post(changing[2]).status_code == 404
    client.logout()
    assert {client.get(address).status_code for address in own + changing} == {302}
    assert WebhookToken.objects.get().revoked_at is None


def cost(browser, address: str) -> int:
    """How many queries a page takes; the shell around it is the same each time."""
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


def test_a_component_shows_its_deliveries_and_what_is_still_open(browser, acme, record):
    address = page("component-reports", record)
    assert "No delivery was reported yet" in browser.get(address).text
    fixed = {"organization": acme, "component": record, "occurred_at": timezone.now()}
    incident = baker.make(Incident, organization=acme, component=record, external_id="OPS-1")
    baker.make(DeliveryEvent, **fixed, kind="incident-opened", external_id="OPS-1<b>", incident=incident)
    shown, before = browser.get(address).text, cost(browser, address)
    assert "OPS-1&lt;b&gt;" in shown
    assert "still open" in shown
    assert "1 incident open" in shown
    for commit in "abcdefghijklmnopqrst":
        DeliveryEvent.objects.create(**fixed, kind="deployment", commit=commit, reported_by="CI")
    assert "The newest 20 are shown." in browser.get(address).text
    assert cost(browser, address) == before <= 12
