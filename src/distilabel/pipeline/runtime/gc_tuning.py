"""Tunes Python's garbage collector for the time of a run."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["tuned_gc"]

_THRESHOLD = 50_000
# The thresholds with which Python starts, from 3.11 to 3.14.
_DEFAULTS = frozenset({(700, 10, 10), (2000, 10, 10), (2000, 10, 0)})


@contextmanager
def tuned_gc() -> Iterator[None]:
    """Make Python look for cycles less often, and restore the old thresholds at the end.

    A run makes rows by the million. They are trees, which Python frees without its cycle collector; looking through them
    again and again took a quarter of a run (design/0005-speed.md). Cycles that steps make are still found, some tens of
    thousands of objects later. If the program has set up or disabled the collector itself, nothing is changed.
    """
    before = gc.get_threshold()
    if before not in _DEFAULTS or not gc.isenabled():
        yield
        return
    gc.set_threshold(_THRESHOLD, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
