"""The portal's pages in a real browser: accessible, narrow and wide, light and dark, with and without scripts."""

import re

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from catalog.models import Component, Event, Membership
from catalog.services.components import create_component
from catalog.services.environments import create_environment
from catalog.services.search import keep
from tests.browser.conftest import assert_fits, faults, overflow, wear
from tests.people import PASSWORD

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
    return {
        "home": "/",
        "components": reverse("catalog:component-list"),
        "filtered": reverse("catalog:component-list") + "?lifecycle=deprecated&q=nothing",
        "component": reverse("catalog:component", args=[component.uid]),
        "add": reverse("catalog:component-new"),
        "environments": reverse("catalog:environment-list"),
        "environment": reverse("catalog:environment", args=[environment.uid]),
        "audit": reverse("catalog:audit"),
        "event": reverse("catalog:event", args=[Event.objects.latest("pk").uid]),
        "sign out": reverse("account_logout"),
        "lost": "/catalog/nowhere",
    }


@pytest.fixture
def many(paths, acme) -> None:
    """Sixty more components, as rows: more than a page."""
    names = [f"a rather long component name, number {at:02}" for at in range(60)]
    made = [
        Component(organization=acme, name=name, slug=f"c{at}", record_id=f"c{at}", lifecycle="deprecated")
        for at, name in enumerate(names)
    ]
    keep(Component.objects.bulk_create(made))


def test_pages_are_accessible_and_fit_every_window(portal, paths, many, subtests):
    page = portal.open(paths["home"])
    for name, path in paths.items():
        with subtests.test(name):
            portal.requests.clear()
            page.goto(path)

            assert len(portal.requests) <= 10
            if name in ("components", "filtered", "lost"):  # test_costs.py looks at all others
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
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name="Dark").click()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.url.endswith("/")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_theme_works_without_scripts(portal, paths):
    page = portal.open(paths["environments"], scripts=False)

    page.get_by_role("button", name="Theme and density").click()
    page.get_by_role("button", name="Dark").click()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.url.endswith(paths["environments"])


def test_a_list_is_searched_while_typing_and_by_the_form_without_scripts(portal, paths, many):
    page = portal.open(paths["components"])
    page.get_by_label("Name or repository").fill("checkout")
    expect(page.get_by_role("caption")).to_have_text("1 component")

    expect(page).to_have_url(re.compile(r"\?q=checkout$"))
    expect(page.locator("#rows tbody th")).to_contain_text(["checkout-api"])
    expect(page.locator("h1")).to_have_count(1)

    plain = portal.open(paths["components"], scripts=False)
    plain.get_by_label("Name or repository").fill("checkout")
    plain.get_by_role("button", name="Search").click()
    expect(plain.locator("#rows tbody tr")).to_have_count(1)


def test_a_filter_of_the_menu_becomes_a_chip_and_goes(portal, paths, many):
    page = portal.open(paths["components"])
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("Lifecycle").select_option("Production")
    expect(page.get_by_role("caption")).to_have_text("1 component")

    page.get_by_role("link", name="Remove filter Lifecycle").click()

    expect(page.locator("#rows tbody tr")).to_have_count(50)
    expect(page).not_to_have_url(re.compile("lifecycle"))


def test_keys_find_go_and_walk_until_switched_off(portal, paths, many):
    page = portal.open(paths["components"])

    page.keyboard.press("j")
    page.keyboard.press("j")
    first, second = page.locator("#rows tbody th a").all()[:2]
    expect(second).to_be_focused()
    page.keyboard.press("k")
    expect(first).to_be_focused()
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").get_by_text("Go to Environments").wait_for()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("e")
    page.wait_for_url("**/environments")

    page.get_by_role("button", name="Theme and density").click()
    page.get_by_role("button", name="Single keys off").click()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_palette_finds_goes_does_and_remembers(portal, paths):
    page = portal.open(paths["component"])
    name, palette = page.locator("h1").inner_text(), page.get_by_role("dialog", name="Search and commands")
    page.goto(paths["environments"])

    page.keyboard.press("/")
    palette.get_by_role("group", name="Recent").get_by_role("option", name=name).wait_for()
    palette.get_by_role("group", name="Do").get_by_role("option", name="Add a component").wait_for()
    page.keyboard.type("heckout-a")
    expect(palette.get_by_role("listbox")).to_have_attribute("data-words", "heckout-a")
    found = palette.get_by_role("group", name="Found").get_by_role("option", name=f"{name} Component")
    expect(found).to_have_attribute("aria-selected", "true")
    expect(palette.get_by_role("combobox")).to_have_attribute("aria-activedescendant", found.get_attribute("id"))
    assert_fits(page, LOOKS)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{paths['component']}")

    wear(page, (1280, "dark"))
    page.keyboard.press("Control+k")
    page.keyboard.type("invite a mem")
    page.get_by_role("option", name="Invite a member").click()
    page.wait_for_url("**/settings/members/invite")
    page.get_by_role("searchbox", name="Search").click()
    page.keyboard.type("heckout-a")
    page.get_by_role("option", name="Search for “heckout-a”").click()
    page.get_by_role("heading", name="Components").wait_for()
    page.keyboard.press("/")
    expect(palette).to_be_visible()
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    assert portal.complaints == []


