"""Every list and page at one row of everything and at twenty: the same number of queries, which `costs.py` pins.

The routes come from the URL resolver: a new one fails until the table has it.
"""

import os
import re
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.browser.conftest import faults, keep, open_beside, overflow, show, wear
from tests.browser.shelf import Shelf, weight
from tests.dialects.callers import Cast
from tests.dialects.costs import FIXED, LISTS, OTHERS
from tests.dialects.growing import begin, grow
from tests.dialects.pages import PAGES, Page, things_of
from tests.dialects.routes import ROUTES, Route

pytestmark = pytest.mark.xdist_group("browser")  # one process looks, once: the one that has a Chromium
HTML = {"catalog:home": 60_000}  # bytes that a page may weigh, where it is not as all others
NO_PAGE = {  # pieces of a page, files, and what leads to a page
    "catalog:palette", "catalog:settings", "compliance:artifact", "compliance:attestation", "compliance:evidence",
    "integrations:notification", "releases:release-by-uid", "releases:release-decision",
}  # fmt: skip
# axe takes most of the time of a look: without this, one of the two themes and widths of a page, in turn.
WIDE = 1280
LOOKS = [(WIDE, "dark"), (375, "light")]
EVERY_LOOK = os.environ.get("GATEHOUSE_EVERY_LOOK") == "1"


class Measure(NamedTuple):
    """What one look cost, and how many rows it showed."""

    queries: int
    rows: int


def rows_of(response: Any) -> int:
    """How many rows a list has: those of a page, or the objects in the outermost list of JSON; 0 for what is none."""
    if not response.get("Content-Type", "").startswith("application/json"):
        return len((response.context or {}).get("page", ()))
    body = response.json()
    lists = [body] if isinstance(body, list) else [each for each in body.values() if isinstance(each, list)]
    return max((len(each) for each in lists if each and isinstance(each[0], dict)), default=0)


@dataclass
class Looks:
    """Everything that answers a GET: API routes as an admin's machine, pages as an admin.

    `first` and `last` are the pages as they looked the first and the last time, by their names.
    """

    cast: Cast
    browser: Client
    things: dict[str, Any]
    first: dict[str, HttpResponse] = field(default_factory=dict)
    last: dict[str, HttpResponse] = field(default_factory=dict)
    few: dict[str, Measure] = field(default_factory=dict)
    many: dict[str, Measure] = field(default_factory=dict)

    def measure(self, names: Collection[str] | None = None) -> dict[str, Measure]:
        """What each costs, or each of these, that gets a good answer."""
        found = {
            str(each): self.look(each)
            for each in (*ROUTES, *PAGES)
            if getattr(each, "method", "GET") == "GET" and (names is None or str(each) in names)
        }
        return {name: each for name, each in found.items() if each}

    def look(self, target: Route | Page) -> Measure | None:
        """One look; None where the answer is none."""
        with CaptureQueriesContext(connection) as queries:
            if isinstance(target, Page):
                response = self.browser.get(target.path(self.things))
                assert response.status_code != 404, f"tests/dialects/pages.py knows nothing that {target} shows"
            else:
                response = self.cast.call(target)
        if b"<main" in getattr(response, "content", b"") and response.status_code == 200:
            self.first.setdefault(str(target), response)
            self.last[str(target)] = response
        return Measure(len(queries), rows_of(response)) if response.status_code < 400 else None


@pytest.fixture(scope="module")
def looked(playwright, filled) -> Looks:
    """Everything, looked at with one row and with twenty."""
    begin(filled.world)
    looks = Looks(filled, Client(), things_of(filled.world))
    looks.browser.force_login(filled.world.admin.user, backend=settings.AUTHENTICATION_BACKENDS[1])
    looks.browser.get("/settings/profile")  # notes a session that began without the login page
    looks.few = looks.measure(LISTS)
    grow(filled.world)
    looks.many = looks.measure()
    return looks


@pytest.fixture
def looks(looked, db) -> Looks:
    """Everything, looked at with one row and with twenty."""
    return looked


def test_every_page_is_accessible_and_fits_in_two_themes_and_widths(looks, chromium, subtests):
    with Shelf(looks.first.values()) as shelf, closing(chromium.new_context(base_url=shelf.address)) as context:
        kept, asked, complaints, found = context.new_page(), [], [], []
        kept.goto(next(iter(looks.first.values())).wsgi_request.path)
        tab = open_beside(kept)
        tab.set_viewport_size({"width": WIDE, "height": 900})
        tab.on("request", lambda request: asked.append(request.url.removeprefix(shelf.address)))
        tab.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        for name, page in looks.first.items():
            with subtests.test(name):
                asked.clear()
                complaints.clear()
                tab.goto(page.wsgi_request.path)
                assert (len(asked) <= 10, [each for each in asked if not each.startswith("/")]) == (True, [])
                assert shelf.weight(asked, ".js") <= 40_000
                assert shelf.weight(asked, ".css") <= 30_000
                assert overflow(tab) == 0
                keep(kept, name)
                found.append(name)
                assert complaints == []
        tab.close()
        for at, look in enumerate(LOOKS):
            wear(kept, look)
            for number, name in enumerate(found):
                looked_at = EVERY_LOOK or at == number % 2
                if look[0] == WIDE and not looked_at:
                    continue  # the theme is in the colours alone: it fits, as it did when it was loaded
                with subtests.test(name, look=look):
                    show(kept, name)
                    assert overflow(kept) == 0
                    if looked_at:
                        assert faults(kept, "main") == []


def test_everything_costs_the_same_at_one_and_at_twenty_rows(looks):
    few, many = looks.few, looks.many

    assert {name: each.queries for name, each in many.items()} == LISTS | OTHERS
    assert {name: each.queries for name, each in few.items()} == LISTS
    assert {name for name, each in few.items() if each.rows} == {name for name in LISTS if many[name].rows >= 20}
    assert {name for name, each in many.items() if each.rows} <= LISTS.keys() | FIXED.keys(), "these are lists"


def test_a_page_of_a_full_list_weighs_little_enough(looks):
    """A list shows fifty rows at most: what nineteen more weigh tells what forty-nine do."""
    full = {}
    for name, page in looks.last.items():
        alone = weight(looks.first[name].content)
        full[name] = alone + (weight(page.content) - alone) * 49 / 19
    assert {name for name, bytes_ in full.items() if bytes_ > HTML.get(name, 30_000)} == set()
    pages = {str(page) for page in PAGES} & looks.many.keys()
    assert pages - looks.last.keys() == NO_PAGE


def test_every_page_has_its_marks(looks):
    """What the rules about whole pages ask for; a browser looks at `main` only, as the rest is the same everywhere."""
    for name, page in looks.first.items():
        text = page.content.decode()
        marks = [
            len(re.findall(mark, text))
            for mark in ("<main\\b", "<h1\\b", "<title>[^<]+ · Gatehouse</", '<html lang="en"')
        ]
        assert marks == [1, 1, 1, 1], name
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(ids) == len(set(ids)), name


def test_a_page_takes_at_most_twenty_queries_and_few_lists_never_grow():
    assert max((LISTS | OTHERS).get(str(page), 0) for page in PAGES) <= 20
    assert len(FIXED) == 9
    assert FIXED.keys() <= OTHERS.keys()
