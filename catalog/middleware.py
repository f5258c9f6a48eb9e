"""Who is asking: the actor of the session, found when first asked for."""

import time
from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django_htmx.middleware import HtmxDetails
from structlog.contextvars import get_contextvars

from catalog.actors import Actor, user_actor

ORGANIZATION = "organization_id"  # session key of the organization a person chose
SEEN = "seen"  # session key of when the session was last noted as used, in seconds since 1970
SEEN_EVERY = 300  # seconds


class PortalRequest(HttpRequest):
    """A request as our middleware leaves it, for annotations of views."""

    actor: Actor
    htmx: HtmxDetails
    user: Any


class ActorMiddleware:
    """Sets `request.actor`: the actor of the signed-in person, or None. API views replace it by their credential's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: session_actor(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def session_actor(request: HttpRequest) -> Actor | None:
    """The actor of the signed-in person in the organization they chose."""
    if not request.user.is_authenticated:
        return None
    note_session(request)
    return user_actor(request.user, request.session.get(ORGANIZATION), **request_context(request))


def note_session(request: HttpRequest) -> None:
    """Remember that the session is used and from where, at most every five minutes."""
    seen, now = request.session.get(SEEN), int(time.time())
    if seen is None or now - seen < SEEN_EVERY:
        return
    request.session[SEEN] = now
    said = {"ip": address} if (address := request.META.get("REMOTE_ADDR")) else {}
    UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=timezone.now(), **said)


def request_context(request: HttpRequest) -> dict[str, str | None]:
    """Where a request came from and under which id the logs know it, for the history."""
    request_id = str(get_contextvars().get("request_id") or "")[:64]
    dialect = getattr(request, "dialect", None)
    said = request.headers.get(dialect.region, "") if dialect is not None and dialect.region else ""
    region = "".join(letter for letter in said if letter.isprintable()).strip()[:64]
    return {"address": request.META.get("REMOTE_ADDR") or None, "request_id": request_id, "region": region}
