"""The 128 bits of a uid in ULID letters (Crockford's base 32), as one dialect prints them."""

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(uid: bytes) -> str:
    """26 letters for 16 bytes; the same order as the bytes."""
    number = int.from_bytes(uid, "big")
    return "".join(LETTERS[number >> shift & 31] for shift in range(125, -1, -5))
