"""The errors services raise. Each has a status and a stable code; a dialect prints them in its own words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One refused value: `path` as the sender wrote it (`slo[3].period`), and why."""

    path: str
    message: str


class GatehouseError(Exception):
    """A refusal that the caller can understand and act on."""

    status = 500
    code = "internal_error"
    entity = ""  # the noun it is about, for dialects whose codes name it

    def __init__(self, message: str, *, fields: Iterable[FieldError] = (), headers: Mapping[str, str] | None = None):
        super().__init__(message)
        self.message = message
        self.fields = tuple(fields)
        self.headers = dict(headers or {})


class BadInput(GatehouseError):
    """What was sent can't be read or breaks a field's rule (400)."""

    status = 400
    code = "validation_failed"


class InvalidJSON(BadInput):
    """The body is not the JSON that is expected (400)."""

    code = "invalid_json"


class Unauthenticated(GatehouseError):
    """No credential, or one that is unknown, expired or revoked: the caller is told no more than that (401)."""

    status = 401
    code = "unauthorized"


class Forbidden(GatehouseError):
    """The actor is known and lacks the right; the message names the right, and so does `action` for pages (403)."""

    status = 403
    code = "forbidden"
    action = ""


class NotFound(GatehouseError):
    """No such thing for this actor; another tenant's thing reads the same (404)."""

    status = 404
    code = "not_found"


class Conflict(GatehouseError):
    """The thing exists already, or its state does not allow this (409)."""

    status = 409
    code = "conflict"


class LengthRequired(GatehouseError):
    """The body comes without its length (411)."""

    status = 411
    code = "length_required"


class TooLarge(GatehouseError):
    """The body is larger than this route reads (413)."""

    status = 413
    code = "too_large"


class UnsupportedMediaType(GatehouseError):
    """The body is of a media type this dialect does not read (415)."""

    status = 415
    code = "unsupported_media_type"


class RuleViolation(GatehouseError):
    """Well-formed, but a rule of the domain forbids it (422)."""

    status = 422
    code = "rule_violation"


class RateLimited(GatehouseError):
    """Too many calls by one credential; `Retry-After` says when to come back, in seconds (429)."""

    status = 429
    code = "rate_limited"


class Unavailable(GatehouseError):
    """Something we can't do without is away; the same request may succeed soon (503)."""

    status = 503
    code = "unavailable"


class IntegrityFault(GatehouseError):
    """What is stored is not what was put there (500)."""

    status = 500
    code = "integrity_error"
