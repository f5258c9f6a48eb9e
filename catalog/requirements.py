"""How the requirements of a stored gate decision read: which hold, which are open, in which order a page tells them.

A requirement is the plain mapping of the decision: `key`, `title`, `state` (vocabulary area "requirement"), `detail` …
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from catalog.vocabulary import look_up

Requirement = Mapping[str, Any]

READING_ORDER = ("failing", "missing", "awaiting", "later", "waived", "satisfied", "not_required")
HOLDING = frozenset({"satisfied", "waived", "not_required"})


def holds(requirement: Requirement) -> bool:
    """Whether nothing is left to do about it; a state nobody described does not hold."""
    return requirement["state"] in HOLDING


def is_open(requirement: Requirement) -> bool:
    """Whether something is still to be done about it."""
    return not holds(requirement)


def has_more(requirement: Requirement) -> bool:
    """Whether there is something to say below its line."""
    while_open = ("fact", "request", "who", "opens_at")
    return bool(requirement.get("derived") or (is_open(requirement) and any(map(requirement.get, while_open))))


def count(requirements: Sequence[Requirement]) -> tuple[int, int]:
    """(how many hold, how many there are)."""
    return sum(map(holds, requirements)), len(requirements)


def open_first(requirements: Sequence[Requirement]) -> list[Requirement]:
    """Failing, missing, awaiting, later, then waived, then what holds; unknown states come before all."""
    order = {state: at for at, state in enumerate(READING_ORDER)}
    return sorted(requirements, key=lambda each: order.get(each["state"], -1))


def tally(requirements: Sequence[Requirement]) -> str:
    """The open requirements counted in words: "1 failing, 2 missing"."""
    counts = Counter(each["state"] for each in open_first(requirements) if is_open(each))
    return ", ".join(f"{number} {look_up('requirement', state).word.lower()}" for state, number in counts.items())
