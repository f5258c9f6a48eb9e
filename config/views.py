"""Operations, and the errors no view caught: printed by the dialect that owns the path, else as a page."""

import sys
from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from catalog.services.probes import database
from config.api.dialects import dialect_of
from config.api.errors import MethodNotAllowed, error_response, understood
from config.errors import BadInput, Forbidden, GatehouseError, NotFound


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can do its work: the database answers. 503 when not, naming what is missing."""
    if not database().ok:
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    return JsonResponse({"status": "ok", "database": "ok"})


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers look for the icon of what is no page."""
    return redirect(static("img/mark.svg"), permanent=True)


def _answer(request: HttpRequest, error: GatehouseError, template: str) -> HttpResponse:
    dialect = dialect_of(request.path)
    if dialect is not None:
        return error_response(dialect, error)
    page = render(request, template, {"error": error}, status=error.status)
    for name, value in error.headers.items():
        page[name] = value
    return page


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request can't be read."""
    return _answer(request, understood(exception) or BadInput("The request can't be read."), "400.html")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: names the right that is missing, when a service refused."""
    error = understood(exception) if isinstance(exception, PermissionDenied) else None
    return _answer(request, error or Forbidden("Not allowed."), "403.html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: the same for a stranger's thing and for none."""
    return _answer(request, NotFound("There is nothing at this address."), "404.html")


class MethodPage:
    """Middleware that gives a portal page's 405 words: somebody who signs in again comes back by GET to a form's
    address. The `Allow` header stays."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or response.streaming or response.content:
            return response
        page = _answer(
            request, MethodNotAllowed("This address takes a form, not a visit. Go back and try again."), "refused.html"
        )
        page["Allow"] = response["Allow"]
        return page


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or what the database meant: it is away (503), somebody was quicker (409). Needs no session or database."""
    raised = sys.exception()
    error = understood(raised) if isinstance(raised, DatabaseError) else None
    return _answer(request, error or GatehouseError("An unexpected error; it has been logged."), "500.html")
