"""Deep calls don't ask the system for memory again and again."""

import resource

from config.stack import roomy


def leaf() -> None:
    """Something that is called in a loop, and has a frame of some size."""


leaf.__code__ = leaf.__code__.replace(co_stacksize=200)


def faults(depth: int) -> int:
    """How many pages of memory a loop of calls asks for that is `depth` calls further in."""
    if depth:
        return faults(depth - 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(2_000):
        leaf()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_a_loop_costs_the_same_however_deep_it_is():
    assert max(roomy(faults)(depth) for depth in range(300)) < 1_000


def test_it_is_the_function_it_was():
    assert (roomy(faults).__name__, roomy(int)("7", base=8)) == ("faults", 7)
