"""Ctrl+C and SIGTERM: the first signal stops the run and keeps its results, the second ends it at once."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["stopping"]


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
