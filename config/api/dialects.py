"""The dialects: for each vendor's protocol its prefixes, media types, limits, carriers of credentials and error body.

One object per dialect; nothing here knows a domain noun. A path belongs to the dialect with the longest prefix.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from structlog.contextvars import get_contextvars

from config.errors import GatehouseError, RateLimited

Carrier = Callable[[HttpRequest], str | None]
Body = dict[str, Any]


def bearer(request: HttpRequest) -> str | None:
    """`Authorization: Bearer <credential>`."""
    return _authorization(request, "bearer")


def api_key_scheme(request: HttpRequest) -> str | None:
    """`Authorization: ApiKey <credential>`."""
    return _authorization(request, "apikey")


def jwt_scheme(request: HttpRequest) -> str | None:
    """`Authorization: JWT <credential>`: whatever follows the word, an opaque key too."""
    return _authorization(request, "jwt")


def api_key_header(request: HttpRequest) -> str | None:
    """`X-Api-Key: <credential>`."""
    return request.headers.get("X-Api-Key") or None


def bare_authorization(request: HttpRequest) -> str | None:
    """`Authorization: <credential>`, without a scheme."""
    credential = request.headers.get("Authorization", "").strip()
    return credential if credential and " " not in credential else None


def api_key_query(request: HttpRequest) -> str | None:
    """`?api_key=<credential>`, which logs never show."""
    return request.GET.get("api_key") or None


def basic_password(request: HttpRequest) -> str | None:
    """`Authorization: Basic …`: the password is the credential, the user name is free."""
    encoded = _authorization(request, "basic")
    if encoded is None:
        return None
    try:
        _, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password


def _authorization(request: HttpRequest, scheme: str) -> str | None:
    word, _, rest = request.headers.get("Authorization", "").partition(" ")
    return rest.strip() if word.lower() == scheme else None


@dataclass(frozen=True)
class Dialect:
    """How one vendor's clients speak: everything about the wire that is not a single route's business."""

    name: str
    prefixes: tuple[str, ...]
    error_body: Callable[[GatehouseError], Body]
    carriers: tuple[Carrier, ...] = (bearer, api_key_header)
    media_types: tuple[str, ...] = ()  # empty: the Content-Type is not looked at
    max_body: int = 2 * 1024 * 1024  # bytes
    statuses: Mapping[int, int] = field(default_factory=dict)  # where this dialect uses another code
    challenge: str = "Bearer"
    session: bool = False  # the portal's session cookie is a credential too, with CSRF protection
    no_store: bool = False
    region: str = ""  # the header that names our region in every answer, and in a request where it comes from
    dry_run: bool = False  # a change can be asked for as a dry run
    idempotency: bool = False  # a POST with an Idempotency-Key is done once

    def status(self, error: GatehouseError) -> int:
        """The status code this dialect answers `error` with."""
        return self.statuses.get(error.status, error.status)

    def headers(self, error: GatehouseError) -> dict[str, str]:
        """The headers that go with the error: the challenge of a 401, Retry-After of a 429, Allow of a 405."""
        headers = dict(error.headers)
        if self.status(error) == HTTPStatus.UNAUTHORIZED and self.challenge:
            headers.setdefault("WWW-Authenticate", self.challenge)
        if isinstance(error, RateLimited):
            headers.setdefault("Retry-After", "60")
        return headers


def _with_fields(error: GatehouseError) -> str:
    """One line that names every refused field, for dialects whose error body has only a text."""
    if not error.fields:
        return error.message
    return "; ".join(
        f"{refused.path}: {refused.message}" if refused.path else refused.message for refused in error.fields
    )


def _phaset_body(error: GatehouseError) -> Body:
    details = [{"path": refused.path, "message": refused.message} for refused in error.fields]
    return {"error": error.code, "message": error.message, "details": details}


def _factstore_body(error: GatehouseError) -> Body:
    return {
        "status": error.status,
        "error": "Integrity Error" if error.code == "integrity_error" else HTTPStatus(error.status).phrase,
        "message": _with_fields(error),
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "errors": [{"field": refused.path, "message": refused.message} for refused in error.fields],
    }


def _sqedule_body(error: GatehouseError) -> Body:
    if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return {"error": "Unauthorized action"}
    if error.status == HTTPStatus.BAD_REQUEST:
        return {"error": f"Invalid input: {_with_fields(error)}"}
    return {"error": _with_fields(error)}


def _versori_body(error: GatehouseError) -> Body:
    body: Body = {"code": f"{error.status}000", "message": error.message}
    if error.fields:
        body["fields"] = [{"field": refused.path, "message": refused.message} for refused in error.fields]
        body["details"] = _with_fields(error)
    return body


def _problem_body(error: GatehouseError) -> Body:
    """Problem details (RFC 9457), for the routes that are ours."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "errors": [{"field": refused.path, "message": refused.message} for refused in error.fields],
    }


