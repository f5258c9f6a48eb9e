"""Room for deep calls, which Django and its middleware are."""

from collections.abc import Callable
from functools import wraps
from typing import Any

WORDS = 70_000  # of the 131,072 in the block it is given: the others are room for two thousand frames


def roomy(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have `function`, and what it calls, keep its frames in one block of memory.

    CPython (since 3.11) keeps frames in blocks of 16 KB, asks the system for each and gives it back as soon as its
    first frame returns (`push_chunk` in Python/pystate.c): what is called in a loop just where a block ends takes a
    hundred times as long, and of the time of a page that was a seventh. A frame that claims more gets a block of its
    size, rounded up to a power of two; what nobody touches of it takes no memory.
    """

    call: Any = wraps(function)(lambda *args, **kwargs: function(*args, **kwargs))
    call.__code__ = call.__code__.replace(co_stacksize=WORDS)
    return call
