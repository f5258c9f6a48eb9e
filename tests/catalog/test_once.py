"""What is shown once is shown once: to whoever made it, soon, and never again."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import ApiKey
from catalog.views.once import MOST
from tests.catalog.test_pages import sign_in
from tests.people import make_actor

NEW = reverse("catalog:key-new")
KEY = re.compile(r"<code>([^<]{40,})</code>")


@pytest.fixture
def browser(client, admin):
    """Acme's admin in a browser."""
    return sign_in(client, admin)


def issue(browser, label: str = "laptop") -> str:
    """The address that shows a new key."""
    answer = browser.post(NEW, {"label": label})
    assert (answer.status_code, KEY.search(answer.text)) == (302, None)
    return answer.url


def test_a_new_key_is_shown_once_and_loading_it_again_makes_no_other(browser):
    page = issue(browser)
    assert browser.head(page).status_code == 410  # whoever only asks takes nothing

    shown = browser.get(page)
    again = browser.get(page)

    text = KEY.search(shown.text)[1]
    assert "no-store" in shown["Cache-Control"]
    assert text not in page
    assert (again.status_code, "shown already" in again.text, text in again.text) == (410, True, False)
    assert "no-store" in again["Cache-Control"]
    assert ApiKey.objects.count() == 1


def test_what_waits_is_sealed_in_the_session_and_of_nobody_else(browser, acme):
    page = issue(browser)
    kept = Session.objects.get(session_key=browser.session.session_key).get_decoded()
    stranger = sign_in(Client(), make_actor(acme, "viewer"))

    assert stranger.get(page).status_code == 410
    assert Client().get(page).status_code == 302
    text = KEY.search(browser.get(page).text)[1]
    assert text not in str(kept)
    assert browser.session["once"] == {}


def test_what_waited_too_long_or_was_followed_by_too_many_is_gone(browser, time_machine):
    first, *others = [issue(browser, str(number)) for number in range(MOST + 1)]
    assert browser.get(first).status_code == 410
    assert browser.get(others[0]).status_code == 200

    time_machine.move_to(timezone.now() + timedelta(minutes=10, seconds=1))
    assert browser.get(others[1]).status_code == 410


def test_what_was_sealed_under_a_key_that_is_gone_was_shown_already(browser):
    page = issue(browser)
    session = browser.session
    session["once"] = {each: [until, "AAAA"] for each, (until, _) in session["once"].items()}
    session.save()

    assert browser.get(page).status_code == 410
