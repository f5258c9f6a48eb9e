"""The dialects: which path is whose, where a credential may stand, how an error reads."""

import base64

import psycopg
import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DatabaseError, IntegrityError, OperationalError
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from psycopg.errors import (
    AdminShutdown,
    CheckViolation,
    DeadlockDetected,
    ProgramLimitExceeded,
    TooManyConnections,
    UniqueViolation,
)
from psycopg_pool import PoolTimeout
from rest_framework import exceptions

from config.api.dialects import (
    CYCLOID,
    DIALECTS,
    FACTSTORE,
    OURS,
    PHASET,
    SQEDULE,
    VERSORI,
    Dialect,
    api_key_header,
    api_key_scheme,
    basic_password,
    bearer,
    dialect_of,
    jwt_scheme,
)
from config.api.errors import drf_fields, error_response, understood
from config.errors import (
    BadInput,
    Conflict,
    FieldError,
    Forbidden,
    GatehouseError,
    NotFound,
    RateLimited,
    TooLarge,
    Unauthenticated,
)
from config.views import server_error


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/integration/record/a/b/c", PHASET),
        ("/integration/integration/record/a/b/c", PHASET),
        ("/integrations/notifications", None),
        ("/api/v1/flows", FACTSTORE),
        ("/api/v2/flows", FACTSTORE),
        ("/api/v2/o/x/projects", VERSORI),
        ("/api/v2/store/x/kv/y", VERSORI),
        ("/api/v2/projects/x/notifications", VERSORI),
        ("/api/v2/run/x", VERSORI),
        ("/api/gatehouse/v1/components", OURS),
        ("/v1/about", SQEDULE),
        ("/v10/about", None),
        ("/", None),
        ("/catalog/components", None),
        ("/admin/", None),
    ],
)
def test_a_path_is_one_dialects(path, dialect):
    assert dialect_of(path) is dialect


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("carrier", "headers", "found"),
    [
        (bearer, {"Authorization": "Bearer abc"}, "abc"),
        (bearer, {"Authorization": "bearer  abc "}, "abc"),
        (bearer, {"Authorization": "Bearer"}, ""),
        (bearer, {"Authorization": "Basic abc"}, None),
        (bearer, {}, None),
        (jwt_scheme, {"Authorization": "JWT abc"}, "abc"),
        (jwt_scheme, {"Authorization": "Bearer abc"}, None),
        (api_key_scheme, {"Authorization": "ApiKey abc"}, "abc"),
        (api_key_scheme, {"Authorization": "Bearer abc"}, None),
        (api_key_header, {"X-Api-Key": "abc"}, "abc"),
        (api_key_header, {"X-Api-Key": ""}, None),
        (basic_password, {"Authorization": basic("anybody:abc")}, "abc"),
        (basic_password, {"Authorization": basic("anybody:a:b:c")}, "a:b:c"),
        (basic_password, {"Authorization": basic("nobody")}, ""),
        (basic_password, {"Authorization": "Basic !!!"}, ""),
        (basic_password, {"Authorization": "Basic /w=="}, ""),
        (basic_password, {}, None),
    ],
)
def test_a_carrier_finds_its_credential(carrier, headers, found):
    assert carrier(RequestFactory().get("/", headers=headers)) == found


FIELDS = [FieldError("slo[3].period", "must be a whole number"), FieldError("", "is not right")]


