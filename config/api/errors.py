"""Turning whatever a view raised into one GatehouseError, and that into a dialect's answer."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, BadRequest, PermissionDenied, RequestDataTooBig, TooManyFieldsSent
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, OperationalError
from django.http import Http404, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from psycopg.errors import ForeignKeyViolation, ProgramLimitExceeded, UniqueViolation
from rest_framework import exceptions

from config.api.dialects import Dialect
from config.errors import (
    BadInput,
    Conflict,
    FieldError,
    Forbidden,
    GatehouseError,
    NotFound,
    TooLarge,
    Unavailable,
)

# Classes of SQLSTATE: a connection broke, the server has no room for one, it was stopped (PostgreSQL, appendix A).
AWAY = ("08", "53", "57P")


class MethodNotAllowed(GatehouseError):
    """The path is known, the method is not (405); `Allow` lists those that are."""

    status = 405
    code = "method_not_allowed"


class OtherStatus(GatehouseError):
    """An error of the framework that has no class of its own here."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status
        self.code = "error"


def understood(error: Exception, method: str = "") -> GatehouseError | None:
    """Return the GatehouseError that says what `error` means to the caller; None for a defect of ours."""
    match error:
        case GatehouseError():
            return error
        case Http404() | exceptions.NotFound():
            return NotFound(str(error) or "Not found.")
        case exceptions.MethodNotAllowed():
            return MethodNotAllowed(f"Method {method} is not allowed here.")
        case exceptions.ValidationError():
            return refused_fields(list(drf_fields(error.detail)))
        case DjangoValidationError():
            return refused_fields(list(django_fields(error)))
        case IntegrityError() if isinstance(error.__cause__, UniqueViolation):
            return Conflict("This exists already.")
        case IntegrityError() if isinstance(error.__cause__, ForeignKeyViolation):
            return Conflict("What this refers to was deleted meanwhile.")
        case OperationalError() if isinstance(error.__cause__, ProgramLimitExceeded):
            return BadInput("A text is too long to be kept.")  # within its letters, but in bytes beyond its index
        case OperationalError() if is_away(error):
            return Unavailable("The database does not answer. Try again.", headers={"Retry-After": "5"})
        case PermissionDenied():
            return Forbidden(str(error) or "Not allowed.")
        case RequestDataTooBig() | TooManyFieldsSent():
            return TooLarge("The body is too large.")
        case BadRequest():
            return BadInput(str(error))
        case MultiPartParserError():
            return BadInput(f"The multipart body can't be read: {error}")
        case exceptions.APIException():
            return OtherStatus(str(error.detail), error.status_code)
    return None


def is_away(error: OperationalError) -> bool:
    """Whether it says that the database could not be asked, rather than what the database answered."""
    state = getattr(error.__cause__, "sqlstate", None)  # who was never connected has none
    return state is None or state.startswith(AWAY)


def refused_fields(fields: list[FieldError]) -> BadInput:
    """One BadInput that names all `fields`."""
    count = len(fields)
    return BadInput(f"{count} field{'s are' if count != 1 else ' is'} not valid.", fields=fields)


def drf_fields(detail: Any, path: str = "") -> Iterator[FieldError]:
    """Flatten the nested detail of a serializer's error into paths such as `slo[3].period`."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            step = f"[{key}]" if isinstance(key, int) else f".{key}" if path else str(key)
            yield from drf_fields(inner, path if key == "non_field_errors" else path + step)
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            yield from drf_fields(inner, f"{path}[{position}]" if isinstance(inner, dict) and inner else path)
    else:
        yield FieldError(path, str(detail))


def django_fields(error: DjangoValidationError) -> Iterator[FieldError]:
    """The refused fields of a model's `full_clean()`."""
    if not hasattr(error, "error_dict"):
        yield from (FieldError("", message) for message in error.messages)
        return
    for name, messages in error.message_dict.items():
        yield from (FieldError("" if name == NON_FIELD_ERRORS else name, message) for message in messages)


def error_response(dialect: Dialect, error: GatehouseError) -> HttpResponse:
    """Print `error` in the words of `dialect`."""
    response = JsonResponse(dialect.error_body(error), status=dialect.status(error))
    for name, value in dialect.headers(error).items():
        response[name] = value
    if dialect.no_store:
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
    return response
