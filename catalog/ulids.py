"""The 128 bits of a uid in ULID letters (Crockford's base 32), as one dialect prints and reads them."""

import re
from uuid import UUID

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID = re.compile(rf"[0-7][{LETTERS}]{{25}}")
_UUID = re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}")


def ulid(uid: bytes) -> str:
    """26 letters for 16 bytes; the same order as the bytes."""
    number = int.from_bytes(uid, "big")
    return "".join(LETTERS[number >> shift & 31] for shift in range(125, -1, -5))


def read_ulid(text: str) -> UUID | None:
    """The uid that `text` spells, as a ULID or a UUID in any letter case; None for anything else."""
    letters = text.upper() if text.isascii() else ""
    if _UUID.fullmatch(letters):
        return UUID(letters)
    if not _ULID.fullmatch(letters):
        return None
    number = 0
    for letter in letters:
        number = number << 5 | LETTERS.index(letter)
    return UUID(int=number)
