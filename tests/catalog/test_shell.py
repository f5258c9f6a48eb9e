"""The shell around every page: theme, navigation, organizations, errors."""

import gzip
import re

import pytest
from django.conf import settings
from django.contrib import messages
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from catalog import slots
from catalog.actors import user_actor
from catalog.models import Component, Event, Membership, Role
from catalog.services.components import create_component
from catalog.services.events import record_event
from catalog.services.organizations import create_organization
from catalog.timeline import timeline

PANEL = {"HX-Request": "true"}


@pytest.fixture
def signed_in(client, admin):
    """Acme's admin in a browser."""
    client.force_login(admin.user, backend=settings.AUTHENTICATION_BACKENDS[1])
    return client


@pytest.mark.parametrize(("key", "value", "kept"), [
    ("theme", "dark", "dark"), ("theme", "light", "light"), ("theme", "", None), ("theme", '"><script>', None),
    ("density", "compact", "compact"), ("density", "cozy", None), ("keys", "off", "off"),
])  # fmt: skip
def test_appearance_is_kept_in_the_session(signed_in, key, value, kept):
    signed_in.post(reverse("catalog:appearance"), {key: "dark" if key == "theme" else "compact"})

    response = signed_in.post(reverse("catalog:appearance"), {key: value, "next": "/environments?x=1"})

    page = signed_in.get(reverse("catalog:home")).text
    assert response.headers["Location"] == "/environments?x=1"
    assert re.findall(rf'<html[^>]* data-{key}="([^"]*)"', page) == ([kept] if kept else [])


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_appearance_leads_back_to_our_pages_only(client, db, page):
    response = client.post(reverse("catalog:appearance"), {"theme": "dark", "next": page})

    assert response.headers["Location"] == "/"


def test_appearance_by_script_needs_no_page(client, db):
    response = client.post(reverse("catalog:appearance"), {"theme": "dark"}, headers={"X-Requested-With": "fetch"})

    assert (response.status_code, client.session["theme"]) == (204, "dark")


def test_appearance_is_posted(client, db):
    assert client.get(reverse("catalog:appearance")).status_code == 405


def test_the_current_entry_of_the_rail_is_marked(signed_in):
    page = signed_in.get(reverse("catalog:component-list")).text

    links = re.findall(r'<a class="rail-link" href="([^"]+)"( aria-current="\w+")?', page)
    assert [url for url, current in links if current] == [reverse("catalog:component-list")]


def test_an_entry_whose_page_is_not_routed_is_left_out(monkeypatch, rf):
    monkeypatch.setattr(slots, "_nav", [])
    monkeypatch.setattr(slots, "_waiting", [])
    slots.register_nav("Gone", "nowhere:at-all", "plug", order=1)
    slots.register_nav("Home", "catalog:home", "house", order=2, count=lambda request: 3)
    slots.register_waiting("nowhere:at-all", lambda request: 7)

    assert [(link.label, link.current, link.count, link.key) for link in slots.nav(rf.get("/"))] == [
        ("Home", "page", 3, "h")
    ]
    assert slots.waiting(rf.get("/")) is None


def test_keys_of_the_rail_are_unique(monkeypatch, rf):
    monkeypatch.setattr(slots, "_nav", [])
    for order, label in enumerate(["Catalog", "Compliance", "Cloc"]):
        slots.register_nav(label, "catalog:home", "box", order=order)

    assert [link.key for link in slots.nav(rf.get("/"))] == ["c", "o", "l"]


def test_panels_come_in_order_and_empty_ones_not_at_all(monkeypatch, rf):
    monkeypatch.setattr(slots, "_panels", slots._panels.__class__(list))
    slots.register("here", lambda request, subject: f"late {subject}", order=90)
    slots.register("here", lambda request, subject: "  \n", order=50)
    slots.register("here", lambda request, subject: "early", order=10)

    assert slots.render("here", rf.get("/"), "x") == ["early", "late x"]
    assert slots.render("nowhere", rf.get("/")) == []


def test_every_slot_that_is_filled_is_drawn_somewhere():
    drawn = set()
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        drawn |= set(re.findall(r'{% panels "([\w.-]+)"', path.read_text()))

    assert slots.registered() <= drawn


def test_an_event_nobody_described_is_told_by_its_kind(admin):
    component = create_component(actor=admin, name="checkout")
    record_event("component.frobnicated", subject=component, actor=admin, data={"odd": "{subject.__class__}"})

    entries = timeline(Event.objects.about(component.uid))

    assert [(each.tone, each.text) for each in entries] == [
        ("mute", "component frobnicated checkout"),
        ("ok", "added the component checkout"),
    ]
    assert entries[1].url == reverse("catalog:component", args=[component.uid])


def test_a_person_switches_between_their_organizations_only(signed_in, admin, acme, globex):
    assert signed_in.post(reverse("catalog:organization-switch"), {"organization": "globex"}).status_code == 404
    Membership.objects.create(
        organization=globex, user=admin.user, role=Role.objects.get(organization=globex, canonical="viewer")
    )

    response = signed_in.post(reverse("catalog:organization-switch"), {"organization": "globex"})

    assert response.headers["Location"] == "/"
    assert '<span title="Globex">Globex</span>' in signed_in.get("/").text


