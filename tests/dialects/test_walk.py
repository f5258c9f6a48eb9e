"""Every route of every dialect, found in the URL resolver: a new one is walked without anybody adding it here."""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.apps import apps
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

from catalog.models import Event, OutboxEntry
from config.api.dialects import Dialect, dialect_of
from tests.people import ApiClient

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
UNKNOWN = {"index": "7", "version_number": "7", "version_id": "7", "id": "7"}
HOSTILE_BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b'{"a": NaN}',
    b'{"name": "\\u0000"}',
    b'{"name": "\\ud800"}',
    b'{"name": 1e999}',
    b'{"name": ' + b"9" * 5000 + b"}",
    b"[" * 5000 + b"]" * 5000,
    b"\xff\xfe",
    json.dumps({"name": "x" * 100_000, "flowId": 7, "trailId": [], "sha256Digest": {}, "id": "a/b"}).encode(),
]


@dataclass(frozen=True)
class Route:
    """One method on one path of one dialect."""

    method: str
    pattern: str
    view: type

    @property
    def dialect(self) -> Dialect:
        found = dialect_of(self.path())
        assert found is not None
        return found

    def path(self, value: str | None = None) -> str:
        """The path with `value`, or something unknown, in its parameters."""
        if self.dialectless.startswith("/v1/"):
            return PARAMETER.sub(lambda match: value or UNKNOWN.get(match[1], "nobody"), self.dialectless)
        return PARAMETER.sub(lambda _: value or str(uuid.UUID(int=7)), self.dialectless)

    @property
    def dialectless(self) -> str:
        return "/" + self.pattern

    def __str__(self) -> str:
        return f"{self.method} {self.dialectless}"


def walk(patterns: list, prefix: str = "") -> Iterator[Route]:
    """All methods of all class-based API views below `patterns`."""
    for each in patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from walk(each.url_patterns, path)
        elif isinstance(each, URLPattern) and dialect_of("/" + path) and hasattr(each.callback, "cls"):
            view = each.callback.cls
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                if hasattr(view, method.lower()):
                    yield Route(method, path, view)


ROUTES = list(walk(get_resolver().url_patterns))


def rows() -> int:
    """How many rows there are in all of our tables, by one query."""
    ours = ("catalog", "compliance", "releases", "integrations")
    tables = [model._meta.db_table for app in ours for model in apps.get_app_config(app).get_models()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + " + ".join(f'(SELECT count(*) FROM "{table}")' for table in tables))  # noqa: S608
        return cursor.fetchone()[0]


def call(client: ApiClient, route: Route, path: str, body: bytes = b"{}"):
    kind = "multipart/form-data; boundary=x" if getattr(route.view, "uploads", False) else "application/json"
    return client.generic(route.method, path, body, content_type=kind)


def is_open(route: Route) -> bool:
    """Whether the contract lets anybody in; Phaset's routes carry their credential in the path."""
    return route.view.public and route.dialect.name != "phaset"


def is_login(route: Route) -> bool:
    """Whether the credential is in the body, and an empty one is none."""
    return route.pattern.endswith("auth/login")


def assert_in_its_words(response, route: Route) -> None:
    """An error body of the route's dialect, and no error of ours."""
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        assert response["Content-Type"].startswith("application/json")
        assert "error" in response.json() or "message" in response.json() or "detail" in response.json()


def test_there_are_routes_to_walk():
    assert len(ROUTES) > 50
    assert {route.dialect.name for route in ROUTES} >= {"phaset", "openfactstore", "sqedule", "versori"}


def test_nobody_is_let_in_without_a_credential(db, subtests):
    for route in ROUTES:
        with subtests.test(str(route)):
            response = call(ApiClient(), route, route.path())

            assert response.status_code == (200 if is_open(route) and not is_login(route) else 401), response.content
            assert_in_its_words(response, route)


def test_an_invented_key_is_nobody(db, subtests):
    for route in ROUTES:
        with subtests.test(str(route)):
            response = call(ApiClient("fss_" + "0" * 43), route, route.path())

            assert response.status_code == (200 if is_open(route) and not is_login(route) else 401), response.content


def test_unknown_things_are_refused_and_nothing_changes(api, subtests):
    for route in ROUTES:
        for value in (None, "nonsense", "%00", "a" * 300):
            with subtests.test(f"{route} {value}"):
                before = rows()

                response = call(api, route, route.path(value))

                assert_in_its_words(response, route)
                if PARAMETER.search(route.pattern):
                    assert response.status_code >= 400 or response.json() in ([], {"items": []}), response.content
                if response.status_code >= 400:
                    assert rows() == before


def test_hostile_bodies_are_refused_and_nothing_changes(api, subtests):
    for route in ROUTES:
        for body in HOSTILE_BODIES if route.method not in ("GET", "DELETE") else ():
            with subtests.test(f"{route} {body[:30]!r}"):
                before = rows()

                response = call(api, route, route.path(), body)

                assert_in_its_words(response, route)
                if response.status_code >= 400:
                    assert rows() == before


def test_a_wrong_method_is_refused_in_the_words_of_its_dialect(api, subtests):
    for route in ROUTES:
        with subtests.test(str(route)):
            response = api.generic("TRACE", route.path())

            assert response.status_code in (404, 405), response.content
            assert response["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("prefix", ["/integration/", "/api/v1/", "/v1/", "/api/gatehouse/v1/", "/api/v2/o/"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_refused_in_the_words_of_its_dialect(prefix, method, api):
    response = api.generic(method, f"{prefix}no/such/thing", b"{}", content_type="application/json")

    assert response.status_code == 404
    assert response["Content-Type"].startswith("application/json")


def test_events_and_outbox_go_together(api, acme):
    api.post_json("/api/v1/environments", {"name": "prod", "type": "K8S"})

    assert Event.objects.filter(kind="environment.created").count() == 1
    assert OutboxEntry.objects.count() == Event.objects.count()
