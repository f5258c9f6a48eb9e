"""The audit page: what happened, by filters in the address; one event in full; the way there from each thing."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Event, Membership, Role
from catalog.services.components import create_component
from catalog.services.environments import create_environment, delete_environment
from catalog.services.groups import create_team
from catalog.services.people import add_member, remove_member
from catalog.services.projects import create_project
from integrations.services.notification_rules import create_notification_rule, delete_notification_rule
from integrations.services.webhooks import create_webhook, delete_webhook
from tests.catalog.test_pages import sign_in
from tests.compliance.running import a_snapshot, an_environment, running
from tests.people import make_actor, make_user

AUDIT = "/audit"


@pytest.fixture
def browser(client, admin):
    """Acme's admin in a browser."""
    return sign_in(client, admin)


@pytest.fixture
def things(admin, stranger):
    """A component, an environment that came and went, a team; and one of strangers."""
    create_component(actor=stranger, name="their secret")
    component = create_component(actor=admin, name="checkout")
    environment = create_environment(actor=admin, name="production")
    delete_environment(actor=admin, environment=environment)
    return component, environment, create_team(actor=admin, name="Core")


def kinds(page) -> list[str]:
    assert page.status_code == 200
    return [event.kind for event in page.context["page"]]


def test_each_filter_narrows_and_wrong_ones_are_said(browser, things, admin, subtests):
    component, environment, _ = things
    day = timezone.localdate()
    all_of_it = ["team.created", "environment.deleted", "environment.created", "component.created"]
    for query, found in {
        "": all_of_it,
        "kind=component.created": ["component.created"],
        f"about={environment.uid}": ["environment.deleted", "environment.created"],
        f"about={uuid.uuid4()}": [],
        f"actor={admin.label}": all_of_it,
        "actor=nobody": [],
        f"since={day}&until={day}": all_of_it,
        f"since={day + timedelta(days=1)}": [],
        f"until={day - timedelta(days=1)}": [],
        "until=9999-12-31&since=0001-01-01": all_of_it,
        f"kind=environment.created&about={environment.uid}&actor={admin.label}": ["environment.created"],
    }.items():
        with subtests.test(query):
            page = browser.get(f"{AUDIT}?{query}")
            assert [each for each in kinds(page) if not each.startswith(("organization", "member"))] == found
            assert "their secret" not in page.text
    wrong = browser.get(f"{AUDIT}?kind=x&about=y&since=z&until=99999-1-1&q=a")
    assert "Ignored, since the value is no choice: What, About, by id, From, To" in wrong.text
    assert component.name in wrong.text


def test_an_event_is_shown_in_full_and_leads_to_its_thing(browser, things, client, globex):
    component, *_ = things
    event = Event.objects.get(kind="component.created", subject_uid=component.uid)
    address = reverse("catalog:event", args=[event.uid])
    page = browser.get(address).text

    assert f'href="{reverse("catalog:component", args=[component.uid])}"' in page
    assert f"{AUDIT}?about={component.uid}" in page
    assert event.request_id[:8] in page
    gone = browser.get(reverse("catalog:event", args=[Event.objects.get(kind="environment.deleted").uid]))
    assert "&quot;kind&quot;" in gone.text
    assert sign_in(client, make_actor(globex, "viewer")).get(address).status_code == 404
    assert "checkout" not in client.get(AUDIT).text


def test_nothing_leads_to_a_thing_that_was_deleted(browser, admin):
    kept, gone = (create_webhook(actor=admin, name=name, url="https://hook.example/")[0] for name in ("Kept", "Gone"))
    delete_webhook(actor=admin, webhook=gone)

    page = browser.get(AUDIT).text

    assert reverse("integrations:webhook", args=[kept.uid]) in page
    assert reverse("integrations:webhook", args=[gone.uid]) not in page


def test_nor_to_a_member_who_was_removed_or_a_deleted_rule(browser, acme, globex, admin):
    role = Role.objects.get(organization=acme, canonical="viewer")
    kept, gone = (add_member(actor=admin, user=make_user(globex, name), role=role) for name in ("viewer", "ci"))
    told = {"trigger": "gate_blocked", "channel": "in_app", "config": {}}
    rules = [create_notification_rule(actor=admin, name=name, **told) for name in ("Kept", "Gone")]
    lost = [reverse("catalog:member", args=[gone.uid]), reverse("integrations:notification-rule", args=[rules[1].uid])]
    assert all(each in browser.get(AUDIT).text for each in lost)
    remove_member(actor=admin, membership=gone)
    delete_notification_rule(actor=admin, rule=rules[1])

    page = browser.get(AUDIT).text

    assert not any(each in page for each in lost)
    assert reverse("catalog:member", args=[kept.uid]) in page
    assert reverse("integrations:notification-rule", args=[rules[0].uid]) in page


def test_what_has_no_page_leads_to_where_it_happened(browser, admin):
    environment = an_environment(admin)
    a_snapshot(admin, environment, running("payments"))

    page = browser.get(f"{AUDIT}?kind=artifact.deployed").text

    assert f'start in <a href="{reverse("catalog:environment", args=[environment.uid])}">production</a>' in page


@pytest.mark.parametrize("name", ["component", "project", "team", "role", "member", "settings-organization"])
def test_the_page_of_each_thing_has_its_timeline(browser, admin, things, name):
    component, _, team = things
    thing = {
        "component": lambda: component,
        "project": lambda: create_project(actor=admin, name="Shop"),
        "team": lambda: team,
        "role": lambda: Role.objects.get(organization=admin.organization, canonical="viewer"),
        "member": lambda: Membership.objects.get(user=admin.user),
        "settings-organization": lambda: admin.organization,
    }[name]()
    address = reverse(f"catalog:{name}", args=[] if name.startswith("settings") else [thing.uid])

    page = browser.get(address).text

    assert ">Timeline</h2>" in page
    has_events = Event.objects.filter(related__contains=[thing.uid]).exists()
    assert (f"{AUDIT}?about={thing.uid}" in page) is has_events


def test_the_page_costs_the_same_for_any_number_of_events(browser, things):
    with CaptureQueriesContext(connection) as for_few:
        browser.get(AUDIT)
    like = Event.objects.filter(kind="component.created").values().latest("pk")
    Event.objects.bulk_create(Event(**like | {"id": None, "uid": uuid.uuid4()}) for _ in range(60))

    with CaptureQueriesContext(connection) as for_many:
        page = browser.get(AUDIT)

    assert len(page.context["page"]) == 50
    assert len(for_many) == len(for_few) + 1 <= 20  # more than a page is counted
    assert "Older" in page.text
