"""The garbage collector's share of a process: by default it looks every 700 allocations, at every module again."""

import gc


def pause() -> None:
    """Don't look while the house is loaded, of which nothing is garbage: that took a third of the time it takes."""
    gc.disable()


def ease(allocations: int = 20_000) -> None:
    """Pass over what is there, and look again every so many `allocations`: the default takes an eighth of a request."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(allocations, 20, 50)


def settle(allocations: int = 20_000) -> None:
    """Do so in a process that has loaded everything it needs, and throw away what that left."""
    gc.collect()
    ease(allocations)
