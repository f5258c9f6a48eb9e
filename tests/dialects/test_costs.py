"""Every list and page at one row of everything and at twenty: the same number of queries, which `costs.py` pins.

The routes come from the URL resolver: a new one fails until the table has it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.dialects.callers import Cast
from tests.dialects.costs import FIXED, LISTS, OTHERS
from tests.dialects.growing import begin, grow
from tests.dialects.pages import PAGES, Page, things_of
from tests.dialects.routes import ROUTES, Route

pytestmark = pytest.mark.xdist_group("walk")  # one process, from the start: each takes long, and none may be the last


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
    """Everything that answers a GET: API routes as an admin's machine, pages as an admin."""

    cast: Cast
    browser: Client
    things: dict[str, Any]

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
        return Measure(len(queries), rows_of(response)) if response.status_code < 400 else None


def test_everything_costs_the_same_at_one_and_at_twenty_rows(cast):
    begin(cast.world)
    looks = Looks(cast, Client(), things_of(cast.world))
    looks.browser.force_login(cast.world.admin.user, backend=settings.AUTHENTICATION_BACKENDS[1])
    looks.browser.get("/settings/profile")  # notes a session that began without the login page

    few = looks.measure(LISTS)
    grow(cast.world)
    many = looks.measure()

    assert {name: each.queries for name, each in many.items()} == LISTS | OTHERS
    assert {name: each.queries for name, each in few.items()} == LISTS
    assert {name for name, each in few.items() if each.rows} == {name for name in LISTS if many[name].rows >= 20}
    assert {name for name, each in many.items() if each.rows} <= LISTS.keys() | FIXED.keys(), "these are lists"


def test_a_page_takes_at_most_twenty_queries_and_few_lists_never_grow():
    assert max((LISTS | OTHERS).get(str(page), 0) for page in PAGES) <= 20
    assert len(FIXED) == 9
    assert FIXED.keys() <= OTHERS.keys()
