"""What every dialect needs before Django looks at the request."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse

from config.api.dialects import dialect_of

SLASHED = ("/admin/", "/accounts/", "/static/")  # routes of other packages, which end in a slash


class DialectMiddleware:
    """Marks a request with its dialect and takes a path with or without a trailing slash, without redirecting.

    Our routes are written without one. A dialect's calls need no CSRF token unless the session is their credential,
    which DialectView then checks itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if "\0" in path:  # names nothing, and PostgreSQL could not even be asked
            raise Http404
        if "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("The query contains a NUL character.")
        request.dialect = dialect_of(path)  # type: ignore[attr-defined]
        if len(path) > 1 and path.endswith("/") and not path.startswith(SLASHED):
            request.path_info = path.rstrip("/") or "/"
        return self.get_response(request)
