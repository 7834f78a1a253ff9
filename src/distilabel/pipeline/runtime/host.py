"""What a run changes in the process that hosts it, and restores at its end: signal handlers and the garbage collector."""

import gc
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["stopping", "tuned_gc"]

_GC_THRESHOLD = 50_000
# The thresholds with which Python starts, from 3.11 to 3.14.
_GC_DEFAULTS = frozenset({(700, 10, 10), (2000, 10, 10), (2000, 10, 0)})


@contextmanager
def tuned_gc() -> Iterator[None]:
    """Make Python look for cycles less often, and restore the old thresholds at the end.

    A run makes rows by the million. They are trees, which Python frees without its cycle collector; looking through them
    again and again took a quarter of a run (design/0005-speed.md). Cycles that steps make are still found, some tens of
    thousands of objects later. If the program has set up or disabled the collector itself, nothing is changed.
    """
    before = gc.get_threshold()
    if before not in _GC_DEFAULTS or not gc.isenabled():
        yield
        return
    gc.set_threshold(_GC_THRESHOLD, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def stopping(on_signal: Callable[[], None]) -> Iterator[None]:
    """Handle signals while the context is open: the first SIGINT or SIGTERM calls `on_signal`, the second raises KeyboardInterrupt.

    Outside of the main thread, where Python does not allow signal handlers, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal received
        if received:
            raise KeyboardInterrupt
        received = True
        on_signal()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
