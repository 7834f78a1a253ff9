"""The event loop of this process, in its own thread, so that it works if the caller's thread already runs a loop.

A fork copies the memory of its parent, and none of its threads but one: a forked process starts its own loop, and replaces what
belongs to the loop of its parent.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine, Iterable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar
from weakref import WeakSet

__all__ = ["Slots", "background_loop", "renew_after_fork", "run", "start", "together"]

T = TypeVar("T")
_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


class _Renewable(Protocol):
    def renew(self) -> object:
        """Replace what belongs to the parent; return it."""


_renewables: WeakSet[_Renewable] = WeakSet()
# A forked process neither uses nor closes what belongs to its parent: it would unregister the parent's sockets from the epoll
# object that the two share (https://man7.org/linux/man-pages/man7/epoll.7.html), or send TLS's end to the platform.
_of_parent: list[object] = []


def renew_after_fork(owner: _Renewable) -> None:
    """Call `owner.renew()` in each forked process, before anything else runs there."""
    _renewables.add(owner)


def _after_fork() -> None:
    global _lock, _loop
    _of_parent.append(_loop)
    _lock, _loop = threading.Lock(), None
    _of_parent.extend([owner.renew() for owner in _renewables])


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_after_fork)


class Slots(asyncio.Semaphore):
    """Lets a number of coroutines of the background loop in at a time. In a forked process all slots are free."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._count = count
        renew_after_fork(self)

    def renew(self) -> None:
        """Forget who waits, and the loop of the parent."""
        count = self._count
        self.__dict__.clear()
        Slots.__init__(self, count)


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
