"""The garbage collector's share of a process: by default it looks every 700 allocations, at every module again."""

import gc


def pause() -> None:
    """Don't look while the house is loaded, of which nothing is garbage: that took a third of the time it takes."""
    gc.disable()


def ease(allocations: int = 20_000) -> None:
    """Look again, every so many `allocations`, and never at what is loaded: it stays."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(allocations, 20, 50)


def settle(allocations: int = 20_000) -> None:
    """The same once views and tasks are loaded too, before a process takes work: an eighth of the CPU of a request."""
    gc.collect()
    ease(allocations)