CYCLOID_CODES: dict[int | str, str] = {  # by the error's code where that says more, else by its status
    "in_use": "InUse",
    401: "Unauthenticated",
    403: "Unauthorized",
    404: "NotFoundEntity",
    405: "MethodNotAllowed",
    409: "AlreadyExists",
    411: "LengthRequired",
    413: "BodyTooLarge",
    415: "MediaTypeNotSupported",
    429: "RetryOperation",
    500: "Unexpected",
    503: "RetryOperation",
}


def _cycloid_body(error: GatehouseError) -> Body:
    """Never an empty list; one item for each refused field, whose code names the thing and the field."""
    refused: dict[str, list[str]] = {}
    if error.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
        for each in error.fields:
            refused.setdefault(each.path, []).append(each.message)
    items = [
        {
            "code": f"{error.entity}{_camel(path)}Invalid",
            "message": f"{path}: {messages[0]}" if path else messages[0],
            "details": messages,
        }
        for path, messages in refused.items()
    ]
    code = CYCLOID_CODES.get(error.code) or CYCLOID_CODES.get(error.status) or f"{error.entity}{_camel(error.code)}"
    return {
        "errors": items or [{"code": code, "message": error.message, "details": []}],
        "request_id": str(get_contextvars().get("request_id") or ""),
    }


def _camel(words: str) -> str:
    """`rules[0].action` as `RulesAction`."""
    return "".join(word.title() for word in re.findall(r"[A-Za-z]+", words))


PHASET = Dialect(
    name="phaset",
    prefixes=("/integration/",),
    error_body=_phaset_body,
    carriers=(),  # the last path segment is the whole authentication
    max_body=256 * 1024,
    challenge="",
    no_store=True,
)
FACTSTORE = Dialect(
    name="openfactstore",
    prefixes=("/api/v1/", "/api/v2/"),
    error_body=_factstore_body,
    carriers=(bearer, api_key_header, api_key_scheme),
    media_types=("application/json",),
    region="X-Factstore-Region",
    dry_run=True,
    idempotency=True,
)
SQEDULE = Dialect(
    name="sqedule",
    prefixes=("/v1/",),
    error_body=_sqedule_body,
    carriers=(bearer, api_key_header, basic_password),
    statuses={403: 401},
    session=True,
    idempotency=True,
)
VERSORI = Dialect(
    name="versori",
    prefixes=("/api/v2/o/", "/api/v2/store/", "/api/v2/projects/", "/api/v2/run/"),
    error_body=_versori_body,
    carriers=(bearer, jwt_scheme, api_key_header),
    statuses={422: 400},
    session=True,
)
CYCLOID = Dialect(
    name="cycloid",
    prefixes=(
        "/organizations",
        "/user",
        "/status",
        "/version",
        "/config",
        "/countries",
        "/events",
        "/members",
        "/appearance",
        "/authentications",
        "/inventory",
        "/inventory-plan",
        "/saml2",
        "/health_check",
        "/metrics",
    ),
    error_body=_cycloid_body,
    carriers=(bearer, bare_authorization, api_key_query),
    media_types=("application/json", "application/vnd.cycloid.io.v1+json", "application/x-www-form-urlencoded"),
    statuses={400: 422},
)
OURS = Dialect(
    name="gatehouse",
    prefixes=("/api/gatehouse/v1/",),
    error_body=_problem_body,
    media_types=("application/json",),
    session=True,
    dry_run=True,
    idempotency=True,
)

DIALECTS = (PHASET, FACTSTORE, SQEDULE, CYCLOID, VERSORI, OURS)


def dialect_of(path: str) -> Dialect | None:
    """The dialect that owns `path`, by its longest prefix; None for the portal's own pages."""
    owners = [(len(prefix), dialect) for dialect in DIALECTS for prefix in dialect.prefixes if _lies_in(path, prefix)]
    return max(owners, key=lambda owner: owner[0])[1] if owners else None


def _lies_in(path: str, prefix: str) -> bool:
    """Whether `path` begins with whole words of `prefix`; a bare prefix is its dialect's too."""
    return f"{path.rstrip('/')}/".startswith(f"{prefix.rstrip('/')}/")
