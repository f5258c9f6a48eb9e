"""Django's admin in a real browser, under the portal's content security policy."""

import re

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from playwright.sync_api import expect

from catalog.models import Component, Event, User
from catalog.services.components import create_component
from catalog.services.environments import create_environment
from catalog.services.jobs import note_failed
from integrations.models import Delivery
from integrations.services.webhooks import create_webhook, try_webhook
from releases.models import GateDecision
from releases.services.engine import work_on
from releases.services.gate import evaluate
from tests.browser.conftest import overflow, wear
from tests.catalog.desk import page_of
from tests.releases.proofs import DIGEST, a_release, an_application


@pytest.fixture
def superuser(client, db) -> User:
    """The visitor is a superuser."""
    user = User.objects.create_superuser("root@gatehouse.example")
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[1])
    return user


def test_pages_of_the_admin_keep_to_the_policy_and_fit(portal, superuser, admin):
    component = create_component(actor=admin, name="checkout-api")
    page = portal.open("/admin")
    for path in (
        "/admin",
        page_of(Component, "changelist"),
        page_of(Component, "add"),
        page_of(Component, "change", component.pk),
        page_of(Component, "history", component.pk),
        page_of(User, "change", superuser.pk),
        page_of(PeriodicTask, "changelist"),
        page_of(PeriodicTask, "add"),
    ):
        page.goto(path)
        expect(page.locator("#site-name")).to_have_text("Gatehouse")
        for look in ((1280, "dark"), (375, "light")):
            wear(page, look)
            assert overflow(page) == 0, (path, look)

    assert portal.complaints == []


def test_lists_of_what_happened_fit_beside_menu_and_filters(portal, superuser, admin):
    release = a_release(admin, an_application(admin), digest=DIGEST)
    work_on(release.pk)
    environment = create_environment(actor=admin, name="production-eu-central-1", kind="k8s")
    evaluate(actor=admin, digest=DIGEST, environment=environment, release=release)
    webhook, _ = create_webhook(actor=admin, name="Deployments to the chat of the team", url="https://hook.example/")
    try_webhook(actor=admin, webhook=webhook)
    every, _ = IntervalSchedule.objects.get_or_create(every=5, period="seconds")
    PeriodicTask.objects.create(name="old delivery sweep", task="integrations.forget_deliveries", interval=every)
    note_failed("integrations.forget_deliveries", timezone.now(), "psycopg.errors.ConnectionTimeout: no " + "x" * 200)

    page = portal.open("/admin")
    for model in (PeriodicTask, Event, GateDecision, Delivery):
        page.goto(page_of(model, "changelist"))
        expect(page.locator("#result_list tbody tr").first).to_be_visible()
        box = page.locator("#changelist .results")
        assert box.evaluate("box => box.scrollWidth - box.clientWidth") == 0, model


def test_the_admin_follows_the_theme_of_the_portal(portal, superuser, client):
    client.post(reverse("catalog:appearance"), {"theme": "dark"})

    page = portal.open("/admin", theme="light")

    expect(page.locator("html")).to_have_css("color-scheme", "dark")


def test_a_component_is_added_by_hand(portal, superuser, admin):
    page = portal.open(page_of(Component, "add"))
    page.locator(".field-organization .select2-selection").click()
    page.locator(".select2-results__option", has_text="Acme").click()
    page.fill("#id_name", "checkout-api")
    page.locator("input[name=_continue]").click()

    expect(page.locator(".messagelist")).to_contain_text("checkout-api")
    page.get_by_role("link", name="View on site").click()
    expect(page).to_have_url(re.compile(f"/catalog/components/{Component.objects.get().uid}$"))
    assert [each for each in portal.complaints if "403" not in each] == []  # root is nobody's member
