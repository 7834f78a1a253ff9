"""The engine of one machine: threads of this process."""

import queue
import threading

from distilabel.pipeline.runtime.engine import Work
from distilabel.pipeline.runtime.scheduler import Turn

__all__ = ["LocalEngine"]


class LocalEngine:
    """Carries out commands in daemon threads, so that a call that hangs never keeps the process alive.

    Args:
        workers: How many threads.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._turns: queue.SimpleQueue[Turn | None] = queue.SimpleQueue()
        self._stopped = False

    def start(self, work: Work) -> None:
        """Start the threads."""
        for number in range(self.workers):
            name = f"distilabel-worker-{number}"
            threading.Thread(target=self._serve, args=(work,), name=name, daemon=True).start()

    def submit(self, turn: Turn) -> None:
        """Hand commands to the next free thread."""
        self._turns.put(turn)

    def stop(self) -> None:
        """Let each thread end after the command that it is carrying out."""
        self._stopped = True
        for _ in range(self.workers):
            self._turns.put(None)

    def _serve(self, work: Work) -> None:
        while (turn := self._turns.get()) is not None:
            for command in turn:
                if self._stopped or not work(command):
                    break
