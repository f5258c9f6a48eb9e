"""The base of every API view: its dialect's manners and the actor behind the credential."""

from hashlib import sha256
from typing import Any, ClassVar

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.request import Request
from rest_framework.views import APIView

from catalog.actors import Actor
from catalog.api.dry_run import PROBLEMS, REFUSALS, hindered, rehearsed
from catalog.api.idempotency import HEADER, once, read_key
from catalog.middleware import request_context, session_actor
from catalog.services.second_factor import lacks_second_factor
from catalog.services.tokens import authenticate
from config.api.dialects import Dialect
from config.api.errors import error_response, understood
from config.api.middleware import is_chunked, measure_body
from config.api.throttle import count_call
from config.dry_run import asks_for_dry_run
from config.errors import Forbidden, GatehouseError, Unauthenticated, UnsupportedMediaType

log = structlog.get_logger(__name__)


class DialectView(APIView):
    """A view of one dialect: closed unless `public`, errors in the dialect's words, `self.actor` set.

    Methods take what they need from `self.actor` and `request.data`, call a service, and return a Response.
    """

    dialect: ClassVar[Dialect]
    public: ClassVar[bool] = False
    open_methods: ClassVar[tuple[str, ...]] = ()  # those that are public where the others are not
    uploads: ClassVar[bool] = False  # the body is multipart/form-data, not the dialect's media type
    dry_run: bool = False  # what is asked is only rehearsed
    actor: Actor

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, then check the media type, before the method runs."""
        super().initial(request, *args, **kwargs)
        if request.method is None or request.method.lower() not in self.http_method_names or not self._takes(request):
            return  # DRF answers 405 by itself
        if not (self.public or request.method.lower() in self.open_methods):
            self.actor = self.authenticate_caller(request._request)
            request._request.actor = self.actor  # type: ignore[attr-defined]
            self.limit_rate(request._request)
        if is_chunked(request._request):
            measure_body(request._request)  # only now: nobody unknown may have a body kept
        self._check_media_type(request)
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            self._wrap(request.method, request._request)

    def _wrap(self, method: str, request: HttpRequest) -> None:
        """Have this request's method run as the dialect lets the caller ask for; DRF looks it up on the instance."""
        name = method.lower()
        self.dry_run = self.dialect.dry_run and asks_for_dry_run(request)
        if self.dry_run:
            setattr(self, name, rehearsed(method, getattr(self, name), getattr(self, "get", None)))
        elif method == "POST" and self.dialect.idempotency and not self.public and HEADER in request.headers:
            key = read_key(request.headers[HEADER])
            setattr(self, name, once(getattr(self, name), self.handle_exception, self.actor, key))

    def imagined(self) -> Any:
        """What a dry run says a POST would have made where something stands in its way: what was sent."""
        empty = self.uploads or self.request.META.get("CONTENT_LENGTH") in (None, "", "0")
        return {} if empty else self.request.data

    def perform_authentication(self, request: Request) -> None:
        """Nothing: DRF would put its own idea of a user over the session's, which `authenticate_caller` reads."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """JSON, whatever the Accept header says."""
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type

    def authenticate_caller(self, request: HttpRequest) -> Actor:
        """The actor of the first credential a carrier finds; a wrong one ends the search. Raises Unauthenticated."""
        for carrier in self.dialect.carriers:
            token = carrier(request)
            if token is not None:
                return authenticate(token, self.dialect.name, **request_context(request))
        if self.dialect.session and request.user.is_authenticated and csrf_passes(request):
            actor = session_actor(request)
            if actor is not None:
                refuse_without_factor(actor)
                return actor
        raise Unauthenticated("A credential is needed.")

    def limit_rate(self, request: HttpRequest) -> None:
        """Count one call of the credential that opened. Raises RateLimited. Phaset's views count their own."""
        tokens = (carrier(request) for carrier in self.dialect.carriers)
        credential = next(filter(None, tokens), f"session {self.actor.label}")
        if self.dialect.carriers:
            count_call(self.dialect.name, sha256(credential.encode()).hexdigest()[:32], settings.API_RATE)

    def handle_exception(self, exc: Exception) -> Any:
        """Print a refusal in the dialect's words; log anything else and answer a bare 500."""
        error = understood(exc, self.request.method or "")
        if error is None:
            log.exception("unexpected_error", view=type(self).__name__)
            error = GatehouseError("An unexpected error; it has been logged.")
        if self.dry_run and self.request.method == "POST" and error.status in PROBLEMS:
            try:
                return hindered(error, self.imagined())
            except REFUSALS as refused:
                error = understood(refused) or error
        response = error_response(self.dialect, error)
        if error.status == 405:
            response["Allow"] = ", ".join(self.allowed_methods)
        response.exception = True  # type: ignore[attr-defined]
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep credentials that stand in paths out of caches and referrers."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.dialect.no_store:
            response["Cache-Control"] = "no-store"
            response["Referrer-Policy"] = "no-referrer"
        return response

    def _takes(self, request: Request) -> bool:
        return hasattr(self, (request.method or "").lower())

    def _check_media_type(self, request: Request) -> None:
        if request.method in ("GET", "HEAD", "OPTIONS", "DELETE"):
            return
        wanted = ("multipart/form-data",) if self.uploads else self.dialect.media_types
        said = (request.content_type or "").partition(";")[0].strip().lower()
        empty = request.META.get("CONTENT_LENGTH") in (None, "", "0")
        if wanted and said not in wanted and not (empty and not said) and not (empty and not self.uploads):
            raise UnsupportedMediaType(f"Send {' or '.join(wanted)}, not {said or 'a body without Content-Type'}.")


def refuse_without_factor(actor: Actor) -> None:
    """Raises Forbidden for a person in a session whose organization asks for the second factor they have not set up."""
    if lacks_second_factor(actor):
        raise Forbidden(f"{actor.organization} asks its members for a second factor. Set it up in the portal.")


def csrf_passes(request: HttpRequest) -> bool:
    """Whether an unsafe request that rides on the session cookie carries the portal's CSRF token."""
    check = CsrfViewMiddleware(lambda _: HttpResponse())
    check.process_request(request)
    return check.process_view(request, lambda _: HttpResponse(), (), {}) is None
