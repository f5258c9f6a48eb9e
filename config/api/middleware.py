"""What every dialect needs before Django looks at the request."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse

from config.api.dialects import dialect_of

SLASHED = ("/admin/", "/accounts/")  # routes of other packages, which end in a slash
FILES = "/static/"


class DialectMiddleware:
    """Marks a request with its dialect and takes a path with or without a trailing slash, without redirecting.

    Our routes are written without one, those of other packages with one. A dialect's calls need no CSRF token unless
    the session is their credential, which DialectView then checks itself.
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
        request.path_info = as_routed(path)
        return self.get_response(request)


def as_routed(path: str) -> str:
    """`path` with or without a slash at its end, as its route is written."""
    if path.startswith(FILES):
        return path
    if path.endswith("/"):
        return path if path.startswith(SLASHED) else path.rstrip("/") or "/"
    return f"{path}/" if f"{path}/".startswith(SLASHED) else path
