"""Whether some globs match everything another one does: nobody hands out more than they have."""

from collections.abc import Iterable
from typing import NamedTuple

MOST_STEPS = 5_000  # above it the answer is no, which is the safe one
OTHER = "\0"  # stands for every letter that no glob names
Token = str  # a letter, `*`, `**`, or BELOW: nothing, or a colon and anything
BELOW = "below"


class Place(NamedTuple):
    """How far one glob has been read."""

    glob: int
    at: int


def covers(globs: Iterable[str], glob: str, *, below: bool = False) -> bool:
    """Whether every text that `glob` matches is matched by one of `globs`; `below`: as resources, which also match
    what lies below them.

    Both are read side by side as finite automata: the answer is no as soon as `glob` is at its end and no other is.
    """
    all_tokens = [_tokens(each, below) for each in (glob, *globs)]
    letters = {token for tokens in all_tokens for token in tokens if len(token) == 1} | {":", OTHER}
    wider = frozenset(Place(number, 0) for number in range(1, len(all_tokens)))
    todo = [(place, _closed(wider, all_tokens)) for place in _closed({Place(0, 0)}, all_tokens)]
    seen = set(todo)
    while todo:
        place, beside = todo.pop()
        if _ends(place, all_tokens) and not any(_ends(each, all_tokens) for each in beside):
            return False
        for letter in letters:
            after = _closed(_read([place], letter, all_tokens), all_tokens)
            if not after:
                continue
            still = _closed(_read(beside, letter, all_tokens), all_tokens)
            fresh = {(each, still) for each in after} - seen
            seen |= fresh
            todo += fresh
        if len(seen) > MOST_STEPS:
            return False
    return True


def _tokens(glob: str, below: bool) -> list[Token]:
    tokens: list[Token] = []
    for part in glob.split("**"):
        tokens += [*part, "**"]
    return tokens[:-1] + ([BELOW] if below else [])


def _closed(places: Iterable[Place], all_tokens: list[list[Token]]) -> frozenset[Place]:
    """`places` and where one gets from them without reading: a wildcard may match nothing."""
    found = set(places)
    for place in list(found):
        tokens, at = all_tokens[place.glob], place.at
        while at < len(tokens) and tokens[at] in ("*", "**"):
            at += 1
            found.add(Place(place.glob, at))
    return frozenset(found)


def _read(places: Iterable[Place], letter: str, all_tokens: list[list[Token]]) -> set[Place]:
    """Where one gets from `places` by reading `letter`."""
    found = set()
    for glob, at in places:
        tokens = all_tokens[glob]
        sign = tokens[at] if at < len(tokens) else ""
        if sign == "**" or (sign == "*" and letter != ":") or (not sign and tokens[-1:] == [BELOW]):
            found.add(Place(glob, at))
        elif sign == letter or (sign == BELOW and letter == ":"):
            found.add(Place(glob, at + 1))
    return found


def _ends(place: Place, all_tokens: list[list[Token]]) -> bool:
    """Whether the text may end here."""
    tokens = all_tokens[place.glob]
    return place.at >= len(tokens) or tokens[place.at] == BELOW
