"""The garbage collector's share of a process that runs long."""

import gc


def settle(allocations: int = 20_000) -> None:
    """Let the collector pass over what was loaded until now, which stays, and look every so many `allocations`.

    By default it looks every 700, and at every module again and again: an eighth of the CPU of a request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(allocations, 20, 50)
