"""Secrets that are only ever compared: random tokens and their keyed digests; and the keys derived for a purpose."""

import hashlib
import hmac
import secrets

from django.conf import settings


def new_token(prefix: str = "") -> str:
    """Return `prefix` + 256 random bits in URL-safe letters (43 characters)."""
    return prefix + secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """HMAC-SHA-256 of a high-entropy token under the installation's pepper, as 64 hex letters.

    The token has 256 random bits, so a slow hash would add nothing; the key makes a stolen table useless.
    """
    return hmac.new(settings.TOKEN_PEPPER.encode(), token.encode(), hashlib.sha256).hexdigest()


def same_digest(one: str, other: str) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def derived_key(purpose: str, secret: str | None = None) -> bytes:
    """32 bytes that only this installation has, another for each `purpose`; from `secret`, else from SECRET_KEY."""
    master = settings.SECRET_KEY if secret is None else secret
    return hmac.new(master.encode(), f"gatehouse:{purpose}".encode(), hashlib.sha256).digest()
