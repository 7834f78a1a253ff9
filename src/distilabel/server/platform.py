"""One running platform: settings, database, worker and online responder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.requests import Request

from distilabel.server.parts import Parts
from distilabel.server.responder import Responder
from distilabel.server.settings import Settings
from distilabel.server.store import Store
from distilabel.server.worker import Worker


@dataclass(frozen=True, slots=True)
class Platform:
    """What the request handlers share."""

    settings: Settings
    store: Store
    worker: Worker
    answer: Responder


@asynccontextmanager
async def open_platform(settings: Settings, parts: Parts, now: float) -> AsyncIterator[Platform]:
    """Open the folder and continue its unfinished batches; close it at the end of the block."""
    store = Store(settings.folder)
    try:
        store.sweep(now)
        worker = Worker(settings, store, parts)
        async with parts.open_answer(settings) as answer:
            worker.start()
            try:
                yield Platform(settings, store, worker, answer)
            finally:
                worker.stop()
    finally:
        store.close()


def platform_of(request: Request) -> Platform:
    """Return the platform that received a request."""
    platform = request.app.state.platform
    assert isinstance(platform, Platform)
    return platform
