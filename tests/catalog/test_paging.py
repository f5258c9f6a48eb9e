"""Pages by key."""

import pytest
from django.core import signing
from django.test import RequestFactory

from catalog.models import Component, Team
from catalog.views import paging
from catalog.views.paging import keyset_page


def ask(query: str = ""):
    """A request for a list page."""
    return RequestFactory().get(f"/list{query}")


def walk(queryset, size: int, link: str = "older_url", query: str = "") -> list[list]:
    """Every page from `query` on, following one link."""
    pages = []
    while query is not None:
        page = keyset_page(queryset, ask(query), size=size)
        pages.append(list(page))
        query = getattr(page, link) or None
    return pages


@pytest.fixture
def components(admin) -> list[Component]:
    """Seven components in two teams and none, with equal names among them."""
    teams = [Team.objects.create(organization=admin.organization, name=n, slug=n, public_id=n * 8) for n in "ab"]
    owners = [teams[0], teams[1], None, teams[0], None, teams[1], None]
    return Component.objects.bulk_create(
        Component(organization=admin.organization, name=f"name {at // 2}", slug=f"c{at}", record_id=f"c{at}", team=team)
        for at, team in enumerate(owners)
    )


@pytest.mark.parametrize(
    "order", [["name"], ["-name"], ["pk"], ["-pk"], ["team__name", "-name"], ["-team__name"], ["-pushed_at"]]
)
@pytest.mark.parametrize("size", [1, 3, 7, 50])
def test_every_row_is_seen_once_in_order_both_ways(components, order, size):
    queryset = Component.objects.order_by(*order)
    tie = "-pk" if order[-1].startswith("-") else "pk"
    expected = list(queryset.order_by(*order, tie))

    down = walk(queryset, size)
    last = keyset_page(queryset, ask(keyset_page(queryset, ask(), size=size).older_url), size=size)
    up = walk(queryset, size, "newer_url", last.newer_url or "")

    assert [row for page in down for row in page] == expected
    assert up[-1] == expected[: len(up[-1])]


def test_the_count_is_bounded_and_costs_nothing_when_all_is_shown(components, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(paging, "COUNT_LIMIT", 5)
    with django_assert_num_queries(1):
        whole = keyset_page(Component.objects.all(), ask(), size=7)
        assert (whole.count_label, whole.whole) == ("7", True)

    with django_assert_num_queries(2):
        part = keyset_page(Component.objects.all(), ask(), size=3)
        assert (part.count_label, part.whole) == ("5+", False)


def test_links_keep_the_filters(components):
    page = keyset_page(Component.objects.all(), ask("?team=a&sort=name"), size=3)

    assert page.older_url.startswith("?team=a&sort=name&after=")
    assert page.newer_url == ""


# Signed values differ between the processes of a run, so the cases are named by length.
@pytest.mark.parametrize("cursor", [
    "", "x", "\x00", "a" * 5000, "..", ":::", "eyJh:1w:xyz", "%00", "💥",
    signing.dumps([["name", "pk"], ["a", 1]], salt="other"),
    signing.dumps("not a list", salt=paging.SALT),
    signing.dumps([["name", "pk"]], salt=paging.SALT),
    signing.dumps([["-name", "-pk"], ["a", 1]], salt=paging.SALT),
    signing.dumps([["name", "pk"], ["a"]], salt=paging.SALT),
    signing.dumps([["name", "pk"], ["a", "not a number"]], salt=paging.SALT),
], ids=str.__len__)  # fmt: skip
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_hostile_or_outdated_cursor_means_the_first_page(components, name, cursor):
    request = RequestFactory().get("/list", {name: cursor})

    page = keyset_page(Component.objects.order_by("name"), request, size=3)

    assert [each.slug for each in page] == ["c0", "c1", "c2"]


def test_a_page_that_emptied_leads_back(components):
    second = keyset_page(Component.objects.order_by("name"), ask(), size=5).older_url
    Component.objects.filter(slug__in=["c5", "c6"]).delete()

    page = keyset_page(Component.objects.order_by("name"), ask(second), size=5)

    assert (list(page), page.older_url, page.newer_url) == ([], "", "/list")