def test_who_is_added_elsewhere_stays_where_they_are_and_a_link_from_there_opens(signed_in, admin, acme):
    earlier = create_organization(name="Aardvark")  # before Acme in every list
    Membership.objects.create(
        organization=earlier, user=admin.user, role=Role.objects.get(organization=earlier, canonical="admin")
    )
    there = create_component(actor=user_actor(admin.user, earlier.pk), name="burrow")
    page = reverse("catalog:component", args=[there.uid])

    lost = signed_in.get(page)
    assert lost.status_code == 404
    assert '<span title="Acme">Acme</span>' in lost.text
    assert f'<input type="hidden" name="next" value="{page}">' in lost.text
    assert '<button class="btn" name="organization" value="aardvark">Look in Aardvark</button>' in lost.text
    assert "Look in Acme" not in lost.text

    switch = reverse("catalog:organization-switch")
    assert "burrow" in signed_in.post(switch, {"organization": "aardvark", "next": page}, follow=True).text
    assert signed_in.post(switch, {"organization": "acme", "next": "https://else.example/"}).headers["Location"] == "/"


def test_whoever_has_one_organization_is_led_nowhere_else(signed_in):
    assert "Look in" not in signed_in.get("/catalog/nowhere").text


def test_htmx_gets_the_rows_and_a_restored_page_the_page(signed_in):
    url = reverse("catalog:component-list")

    rows = signed_in.get(url, headers={"HX-Request": "true"})
    page = signed_in.get(url, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})

    assert "<html" not in rows.text
    assert "No components yet" in rows.text
    assert "<html" in page.text
    assert {"HX-Request", "HX-History-Restore-Request"} <= {each.strip() for each in rows.headers["Vary"].split(",")}


def test_errors_are_pages_and_fill_a_panel_for_htmx(signed_in):
    page = signed_in.get("/catalog/nowhere")
    panel = signed_in.get("/catalog/nowhere", headers={"HX-Request": "true"})

    assert (page.status_code, panel.status_code) == (404, 404)
    assert "<nav" in page.text
    assert "<html" not in panel.text
    assert "<h1>Nothing stands at this address</h1>" in page.text
    assert "<h2>Nothing stands at this address</h2>" in panel.text  # below the page's own


def test_the_500_page_needs_nothing(signed_in, monkeypatch):
    printed = render_to_string("500.html")

    assert "Something broke on our side" in printed
    signed_in.raise_request_exception = False
    monkeypatch.setattr("catalog.views.component.render_page", lambda *args, **more: 1 / 0)
    monkeypatch.setattr("catalog.context.Shell", lambda request: None)
    page, panel = (signed_in.get(reverse("catalog:component-list"), headers=headers) for headers in ({}, PANEL))
    assert (page.status_code, panel.status_code) == (500, 500)
    assert ("<html" in page.text, "<html" in panel.text) == (True, False)
    assert "Something broke on our side" in panel.text


def test_what_is_refused_before_a_view_is_said_in_the_look_of_the_house(signed_in, admin):
    large = signed_in.post(reverse("catalog:component-new"), {"name": "x" * 3_000_000})
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin.user)
    stale = strict.post(reverse("catalog:component-new"), {"name": "checkout"})
    bad = signed_in.get("/catalog/components", headers={"Host": "elsewhere.example"})

    for answer, status, words in (
        (large, 413, "The body is too large."),
        (stale, 403, "This form is too old"),
        (bad, 400, "This request can't be read"),
    ):
        assert (answer.status_code, f'<p class="meta">{status}</p>' in answer.text) == (status, True)
        assert words in answer.text
        assert "css/components" in answer.text
    assert not Component.objects.exists()


def test_a_panel_says_in_place_why_it_has_nothing(signed_in, admin):
    url = reverse("catalog:component-list")
    Membership.objects.all().delete()

    page, panel = signed_in.get(url), signed_in.get(url, headers=PANEL)

    assert (page.status_code, panel.status_code) == (403, 403)
    assert ("<html" in page.text, "<html" in panel.text) == (True, False)
    assert "This gate is closed to you" in panel.text


def test_errors_stay_on_the_page_and_news_are_toasts(rf, db):
    request = RequestFactory().get("/")
    said = [
        messages.storage.base.Message(messages.ERROR, "Refused <b>"),
        messages.storage.base.Message(messages.SUCCESS, "Approved"),
    ]

    printed = render_to_string("components/messages.html", {"messages": said}, request=request)

    assert re.search(r'class="note t-bad" role="alert".*Refused &lt;b&gt;', printed)
    assert re.search(r'class="toast t-ok".*Approved', printed)


def test_sign_in_says_where_one_returns_and_nothing_foreign(client, db):
    own = client.get(reverse("account_login"), {"next": "/releases/482"}).text
    foreign = client.get(reverse("account_login"), {"next": "//evil.example/x"}).text

    assert "You will go back to <b>/releases/482</b>" in own
    assert "You will go back" not in foreign


def test_no_template_carries_inline_style_or_script():
    offending = []
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        text = path.read_text()
        if re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)", text) and "admin" not in path.parts:
            offending.append(path.name)

    assert offending == []


def test_sheets_and_scripts_stay_small():
    def weight(pattern: str) -> int:
        return sum(len(gzip.compress(path.read_bytes())) for path in (settings.BASE_DIR / "static").rglob(pattern))

    assert weight("*.css") < 30_000
    assert weight("*.js") < 23_000  # with htmx 40


def test_a_locked_door_says_so_in_our_look(client, db):
    answers = [client.post(reverse("account_login"), {"login": "a@b.example", "password": "wrong"}) for _ in range(5)]

    assert answers[-1].status_code == 429
    assert "Locked for a while" in answers[-1].text
