"""Runs the batches, side by side, in a thread with an event loop of its own.

The database alone says what a batch needs next: each step reads the batch's state, does that state's work and ends in
a move to another. A process killed anywhere in between picks the batch up at the same step.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from threading import Thread

from distilabel.server.answering import Answer
from distilabel.server.parts import Parts
from distilabel.server.records import LIVE, Status
from distilabel.server.run import Run
from distilabel.server.settings import Settings
from distilabel.server.store import Store
from distilabel.server.validation import validate

PAUSE_AFTER_TROUBLE = 1.0

log = logging.getLogger(__name__)


class Worker:
    """Everything that happens to a batch between its creation and its end."""

    def __init__(self, settings: Settings, store: Store, parts: Parts) -> None:
        self._settings = settings
        self._store = store
        self._parts = parts
        self._thread = Thread(target=lambda: asyncio.run(self._work()), name="batches", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._stopping = False

    def start(self) -> None:
        """Begin, with whatever batches are live."""
        self._thread.start()

    def wake(self) -> None:
        """Say that a batch was created."""
        if self._loop is not None:
            # A loop that has just closed has no use for news.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._news.set)

    def stop(self) -> None:
        """Stop where things stand; a worker on the same folder goes on from there."""
        self._stopping = True
        self.wake()
        self._thread.join()

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        tasks: dict[str, asyncio.Task[None]] = {}
        async with self._parts.open_answer(self._settings) as answer:
            while not self._stopping:
                self._news.clear()
                tasks = {batch_id: task for batch_id, task in tasks.items() if not task.done()}
                for batch_id in self._store.live():
                    if batch_id not in tasks:
                        tasks[batch_id] = asyncio.create_task(self._tend(batch_id, answer))
                if not self._stopping:
                    await self._news.wait()
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def _tend(self, batch_id: str, answer: Answer) -> None:
        while True:
            try:
                if (status := self._store.status(batch_id)) not in LIVE:
                    return
                await self._step(batch_id, status, answer)
            except Exception:
                # A full disk, say. Every step can be taken again, so the batch waits rather than being lost.
                log.exception("%s stands still for a moment", batch_id)
                await asyncio.sleep(PAUSE_AFTER_TROUBLE)

    async def _step(self, batch_id: str, status: Status, answer: Answer) -> None:
        batch = self._store.batch(batch_id)
        if status is Status.VALIDATING:
            await validate(self._store, self._settings, batch)
            return
        with contextlib.closing(self._parts.open_results(self._store, batch)) as results:
            run = Run(self._settings, self._store, batch, results, time.time)
            steps: dict[Status, Callable[[], Awaitable[None]]] = {
                Status.IN_PROGRESS: lambda: run.ask(answer),
                Status.FINALIZING: run.complete,
                Status.CANCELLING: run.cancel,
            }
            await steps[status]()
