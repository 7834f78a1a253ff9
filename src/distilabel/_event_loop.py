"""The event loop of this process, in its own thread, so that it works if the caller's thread already runs a loop."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["background_loop", "run", "start", "together"]

T = TypeVar("T")
_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def background_loop() -> asyncio.AbstractEventLoop:
    """Return the loop; the first call starts it in a daemon thread."""
    global _loop  # noqa: PLW0603 - one loop for the whole process
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="distilabel-loop", daemon=True).start()
        return _loop


def start(coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
    """Start `coroutine` on the background loop; return its future at once."""
    return asyncio.run_coroutine_threadsafe(coroutine, background_loop())


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run `coroutine` on the background loop and wait for its result; an interrupt cancels it.

    Examples:
        >>> async def double(n):
        ...     return 2 * n
        >>> run(double(21))
        42
    """
    future = start(coroutine)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


async def together(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Await coroutines concurrently; return their results in order, or raise the first error and cancel the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
    except (
        ExceptionGroup
    ) as errors:  # not `except*`, which wraps errors that are raised within it (Python 3.11.2)
        raise _first(errors) from None
    return [task.result() for task in tasks]


def _first(errors: ExceptionGroup[Exception]) -> Exception:
    error: Exception = errors
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
