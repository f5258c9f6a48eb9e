"""What a signature of provenance proves: a DSSE envelope around an in-toto statement, checked with one public key.

https://github.com/secure-systems-lab/dsse and https://in-toto.io/Statement/v1 say what is signed. A bare signature does
not say what it signs, so it can't be checked here.
"""

import base64
import binascii
import json
from typing import Any, NamedTuple

from config.crypto import PublicKey, is_signed, public_key

STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")


class Checked(NamedTuple):
    """Whether the signature vouches for the record, and why (not)."""

    verified: bool
    said: str


def check_signature(signature: str, *, pem: str, digest: str, builder_id: str) -> Checked:
    """Check that the holder of `pem`'s private half states that `builder_id` built `digest`."""
    try:
        key = public_key(pem)
    except ValueError:
        return Checked(False, "The organisation's key can't be read.")
    envelope = _parsed(signature)
    if envelope is None:
        envelope = _parsed(_decoded(signature) or b"")
    if envelope is None:
        return Checked(False, "The signature is no DSSE envelope, so it does not say what it signs.")
    kind, payload = envelope.get("payloadType"), _decoded(envelope.get("payload"))
    if not isinstance(kind, str) or payload is None:
        return Checked(False, "The DSSE envelope has no payload.")
    if not _is_signed(envelope.get("signatures"), key, kind, payload):
        return Checked(False, "No signature of the envelope is by the organisation's key.")
    return _states(_parsed(payload), digest, builder_id)


def _is_signed(signatures: Any, key: PublicKey, kind: str, payload: bytes) -> bool:
    name = kind.encode()
    message = b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)  # the pre-authentication encoding
    said = [each.get("sig") for each in signatures if isinstance(each, dict)] if isinstance(signatures, list) else []
    return any(is_signed(key, sig, message) for sig in map(_decoded, said) if sig)


def _states(statement: dict[str, Any] | None, digest: str, builder_id: str) -> Checked:
    if statement is None or statement.get("_type") not in STATEMENTS:
        return Checked(False, "What is signed is no in-toto statement.")
    subjects = statement.get("subject")
    digests = [each.get("digest") for each in subjects if isinstance(each, dict)] if isinstance(subjects, list) else []
    named = {f"{kind}:{value}".lower() for each in digests if isinstance(each, dict) for kind, value in each.items()}
    if digest.lower() not in named:
        return Checked(False, "The signed statement is about another digest.")
    builder = _builder(statement.get("predicate"))
    if builder != builder_id:
        return Checked(False, f"The signed statement names {f'the builder {builder}' if builder else 'no builder'}.")
    return Checked(True, "The signature is by the organisation's key, and names this digest and builder.")


def _builder(predicate: Any) -> str:
    """The builder's id in a predicate of SLSA 1 (`runDetails`) or 0.2."""
    if not isinstance(predicate, dict):
        return ""
    details = predicate.get("runDetails", predicate)
    builder = details.get("builder") if isinstance(details, dict) else None
    return str(builder.get("id") or "")[:255] if isinstance(builder, dict) else ""


def _parsed(text: bytes | str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _decoded(text: Any) -> bytes | None:
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
