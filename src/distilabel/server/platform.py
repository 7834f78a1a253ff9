"""One running platform: its settings, its database, its worker, and who answers online."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.requests import Request

from distilabel.server.answering import Answer
from distilabel.server.parts import Parts
from distilabel.server.settings import Settings
from distilabel.server.store import Store
from distilabel.server.worker import Worker


@dataclass(frozen=True, slots=True)
class Platform:
    """What the handlers of requests share."""

    settings: Settings
    store: Store
    worker: Worker
    answer: Answer


@asynccontextmanager
async def open_platform(settings: Settings, parts: Parts, now: float) -> AsyncIterator[Platform]:
    """Open the folder and go on with what is unfinished in it; close it when done."""
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
    """The platform that a request came to."""
    platform = request.app.state.platform
    assert isinstance(platform, Platform)
    return platform
