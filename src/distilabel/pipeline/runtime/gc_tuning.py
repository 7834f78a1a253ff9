"""How often Python looks for cycles of garbage during a run."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["tuned_gc"]

_OBJECTS = 50_000


@contextmanager
def tuned_gc() -> Iterator[None]:
    """Have Python look for cycles seldom, and not in what was there before.

    Rows are made by the million and are trees: they go without its help, and looking through them again and again took a
    quarter of a run (design/0005-speed.md). Cycles that steps make are still found, some tens of thousands of objects
    later.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
