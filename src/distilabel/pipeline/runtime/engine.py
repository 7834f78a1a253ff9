"""Engines carry out commands: the protocol, and the engine that uses threads of this process."""

import queue
import threading
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from distilabel.pipeline.runtime.commands import Command, WorkItem

__all__ = ["Engine", "LocalEngine", "Work"]

Work = Callable[[Command], bool]
"""Carries out one command and reports its outcome. Returns whether the work item goes on. Never raises."""


class Engine(Protocol):
    """Carries out work items outside of the caller's thread, several at the same time."""

    workers: int

    def start(self, work: Work) -> None:
        """Start the workers; each carries out commands with `work`."""

    def submit(self, item: WorkItem) -> None:
        """Queue a work item; returns at once."""

    def stop(self, wait: float = 0.0) -> None:
        """Start no further command, and wait up to `wait` seconds for those that run; the others end by themselves."""


class LocalEngine:
    """Carries out commands in daemon threads, so that a call that hangs never keeps the process alive.

    Args:
        workers: The number of threads.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._items: queue.SimpleQueue[WorkItem | None] = queue.SimpleQueue()
        self._stopped = False
        self._threads: list[threading.Thread] = []

    def start(self, work: Work) -> None:
        """Start the threads."""
        for number in range(self.workers):
            name = f"distilabel-worker-{number}"
            thread = threading.Thread(target=self._serve, args=(work,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def submit(self, item: WorkItem) -> None:
        """Queue a work item for the next free thread."""
        self._items.put(item)

    def stop(self, wait: float = 0.0) -> None:
        """Let each thread end after its current command."""
        self._stopped = True
        for _ in range(self.workers):
            self._items.put(None)
        deadline = monotonic() + wait
        for thread in self._threads if wait else ():
            thread.join(max(0.0, deadline - monotonic()))

    def _serve(self, work: Work) -> None:
        while (item := self._items.get()) is not None:
            for command in item:
                if self._stopped or not work(command):
                    break
