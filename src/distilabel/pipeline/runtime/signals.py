"""Ctrl+C and SIGTERM: the first asks the run to stop and keep what it has, the second ends it at once."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["stopping"]


@contextmanager
def stopping(ask_to_stop: Callable[[], None]) -> Iterator[None]:
    """Within it, SIGINT and SIGTERM call `ask_to_stop`; a second one raises KeyboardInterrupt.

    Outside the main thread Python lets nobody handle signals: there it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        ask_to_stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
