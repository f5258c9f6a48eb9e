"""Short-lived signed tokens (JWT) that a dialect's login hands out. One issuer, an audience per dialect.

Nothing is stored. A token dies with what it was issued for: the password it was got with, the key, the person's
account, or (for whoever asks for an actor) the membership.
"""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.conf import settings
from django.utils import timezone

from catalog.actors import Actor, key_actor, user_actor
from catalog.models import ApiKey, Organization, User
from catalog.models.base import uuid7
from catalog.services.keys import authenticate_key
from config.crypto import derived_key, same_digest
from config.errors import Unauthenticated

ALGORITHM = "HS256"
ISSUER = "gatehouse"
NEEDED = ["iss", "aud", "sub", "exp", "iat", "proof"]
INVALID = "The credential is not valid."


@dataclass(frozen=True, slots=True)
class Token:
    """What a token that holds says: for whom it is, in which organization, and what else its dialect put in."""

    expires_at: datetime
    claims: Mapping[str, Any] = field(default_factory=dict)
    organization: Organization | None = None
    user: User | None = None
    key: ApiKey | None = None


def is_token(credential: str) -> bool:
    """Whether a credential has the form of a signed token rather than that of an API key."""
    return credential.startswith("eyJ") and credential.count(".") == 2


def issue(
    *,
    audience: str,
    lifetime: timedelta,
    user: User | None = None,
    key: ApiKey | None = None,
    organization: Organization | None = None,
    claims: Mapping[str, Any] | None = None,
) -> tuple[str, datetime]:
    """A token of `audience` (a dialect's name) for a person, or for whoever owns `key`, and when it ends.

    Whoever calls has checked the person's password, or the key. `claims` are the dialect's own.
    """
    holder = user or key
    if holder is None:
        raise ValueError("a token is somebody's")
    now = timezone.now().replace(microsecond=0)
    ends = now + lifetime
    said = dict(claims or {}) | {
        "iss": ISSUER,
        "aud": audience,
        "sub": str(holder.uid),
        "iat": int(now.timestamp()),
        "exp": int(ends.timestamp()),
        "jti": str(uuid7()),
        "proof": _proof(holder, settings.SECRET_KEY),
    }
    if organization is not None:
        said["org"] = str(organization.uid)
    return jwt.encode(said, _key(settings.SECRET_KEY, audience), algorithm=ALGORITHM), ends


def read(text: str, audience: str) -> Token:
    """What the token `text` of `audience` says.

    Raises Unauthenticated, always in the same words: it is none, it is over or another dialect's, its person is
    disabled or has another password, its key is revoked, its organization is gone.
    """
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            said = jwt.decode(
                text,
                _key(secret, audience),
                algorithms=[ALGORITHM],
                audience=audience,
                issuer=ISSUER,
                options={"require": NEEDED},
            )
        except (jwt.InvalidTokenError, ValueError):
            continue
        return _believed(said, secret)
    raise Unauthenticated(INVALID)


def authenticate(credential: str, audience: str, **context: Any) -> Actor:
    """The actor of a credential that clients of `audience` sent: a token, else an API key. Raises Unauthenticated."""
    if is_token(credential):
        try:
            return authenticate_token(credential, audience, **context)
        except Unauthenticated:
            pass  # an API key can have the form of a token too
    return authenticate_key(credential, **context)


def authenticate_token(text: str, audience: str, **context: Any) -> Actor:
    """The actor a token of `audience` speaks for in its organization.

    Raises Unauthenticated as `read` does, and for a token without an organization, whose person has left it, or which a
    password alone got where the organization asks for a second factor.
    """
    token = read(text, audience)
    actor: Actor | None = None
    if token.key is not None:
        actor = key_actor(token.key, **context)
    elif token.user is not None and token.organization is not None:
        actor = user_actor(token.user, token.organization.pk, **context)
    if actor is None or token.organization is None or actor.organization_id != token.organization.pk:
        raise Unauthenticated(INVALID)
    if token.user is not None and actor.organization.require_second_factor:
        raise Unauthenticated(f"{actor.organization} asks for a second factor; use an API key.")
    return actor


def _believed(said: dict[str, Any], secret: str) -> Token:
    """The token with its rows. Raises Unauthenticated when one is gone or no longer what the token was issued for."""
    proven = (each for each in _holders(said["sub"]) if same_digest(_proof(each, secret), str(said["proof"])))
    holder = next(proven, None)
    organization = None
    if "org" in said:
        organization = Organization.objects.filter(uid=said["org"]).first()
    if holder is None or ("org" in said and organization is None):
        raise Unauthenticated(INVALID)
    return Token(
        expires_at=datetime.fromtimestamp(said["exp"], tz=timezone.get_default_timezone()),
        claims=said,
        organization=organization,
        user=holder if isinstance(holder, User) else None,
        key=holder if isinstance(holder, ApiKey) else None,
    )


def _holders(uid: str) -> Iterator[User | ApiKey]:
    """The active person, or the key in force, of this uid."""
    yield from User.objects.filter(uid=uid, is_active=True)
    keys = ApiKey.objects.filter(uid=uid).select_related(
        "user", "service_account__organization", "service_account__role"
    )
    yield from (key for key in keys if key.is_in_force())


def _key(secret: str, audience: str) -> bytes:
    return derived_key(f"token:{audience}", secret)


def _proof(holder: User | ApiKey, secret: str) -> str:
    """What ties a token to the password (or key) it was issued for, without giving either away."""
    bound = holder.password if isinstance(holder, User) else holder.digest
    return hmac.new(derived_key("token proof", secret), bound.encode(), "sha256").hexdigest()[:32]
