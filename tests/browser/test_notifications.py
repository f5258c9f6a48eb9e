"""Notifications in a real browser."""

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from catalog.services.environments import create_environment
from integrations.models import Notification
from tests.browser.conftest import assert_fits
from tests.integrations.news import a_notification

PAGE = "/integrations/notifications"
LOOKS = [(1280, "dark"), (320, "light")]


@pytest.fixture
def rows(client, acme, admin) -> list[Notification]:
    """Three that are not read, one of each severity and the last about an environment, and one that is."""
    client.force_login(admin.user, backend=settings.AUTHENTICATION_BACKENDS[1])
    environment = create_environment(actor=admin, name="production-eu")
    about = reverse("catalog:environment", args=[environment.uid])
    long = "Two of five requirements are open.\n" + "container-scan: Failed, recorded by ci. " * 5
    return [
        a_notification(acme, admin.user, title="Approved: checkout-api 7", severity="info", read_at=timezone.now()),
        a_notification(acme, admin.user, title="Approval requested: checkout-api 8", severity="info"),
        a_notification(acme, admin.user, title="Gate closed: checkout-api", message=long, severity="critical"),
        a_notification(acme, admin.user, title="Drift in production-eu", severity="warning", url=about),
    ]


def test_the_page_is_accessible_and_fits_every_window(portal, rows):
    page = portal.open(f"{PAGE}?show=all")
    assert_fits(page, LOOKS)
    Notification.objects.all().delete()
    page.goto(PAGE)
    assert_fits(page, LOOKS)
    assert portal.complaints == []


@pytest.mark.parametrize("scripts", [True, False])
def test_one_click_leads_to_the_thing_and_another_has_it_read(portal, rows, scripts):
    page = portal.open(PAGE, scripts=scripts)
    expect(page.locator("ol.rows > li")).to_have_count(3)
    page.get_by_role("link", name="Drift in production-eu").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("production-eu")

    page.goto(PAGE)
    expect(page.locator("ol.rows > li")).to_have_count(2)
    page.get_by_role("button", name="Mark as read: Gate closed: checkout-api").click()
    expect(page.locator("ol.rows > li")).to_have_count(1)
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator("main")).to_contain_text("Nothing unread")
    assert not Notification.objects.filter(read_at=None).exists()
    assert portal.complaints == []
