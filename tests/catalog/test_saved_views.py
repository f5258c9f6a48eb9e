"""Saved views: filters of a list under a name, for oneself or for everybody in the organization."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Event, SavedView
from catalog.services import saved_views
from catalog.services.components import create_component
from catalog.services.saved_views import remove_view, save_view
from config.errors import Forbidden
from tests.catalog.test_pages import sign_in
from tests.people import make_actor, make_machine

LIST = "/catalog/components"
FILTERED = f"{LIST}?lifecycle=retired&q=al&sort=-name"


def browser_of(actor) -> Client:
    return sign_in(Client(), actor)


def way_to_save(page: str) -> str:
    """The address that a filtered list offers."""
    found = re.search(r'href="(/views/new\?of=[^"]+)"', page)
    assert found
    return found[1].replace("&amp;", "&")


@pytest.fixture
def mine(admin) -> SavedView:
    return save_view(actor=admin, name="Old ones", path=LIST, query="lifecycle=retired")


def test_the_filters_of_a_list_are_saved_shown_and_removed(admin, acme):
    create_component(actor=admin, name="alpha")
    browser, other = browser_of(admin), browser_of(make_actor(acme, "viewer"))
    assert "/views/new" not in browser.get(LIST).text
    address = way_to_save(browser.get(f"{FILTERED}&after=x").text)
    assert "Search: al, Lifecycle: Retired" in browser.get(address).text

    assert browser.post(address, {"name": " "}).status_code == 422
    answer = browser.post(address, {"name": "Old ones"})

    view = SavedView.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, FILTERED)
    assert (view.owner, view.is_shared, view.url) == (admin.user, False, FILTERED)
    assert 'aria-current="page">Old ones</a>' in browser.get(FILTERED).text
    assert f'href="{FILTERED.replace("&", "&amp;")}"' in browser.get(LIST).text
    assert "Old ones" not in browser.get("/environments").text
    assert "Old ones" not in other.get(LIST).text
    assert not Event.objects.filter(kind__startswith="saved_view").exists()
    assert browser.post(address, {"name": "Old ones"}).status_code == 422
    assert "You have a view of this name here." in browser.post(address, {"name": "Old ones"}).text

    gone = reverse("catalog:saved-view-remove", args=[view.uid])
    assert "Remove the view Old ones?" in browser.get(gone).text
    assert browser.post(gone).headers["Location"] == FILTERED
    assert not SavedView.objects.exists()


def test_a_shared_view_is_everybodys_and_an_event(admin, acme, stranger):
    browser, viewer, maintainer = (
        browser_of(each) for each in (admin, make_actor(acme, "viewer"), make_actor(acme, "maintainer"))
    )
    address = way_to_save(browser.get(FILTERED).text)
    browser.post(address, {"name": "Gone by", "is_shared": "on"})
    view = SavedView.objects.get()
    gone = reverse("catalog:saved-view-remove", args=[view.uid])

    assert "Shared by Admin Acme" in viewer.get(LIST).text
    assert browser_of(stranger).get(gone).status_code == 404
    assert "Gone by" not in browser_of(stranger).get(LIST).text
    refused = viewer.post(gone)
    assert (refused.status_code, SavedView.objects.count()) == (409, 1)
    assert "is_shared" not in viewer.get(address).text
    viewer.post(address, {"name": "Sly", "is_shared": "on"})
    assert SavedView.objects.get(name="Sly").is_shared is False
    assert maintainer.post(gone).status_code == 302
    assert list(Event.objects.filter(kind__startswith="saved_view").values_list("kind", flat=True)) == [
        "saved_view.removed", "saved_view.shared",
    ]  # fmt: skip


def test_only_what_a_list_offers_is_saved_and_nobody_elses_is_touched(admin, acme, mine):
    other = browser_of(make_actor(acme, "owner"))

    assert other.get(reverse("catalog:saved-view-remove", args=[mine.uid])).status_code == 404
    for forged in ("", "x", "WyJodHRwczovL2V2aWwuZXhhbXBsZSIsIiJd:1:x"):
        assert other.get(reverse("catalog:saved-view-new"), {"of": forged}).status_code == 404


def test_the_service_asks_who_and_how_many(admin, acme, mine, monkeypatch):
    viewer = make_actor(acme, "viewer")
    with pytest.raises(Forbidden):
        save_view(actor=viewer, name="x", path=LIST, query="", is_shared=True)
    with pytest.raises(Forbidden):
        save_view(actor=make_machine(acme)[0], name="x", path=LIST, query="")
    with pytest.raises(Forbidden):
        remove_view(actor=viewer, view=mine)
    monkeypatch.setattr(saved_views, "MOST", 1)
    with pytest.raises(saved_views.Conflict):
        save_view(actor=admin, name="one more", path=LIST, query="")
    assert save_view(actor=admin, name="elsewhere", path="/environments", query="").pk