@pytest.mark.parametrize("error", [BadInput("2 fields are not valid.", fields=FIELDS)])
def test_an_error_reads_as_its_dialect_writes(error):
    assert PHASET.error_body(error) == {
        "error": "validation_failed",
        "message": "2 fields are not valid.",
        "details": [
            {"path": "slo[3].period", "message": "must be a whole number"},
            {"path": "", "message": "is not right"},
        ],
    }
    factstore = FACTSTORE.error_body(error)
    assert factstore.pop("timestamp").endswith("Z")
    assert factstore == {
        "status": 400,
        "error": "Bad Request",
        "message": "slo[3].period: must be a whole number; is not right",
        "errors": [
            {"field": "slo[3].period", "message": "must be a whole number"},
            {"field": "", "message": "is not right"},
        ],
    }
    assert SQEDULE.error_body(error) == {"error": "Invalid input: slo[3].period: must be a whole number; is not right"}
    ours = OURS.error_body(error)
    assert (ours["title"], ours["status"], ours["code"]) == ("Bad Request", 400, "validation_failed")


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    "error",
    [
        BadInput("a"),
        Unauthenticated("b"),
        Forbidden("c"),
        NotFound("d"),
        Conflict("e"),
        TooLarge("f"),
        RateLimited("g"),
        GatehouseError("h"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_has_a_body_in_every_dialect(dialect: Dialect, error: GatehouseError):
    answer = error_response(dialect, error)

    other = {(SQEDULE.name, 403): 401, (CYCLOID.name, 400): 422}
    assert answer.status_code == other.get((dialect.name, error.status), error.status)
    assert answer["Content-Type"] == "application/json"
    assert ("checks" in answer.json() if hasattr(answer, "json") else b"checks" in answer.content) is False
    assert answer.has_header("WWW-Authenticate") is (answer.status_code == 401 and dialect is not PHASET)
    assert answer.has_header("Retry-After") is (error.status == 429)
    assert (answer.get("Cache-Control") == "no-store") is (dialect is PHASET)


def test_sqedule_tells_no_stranger_more_than_that_it_is_not_allowed():
    for error in (Unauthenticated("unknown key"), Forbidden("lacks the right x")):
        assert SQEDULE.error_body(error) == {"error": "Unauthorized action"}
        assert SQEDULE.status(error) == 401
    assert SQEDULE.error_body(NotFound("No release 7.")) == {"error": "No release 7."}


def raised_from(cause: Exception, kind: type[Exception] = IntegrityError) -> Exception:
    error = kind("x")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("x"), 404),
        (Http404("x"), 404),
        (exceptions.NotFound(), 404),
        (exceptions.MethodNotAllowed("GET"), 405),
        (exceptions.ValidationError({"a": ["b"]}), 400),
        (exceptions.ParseError(), 400),
        (exceptions.UnsupportedMediaType("x/y"), 415),
        (exceptions.Throttled(), 429),
        (DjangoValidationError("x"), 400),
        (DjangoValidationError({"name": ["x"]}), 400),
        (raised_from(UniqueViolation()), 409),
        (raised_from(ProgramLimitExceeded(), OperationalError), 400),
        (raised_from(psycopg.OperationalError("connection refused"), OperationalError), 503),
        (raised_from(PoolTimeout(), OperationalError), 503),
        (raised_from(AdminShutdown(), OperationalError), 503),
        (raised_from(TooManyConnections(), OperationalError), 503),
        (PermissionDenied(), 403),
        (RequestDataTooBig(), 413),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_what_is_raised_has_a_status(error, status):
    assert understood(error).status == status


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        KeyError("x"),
        raised_from(CheckViolation()),
        raised_from(DeadlockDetected(), OperationalError),
        OSError(),
    ],
)
def test_a_defect_is_not_explained_away(error):
    assert understood(error) is None


@pytest.mark.parametrize(
    ("error", "status", "after", "said"),
    [
        (raised_from(AdminShutdown(), OperationalError), 503, "5", "The database does not answer"),
        (raised_from(DeadlockDetected(), OperationalError), 500, None, "Something broke on our side"),
        (raised_from(UniqueViolation()), 409, None, "Somebody was quicker"),
        (Conflict("x"), 500, None, "Something broke on our side"),
    ],
)
def test_what_no_view_caught_is_a_page_and_an_answer(error, status, after, said):
    def asked(path: str) -> HttpResponse:
        try:
            raise error
        except (DatabaseError, Conflict):
            return server_error(RequestFactory().get(path))

    page, answer = asked("/catalog/"), asked("/v1/applications")
    assert (page.status_code, page.get("Retry-After"), said in page.text) == (status, after, True)
    assert (answer.status_code, answer.get("Retry-After")) == (status, after)
    assert answer["Content-Type"] == "application/json"


def test_a_unique_violation_does_not_say_what_the_database_said():
    assert understood(raised_from(UniqueViolation("Key (digest)=(secret)"))).message == "This exists already."


def test_nested_faults_are_paths():
    detail = {
        "spec": {"name": ["a"], "non_field_errors": ["b"]},
        "slo": [{}, {"period": ["c"]}],
        "tags": {1: ["d"], "non_field_errors": ["e"]},
        "list": ["f", "g"],
        "non_field_errors": ["h"],
    }

    assert [(fault.path, fault.message) for fault in drf_fields(exceptions.ValidationError(detail).detail)] == [
        ("spec.name", "a"),
        ("spec", "b"),
        ("slo[1].period", "c"),
        ("tags[1]", "d"),
        ("tags", "e"),
        ("list", "f"),
        ("list", "g"),
        ("", "h"),
    ]