def test_the_finder_is_a_form_without_scripts(portal, paths):
    page = portal.open(paths["environments"], scripts=False)

    page.get_by_role("searchbox", name="Search").fill("heckout-a")
    page.keyboard.press("Enter")

    page.wait_for_url("**/search?q=heckout-a")
    page.get_by_role("heading", name="Components").wait_for()


def test_copying_says_so(portal, paths):
    page = portal.open(paths["component"])

    page.get_by_role("button", name="Copy record id").click()

    page.get_by_text("Copied").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == Component.objects.get(name="checkout-api").record_id


def test_on_paper_a_list_fits_and_says_whose_it_is(portal, paths):
    page = portal.open(f"{paths['components']}?lifecycle=production", width=720, theme="dark")
    page.emulate_media(media="print")

    line = page.locator("main .print-only").text_content()
    assert line.startswith("Acme, printed by Admin Acme on ")
    assert line.endswith("/catalog/components?lifecycle=production")
    shown = page.locator("nav, .btn, .filters, .link").all()
    assert not any(each.is_visible() for each in shown if each.get_attribute("aria-label") != "Breadcrumb")
    assert page.evaluate("document.querySelector('.table').offsetWidth <= document.querySelector('.list').clientWidth")


def test_many_are_changed_after_a_preview(portal, paths, many):
    page = portal.open(paths["components"])
    page.get_by_label("Select this page").check()
    page.get_by_text("50 selected").wait_for()
    page.get_by_role("checkbox", name="Select this page").uncheck()
    for name in ("number 01", "number 02"):
        page.get_by_role("checkbox", name=f"Select a rather long component name, {name}").check()
    page.get_by_role("button", name="Change…", exact=True).click()
    page.get_by_label("Lifecycle").select_option("Retired")
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("all of these can be done").wait_for()
    assert_fits(page, LOOKS)

    page.get_by_role("button", name="Change 2", exact=True).click()

    page.get_by_text("2 done,").wait_for()
    assert_fits(page, LOOKS)
    assert Component.objects.filter(lifecycle="retired").count() == 2
    assert portal.complaints == []


def test_a_lost_session_takes_the_whole_tab_to_the_door_and_back(portal, paths, client, admin):
    page = portal.open(paths["components"])
    client.logout()

    page.get_by_label("Name or repository").fill("checkout")

    page.wait_for_url("**/accounts/login/**")
    assert "next=%2Fcatalog%2Fcomponents" in page.url
    page.get_by_label("E-mail").fill(admin.user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{paths['components']}*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Components")


def test_a_panel_that_gets_no_rows_says_why_in_place(portal, paths, monkeypatch):
    page = portal.open(paths["components"])
    panel, search = page.locator("#rows"), page.get_by_label("Name or repository")

    with monkeypatch.context() as broken:
        broken.setattr("catalog.views.component.render_page", lambda *args, **more: 1 / 0)
        search.fill("a")
        expect(panel).to_contain_text("Something broke on our side")
    Membership.objects.all().delete()
    search.fill("b")
    expect(panel).to_contain_text("This gate is closed to you")
    expect(page.locator("main")).to_have_count(1)


def test_the_rail_comes_back_from_the_menu_button_on_a_phone(portal, paths):
    page = portal.open("/", width=375, scripts=False)
    assert not page.get_by_role("navigation", name="Main").is_visible()

    page.get_by_role("button", name="Open navigation").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Environments").click()

    expect(page.locator("h1")).to_have_text("Environments")
