"""Every route of every dialect, called by everybody and with everything that is not as it should be.

The routes come from the URL resolver: a new one is walked without anybody adding it. What it is called with is in
`known.py`, who may what in `callers.py`.
"""

import json
from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from django.apps import apps
from django.db import connection, transaction

from catalog.models import Event, OutboxEntry
from config.api.dialects import DIALECTS
from config.api.reading import read
from tests.dialects.callers import CALLERS, CI, EXEMPT, GOOD, Cast, expected, undone
from tests.dialects.routes import ROUTES, Route
from tests.people import ApiClient

pytestmark = pytest.mark.xdist_group("walk")  # one process, from the start: each takes long, and none may be the last

UNKNOWN = ("0b5ae18c-f052-49a9-b7fe-72f9185a5801", "%00")
NO_NAMES = ("nonsense", "7", "a" * 300, "-1", "\u202e\ufeff", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
NOT_JSON = [  # what one parser refuses for all dialects: each route gets some, each dialect all
    b"{",
    b'{"a": NaN}',
    b'{"name": "\\u0000"}',
    b'{"name": "\\ud800"}',
    b'{"name": 1e999}',
    b'{"name": ' + b"9" * 5000 + b"}",
    b"[" * 5000 + b"]" * 5000,
    b"\xff\xfe",
]
NO_OBJECT = [b"", b"[]", b"null", b'"text"']
HOSTILE_BODIES = [*NO_OBJECT, *NOT_JSON]
WRONG = [7, [{}], {"a": [None]}, " ", True, "x" * 70_000, 10**30]  # what no key, or not every key, can be
QUERIES = ("nonsense", "-1", "9" * 40, "%ff%fe")


def rows() -> int:
    """How many rows there are in all of our tables, by one query."""
    ours = ("catalog", "compliance", "releases", "integrations")
    tables = [model._meta.db_table for app in ours for model in apps.get_app_config(app).get_models()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + " + ".join(f'(SELECT count(*) FROM "{table}")' for table in tables))  # noqa: S608
        return cursor.fetchone()[0]


def assert_in_its_words(response, route: Route) -> None:
    """An error body of the route's dialect, and no error of ours."""
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        assert response["Content-Type"].startswith("application/json")
        assert response.json().keys() & {"error", "errors", "message", "detail"}


def test_there_are_routes_to_walk():
    assert len(ROUTES) > 70
    assert {route.dialect.name for route in ROUTES} >= {"phaset", "openfactstore", "sqedule", "cycloid", "versori"}


def test_every_route_answers_everybody_as_its_dialect_says(cast, subtests):
    """The admin's own calls are those of `test_fuzz.py`."""
    before = rows()
    for route in ROUTES:
        with subtests.test(str(route)):
            for caller in CALLERS[:-1]:
                code = expected(route, caller, cast.world) or expected(route, "admin", cast.world)
                refused = code not in (None, *GOOD)
                with nullcontext() if refused else undone():  # some write where they are read
                    response = cast.call(route, caller, refused=refused)

                assert_in_its_words(response, route)
                assert response.status_code in ([code] if code else GOOD), f"{caller}: {response.content}"
                if response.status_code == 401 and route.dialect.challenge:
                    assert response["WWW-Authenticate"]
                if caller == "stranger":
                    assert not named_in(response.text, cast, route)
    assert rows() == before


def named_in(text: str, cast: Cast, route: Route) -> list[str]:
    """What is ours and stands in an answer to somebody who did not name it."""
    said = f"{cast.world.path(route)} {cast.world.query(route)} {cast.world.body(route)!r}"
    words = [word for word in (*cast.world.uids, "acme") if word not in said]
    return [] if route.is_open else [word for word in words if word in text.lower()]


def test_an_answer_of_ours_would_be_noticed(cast):
    flows = next(route for route in ROUTES if str(route) == "GET /api/v1/flows")

    assert named_in(cast.call(flows).text, cast, flows)


def test_unknown_things_are_refused_and_nothing_changes(cast, subtests):
    before = rows()
    for turn, route in enumerate(each for each in cast.routes if each.parameters):
        for value in (*UNKNOWN, NO_NAMES[turn % len(NO_NAMES)]):
            with subtests.test(f"{route} {value[:20]}"):
                response = cast.call(route, refused=True, **dict.fromkeys(route.parameters, value))

                assert_in_its_words(response, route)
                assert response.status_code >= 400 or response.json() in ([], {"items": []}), response.content
    assert rows() == before


def hostile_bodies(route: Route, turn: int) -> Iterator[bytes]:
    """What is no body of the route: no object, no JSON, its own keys with values they can't have; other ones each
    turn, so that each dialect meets all of them."""
    yield from (NO_OBJECT[turn % 4], NO_OBJECT[(turn + 1) % 4], NOT_JSON[turn % len(NOT_JSON)])
    body = read(route.view, route.method.lower()).body
    for step in range(3 if body else 0):
        yield json.dumps(dict.fromkeys(body().fields, WRONG[(3 * turn + step) % len(WRONG)])).encode()


def test_hostile_bodies_are_refused_and_nothing_changes(cast, subtests):
    before = rows()
    for turn, route in enumerate(each for each in cast.routes if each.method in ("POST", "PUT", "PATCH")):
        refused = 0
        for body in hostile_bodies(route, turn):
            with subtests.test(f"{route} {body[:30]!r}"):
                with transaction.atomic():
                    response = route.call(cast.clients["admin"], cast.world.path(route), body)
                    transaction.set_rollback(response.status_code < 400)

                assert_in_its_words(response, route)
                refused += response.status_code >= 400
        with subtests.test(f"{route} refuses"):
            assert refused >= (3 if read(route.view, route.method.lower()).body else 0)
    assert rows() == before


def test_every_dialect_refuses_what_is_not_the_json_that_all_readers_agree_on(cast, subtests):
    for name in ("openfactstore", "phaset", "sqedule", "versori"):
        reading = [
            each for each in cast.routes if each.dialect.name == name and read(each.view, each.method.lower()).body
        ]
        for body in NOT_JSON:
            with subtests.test(f"{name} {body[:12]!r}"):
                response = cast.call(reading[0], body=body)

                assert response.status_code == 400, response.content


def test_hostile_queries_are_refused_in_its_words(cast, subtests):
    for route in (each for each in cast.routes if read(each.view, each.method.lower()).query):
        for value in QUERIES:
            with subtests.test(f"{route} {value}"):
                names = read(route.view, route.method.lower()).query

                assert_in_its_words(cast.call(route, query="&".join(f"{name}={value}" for name in names)), route)


def test_each_dialect_counts_the_calls_of_a_credential(cast, settings, subtests):
    settings.API_RATE = settings.PHASET_RATE = 0
    for name in sorted({route.dialect.name for route in ROUTES}):
        closed = (each for each in cast.routes if each.dialect.name == name and not each.is_open)
        route = next(each for each in closed if expected(each, "admin", cast.world) is None)
        with subtests.test(name):
            response = cast.call(route)

            assert response.status_code == 429, response.content
            assert 1 <= int(response["Retry-After"]) <= 60
            assert_in_its_words(response, route)
            assert cast.call(route, "anonymous").status_code == 401


def test_a_wrong_method_is_refused_in_the_words_of_its_dialect(cast, subtests):
    for route in {each.template: each for each in cast.routes}.values():
        with subtests.test(route.template):
            response = cast.clients["admin"].generic("TRACE", cast.world.path(route))

            assert response.status_code == 405, response.content
            assert_in_its_words(response, route)
            assert route.method in response["Allow"]


def test_an_unknown_path_is_refused_in_the_words_of_its_dialect(cast, subtests):
    known = {route.template for route in ROUTES}
    for prefix in (prefix.rstrip("/") for dialect in DIALECTS for prefix in dialect.prefixes):
        bare = () if prefix in known else ("", "/")
        for rest in (*bare, "/no/such/thing/at/all/here", "/no/such/%00/at/all/here", "/" + "a" * 3000 + "/b/c/d"):
            for method in ("GET", "POST"):
                with subtests.test(f"{method} {prefix}{rest[:20]}"):
                    client = cast.clients["admin"]
                    response = client.generic(method, prefix + rest, b"{}", content_type="application/json")

                    assert response.status_code in (404, 405)
                    assert response["Content-Type"].startswith("application/json")


def test_exemptions_are_few_and_each_is_of_a_route_that_is_there():
    routes = {str(route) for route in ROUTES}

    assert len(EXEMPT) == 33
    assert {each.route for each in EXEMPT} <= routes
    assert routes >= CI
    assert all(each.section.partition(" ")[0] in {route.dialect.name for route in ROUTES} for each in EXEMPT)


def test_events_and_outbox_go_together(cast):
    before = Event.objects.filter(kind="environment.created").count()
    cast.clients["admin"].post_json("/api/v1/environments", {"name": "prod", "type": "K8S"})

    assert Event.objects.filter(kind="environment.created").count() == before + 1
    assert OutboxEntry.objects.count() == Event.objects.count()


def test_an_invented_key_is_nobody(cast):
    assert ApiClient("fss_" + "0" * 43).get("/api/v1/flows").status_code == 401
