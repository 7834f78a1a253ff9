"""How long a flow is asked again: a platform may be away for a while, and its answers may lag behind."""

import asyncio
from collections.abc import Callable, Iterator
from typing import TypeVar

from distilabel.events import Event, NextPoll, Notice
from distilabel.exceptions import DistilabelPlatformError, DistilabelUnreachableError
from distilabel.http import Flow
from distilabel.offline.client import Desk
from distilabel.records import Job

__all__ = ["looks", "once_found", "patiently", "pause"]

T = TypeVar("T")
Emit = Callable[[Event], None]

# What may be there and is not found is looked for at once and again after these seconds: a list may lag behind.
_LOOK_UP_AGAIN_AFTER = (1.0, 3.0, 6.0)
_SERVER_FAULT = 500


def looks() -> Iterator[float]:
    """Yield the seconds before each look for what may be there."""
    yield 0.0
    yield from _LOOK_UP_AGAIN_AFTER


async def pause(emit: Emit, job: Job, seconds: float) -> None:
    """Wait before a job is asked about again, and say so."""
    emit(NextPoll(job, seconds))
    await asyncio.sleep(seconds)


async def patiently(emit: Emit, desk: Desk, flow: Callable[[], Flow[T]]) -> T:
    """Carry out a flow that may be carried out twice; a run that waits anyway waits for the platform too."""
    while True:
        try:
            return await desk.transport.run(flow())
        except DistilabelPlatformError as error:
            away = isinstance(error, DistilabelUnreachableError) or (error.status or 0) >= _SERVER_FAULT
            if desk.every is None or not away:
                raise
            emit(Notice("warning", f"{error.message} Trying again in {desk.every:g} s."))
            await asyncio.sleep(desk.every)


async def once_found(emit: Emit, desk: Desk, flow: Callable[[], Flow[T]]) -> T:
    """Carry out a flow; where it finds nothing, do so again for a while: platforms' answers may lag behind."""
    seen = await patiently(emit, desk, flow)
    for seconds in _LOOK_UP_AGAIN_AFTER:
        if seen:
            break
        await asyncio.sleep(seconds)
        seen = await patiently(emit, desk, flow)
    return seen
