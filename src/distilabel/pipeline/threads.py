"""The engine of one machine: threads of this process."""

import queue
import threading

from distilabel.pipeline.engine import Work
from distilabel.pipeline.scheduler import Command

__all__ = ["LocalEngine"]


class LocalEngine:
    """Carries out commands in daemon threads, so that a call that hangs never keeps the process alive.

    Args:
        workers: How many threads.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()

    def start(self, work: Work) -> None:
        """Start the threads."""
        for number in range(self.workers):
            name = f"distilabel-worker-{number}"
            threading.Thread(target=self._serve, args=(work,), name=name, daemon=True).start()

    def submit(self, command: Command) -> None:
        """Hand a command to the next free thread."""
        self._commands.put(command)

    def stop(self) -> None:
        """Let each thread end after what it is doing."""
        for _ in range(self.workers):
            self._commands.put(None)

    def _serve(self, work: Work) -> None:
        while (command := self._commands.get()) is not None:
            work(command)
