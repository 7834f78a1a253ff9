"""Runs the batches concurrently, in a thread with its own event loop.

The database alone decides the next step of a batch: each step reads the state, does the work of that state and ends in
a transition to another. A killed process repeats the step in which it was.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from threading import Thread

from distilabel.server.parts import Parts
from distilabel.server.records import LIVE, Status
from distilabel.server.responder import Responder
from distilabel.server.run import Run
from distilabel.server.settings import Settings
from distilabel.server.store import Store
from distilabel.server.validation import validate

PAUSE_AFTER_ERROR = 1.0

log = logging.getLogger(__name__)


class Worker:
    """Takes each batch from its creation to its end."""

    def __init__(self, settings: Settings, store: Store, parts: Parts) -> None:
        self._settings = settings
        self._store = store
        self._parts = parts
        self._thread = Thread(target=lambda: asyncio.run(self._work()), name="batches", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._stopping = False

    def start(self) -> None:
        """Start, with the batches that have not ended."""
        self._thread.start()

    def wake(self) -> None:
        """Notify the worker of a new batch."""
        if self._loop is not None:
            # The loop may just have closed.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._changed.set)

    def stop(self) -> None:
        """Stop; the next worker on the same folder continues from here."""
        self._stopping = True
        self.wake()
        self._thread.join()

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        tasks: dict[str, asyncio.Task[None]] = {}
        async with self._parts.open_answer(self._settings) as answer:
            while not self._stopping:
                self._changed.clear()
                tasks = {batch_id: task for batch_id, task in tasks.items() if not task.done()}
                for batch_id in self._store.live():
                    if batch_id not in tasks:
                        tasks[batch_id] = asyncio.create_task(self._process(batch_id, answer))
                if not self._stopping:
                    await self._changed.wait()
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def _process(self, batch_id: str, answer: Responder) -> None:
        while True:
            try:
                if (status := self._store.status(batch_id)) not in LIVE:
                    return
                await self._step(batch_id, status, answer)
            except Exception:
                # For example a full disk. Every step can be repeated, so the batch waits and is not lost.
                log.exception("%s failed in a step that will be repeated", batch_id)
                await asyncio.sleep(PAUSE_AFTER_ERROR)

    async def _step(self, batch_id: str, status: Status, answer: Responder) -> None:
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
