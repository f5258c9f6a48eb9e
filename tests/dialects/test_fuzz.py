"""The OpenAPI document holds against the routes: Schemathesis calls all of them with what the document allows."""

import json
from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from tests.dialects.callers import GOOD, Cast, expected
from tests.dialects.routes import ROUTES, Route

pytestmark = pytest.mark.xdist_group("walk")  # one process, from the start: each takes long, and none may be the last

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
RANDOM = settings(  # the same examples in each run
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def headers(cast) -> Iterator[dict[str, str]]:
    """The admin's; and, as Django's own test client does it, a call doesn't close the connection of the test."""
    signals = (request_started, request_finished)
    for each in signals:
        each.disconnect(close_old_connections)
    yield {"Authorization": f"Bearer {cast.clients['admin'].key}"}
    for each in signals:
        each.connect(close_old_connections)


@pytest.fixture
def operations(headers) -> dict[str, schemathesis.APIOperation]:
    """The operations of the document as it is served."""
    schema = schemathesis.openapi.from_wsgi("/api/schema/", application, headers=headers)
    found = (result.ok() for result in schema.get_all_operations())
    return {f"{each.method.upper()} {each.path}": each for each in found}


def known_case(cast: Cast, route: Route, operation: schemathesis.APIOperation) -> schemathesis.Case:
    """The request that succeeds."""
    sent = {"path_parameters": cast.world.named(route), "query": cast.world.query(route)}
    kind = next((each.media_type for each in operation.body), None)
    if route.view.uploads:
        sent |= {"body": {"file": b"proof"}, "media_type": kind}
    elif kind or cast.world.body(route) != b"{}":  # OpenAPI describes no body of a DELETE
        sent |= {"body": json.loads(cast.world.body(route)), "media_type": kind or "application/json"}
    return operation.Case(**sent)


def answer(case: schemathesis.Case, headers: dict[str, str]) -> int:
    """Call it and hold the answer against the document; what it changed is taken back."""
    with transaction.atomic():
        response = case.call(headers=headers)
        transaction.set_rollback(True)
    case.validate_response(response, checks=CHECKS)
    return response.status_code


def fuzz(operation: schemathesis.APIOperation, path: dict[str, str], headers: dict[str, str]) -> None:
    """Call it with the least that the document allows, about things that are there: unknown ones are the walk's."""

    @settings(RANDOM, max_examples=1)
    @given(case=operation.as_strategy(path_parameters=path, headers={}, cookies={}))
    def one(case):
        answer(case, headers)

    one()


def test_every_operation_does_what_the_document_says(cast, operations, headers, subtests):
    reached = set()
    for route in ROUTES:
        operation = operations[str(route)]
        with subtests.test(str(route)):
            status = answer(known_case(cast, route, operation), headers)
            assert status == expected(route, "admin", cast.world) or status in GOOD
            if status < 300:
                reached.add(route)
            if operation.body or cast.world.query(route):  # of others the simplest example is the same call
                fuzz(operation, cast.world.named(route), headers)
    assert len(reached) >= 0.8 * len(ROUTES), sorted(map(str, set(ROUTES) - reached))
