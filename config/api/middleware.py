"""What every dialect needs before Django looks at the request."""

from collections.abc import Callable
from tempfile import SpooledTemporaryFile

from django.conf import settings
from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import LimitedStream
from django.http import Http404, HttpRequest, HttpResponse

from config.api.dialects import dialect_of

SLASHED = ("/admin/", "/accounts/")  # routes of other packages, which end in a slash
FILES = "/static/"
IN_MEMORY = 1024 * 1024  # bytes of a body in chunks that are kept in memory, and read at once


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
        dialect = dialect_of(path)
        request.dialect = dialect  # type: ignore[attr-defined]
        request.path_info = as_routed(path)
        if request.dialect is None and is_chunked(request):  # type: ignore[attr-defined]  # API views do it themselves
            measure_body(request)
        response = self.get_response(request)
        if dialect is not None and dialect.region:
            response[dialect.region] = settings.REGION
        return response


def is_chunked(request: HttpRequest) -> bool:
    """Whether the body came in chunks, so that nothing announces its length."""
    return request.META.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"


def measure_body(request: HttpRequest) -> None:
    """Announce the length of a body that came in chunks: the server has joined them, but Django reads only as much as
    `Content-Length` says. A body no route would read is announced as it is, so the route refuses it."""
    source = request.META.get("wsgi.input")
    if source is None or not request.META.get("wsgi.input_terminated"):
        return
    body, size = SpooledTemporaryFile(max_size=IN_MEMORY), 0  # noqa: SIM115  closed with the request's stream
    try:
        while size <= settings.EVIDENCE_MAX_BYTES + IN_MEMORY and (chunk := source.read(IN_MEMORY)):
            size += body.write(chunk)
    except OSError as error:  # what the server raises for a broken chunk, or a client that went away
        raise BadRequest("The chunks of the body can't be read.") from error
    body.seek(0)
    request.META["CONTENT_LENGTH"] = str(size)
    request._stream = LimitedStream(body, size)  # type: ignore[assignment, arg-type]  # any binary file will do


def as_routed(path: str) -> str:
    """`path` with or without a slash at its end, as its route is written."""
    if path.startswith(FILES):
        return path
    if path.endswith("/"):
        return path if path.startswith(SLASHED) else path.removesuffix("/") or "/"
    return f"{path}/" if f"{path}/".startswith(SLASHED) else path
