"""Secrets: random tokens and their keyed digests, keys derived for a purpose, and texts encrypted at rest."""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings

VERSION = b"\x01"
NONCE = 12  # bytes


class Undecipherable(Exception):
    """A text that was not encrypted here, for this place, or under a key that is gone."""


def new_token(prefix: str = "") -> str:
    """Return `prefix` + 256 random bits in URL-safe letters (43 characters)."""
    return prefix + secrets.token_urlsafe(32)


def new_key(prefix: str) -> str:
    """Return `prefix` + 256 random bits as 64 lower-case hex letters, the shape OpenFactstore's clients know."""
    return prefix + secrets.token_hex(32)


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


def encrypt(plain: bytes, place: str) -> bytes:
    """AES-256-GCM of `plain` under this installation's key; only who names the same `place` can read it."""
    nonce = secrets.token_bytes(NONCE)
    return VERSION + nonce + AESGCM(derived_key("at rest")).encrypt(nonce, plain, place.encode())


def decrypt(sealed: bytes, place: str) -> bytes:
    """What `encrypt` was given for `place`, also under a key of SECRET_KEY_FALLBACKS. Raises Undecipherable."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        nonce, text = sealed[1 : 1 + NONCE], sealed[1 + NONCE :]
        try:
            return AESGCM(derived_key("at rest", secret)).decrypt(nonce, text, place.encode())
        except (InvalidTag, ValueError):
            continue
    raise Undecipherable(f"What is kept for {place} can't be read.")


PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


def public_key(pem: str) -> PublicKey:
    """The key in `pem`. Raises ValueError for what is none, and for kinds other than ECDSA, Ed25519 and RSA."""
    try:
        key = load_pem_public_key(pem.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError("The key is of a kind that is not known here.") from error
    if not isinstance(key, PublicKey):
        raise ValueError("The key is neither ECDSA nor Ed25519 nor RSA.")
    return key


def is_signed(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether whoever has the private half of `key` signed `message`; with SHA-256 but for Ed25519."""
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        else:
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
