"""The portal's pages in a real browser: accessible, narrow and wide, light and dark, with and without scripts."""

import pytest
from django.conf import settings
from django.urls import reverse

from catalog.models import Component
from catalog.services.components import create_component
from catalog.services.environments import create_environment
from tests.browser.conftest import assert_fits, overflow, wear

LOOKS = [(1280, "dark"), (375, "light")]


@pytest.fixture
def paths(client, admin) -> dict[str, str]:
    """Pages of an organization with something in it, by name; the visitor is its admin."""
    client.force_login(admin.user, backend=settings.AUTHENTICATION_BACKENDS[1])
    component = create_component(
        actor=admin, name="checkout-api", lifecycle="production", kind="service", criticality="critical",
        tags=["pci", "tier-0"], repository="https://github.com/acme/checkout-api", dependencies=[{"target": "a" * 10}],
    )  # fmt: skip
    environment = create_environment(actor=admin, name="production-eu", kind="k8s", description="Where money moves")
    for at in range(60):
        create_component(actor=admin, name=f"a rather long component name, number {at:02}", lifecycle="deprecated")
    return {
        "home": "/",
        "components": reverse("catalog:component-list"),
        "filtered": reverse("catalog:component-list") + "?lifecycle=deprecated&q=nothing",
        "component": reverse("catalog:component", args=[component.uid]),
        "add": reverse("catalog:component-new"),
        "environments": reverse("catalog:environment-list"),
        "environment": reverse("catalog:environment", args=[environment.uid]),
        "sign out": reverse("account_logout"),
        "lost": "/catalog/nowhere",
    }


def test_pages_are_accessible_and_fit_every_window(portal, paths, subtests):
    page = portal.open(paths["home"])
    for name, path in paths.items():
        with subtests.test(name):
            portal.requests.clear()
            page.goto(path)

            assert len(portal.requests) <= 10
            assert_fits(page, LOOKS)
            for width in (320, 1024):
                wear(page, (width, "dark"))
                assert overflow(page) == 0
    assert [each for each in portal.complaints if "404" not in each] == []


def test_the_door_is_accessible(portal, db):
    assert_fits(portal.open(reverse("account_login") + "?next=/releases"), LOOKS)
    assert portal.complaints == []


def test_theme_changes_at_once_and_is_kept(portal, paths):
    page = portal.open("/")

    page.get_by_role("button", name="Theme and density").click()
    page.get_by_role("button", name="Dark").click()

    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.url.endswith("/")
    page.wait_for_load_state("networkidle")
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_theme_works_without_scripts(portal, paths):
    page = portal.open(paths["environments"], scripts=False)

    page.get_by_role("button", name="Theme and density").click()
    page.get_by_role("button", name="Dark").click()

    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.url.endswith(paths["environments"])


def test_a_list_is_searched_while_typing_and_by_the_form_without_scripts(portal, paths):
    page = portal.open(paths["components"])
    page.get_by_label("Name or repository").fill("checkout")
    page.get_by_text("1 component", exact=True).wait_for()

    assert page.url.endswith("?q=checkout")
    assert page.locator("#rows tbody th").all_text_contents()[0].startswith("checkout-api")
    assert page.locator("h1").count() == 1

    plain = portal.open(paths["components"], scripts=False)
    plain.get_by_label("Name or repository").fill("checkout")
    plain.get_by_role("button", name="Search").click()
    assert plain.locator("#rows tbody tr").count() == 1


def test_a_filter_of_the_menu_becomes_a_chip_and_goes(portal, paths):
    page = portal.open(paths["components"])
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("Lifecycle").select_option("Production")
    page.get_by_text("1 component", exact=True).wait_for()

    page.get_by_role("link", name="Remove filter Lifecycle").click()

    assert page.locator("#rows tbody tr").count() == 50
    assert "lifecycle" not in page.url


def test_keys_find_go_and_walk_until_switched_off(portal, paths):
    page = portal.open(paths["components"])

    page.keyboard.press("j")
    page.keyboard.press("j")
    first, second = page.locator("#rows tbody th a").all()[:2]
    assert second.evaluate("link => link === document.activeElement")
    page.keyboard.press("k")
    assert first.evaluate("link => link === document.activeElement")
    page.keyboard.press("/")
    assert page.locator("#find").evaluate("input => input === document.activeElement")
    page.locator("h1").click()
    page.keyboard.press("g")
    page.keyboard.press("e")
    page.wait_for_url("**/environments")

    page.get_by_role("button", name="Theme and density").click()
    page.get_by_role("button", name="Single keys off").click()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("/")
    assert not page.locator("#find").evaluate("input => input === document.activeElement")


def test_copying_says_so(portal, paths):
    page = portal.open(paths["component"])

    page.get_by_role("button", name="Copy record id").click()

    page.get_by_text("Copied").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == Component.objects.get(name="checkout-api").record_id


def test_a_lost_session_takes_the_whole_tab_to_the_door(portal, paths, client):
    page = portal.open(paths["components"])
    client.logout()

    page.get_by_label("Name or repository").fill("checkout")

    page.wait_for_url("**/accounts/login/**")
    assert "next=%2Fcatalog%2Fcomponents" in page.url


def test_the_rail_comes_back_from_the_menu_button_on_a_phone(portal, paths):
    page = portal.open("/", width=375, scripts=False)
    assert not page.get_by_role("navigation", name="Main").is_visible()

    page.get_by_role("button", name="Open navigation").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Environments").click()

    assert page.locator("h1").text_content() == "Environments"
