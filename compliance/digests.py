"""Digests as people and machines write them."""

import re

_SHA256 = re.compile(r"sha256:[0-9a-f]{64}", re.IGNORECASE)


def is_sha256(text: str) -> bool:
    """Whether `text` is `sha256:` and 64 hex letters, in any letter case."""
    return _SHA256.fullmatch(text) is not None


def normal_digest(text: str) -> str:
    """One spelling of a digest: a whole SHA-256 in lower case (hex has none), free forms as they are."""
    return text.lower() if is_sha256(text) else text
