"""How long a flow is asked again: a platform may be away for a while, and its answers may lag behind."""

import asyncio
from collections.abc import Callable, Iterator
from typing import TypeVar

from distilabel.events import Event, NextPoll, Notice
from distilabel.exceptions import DistilabelPlatformError, DistilabelUnreachableError
from distilabel.http import Flow
from distilabel.offline.client import ModelClient
from distilabel.records import Job

__all__ = ["lookup_delays", "pause", "retry_until_found", "retry_while_down"]

T = TypeVar("T")
Emit = Callable[[Event], None]

# What may be there and is not found is looked for at once and again after these seconds: a list may lag behind.
_LOOK_UP_AGAIN_AFTER = (1.0, 3.0, 6.0)
_SERVER_FAULT = 500


def lookup_delays() -> Iterator[float]:
    """Yield the seconds before each look for what may be there."""
    yield 0.0
    yield from _LOOK_UP_AGAIN_AFTER


async def pause(emit: Emit, job: Job, seconds: float) -> None:
    """Wait before a job is asked about again, and say so."""
    emit(NextPoll(job, seconds))
    await asyncio.sleep(seconds)


async def retry_while_down(emit: Emit, client: ModelClient, flow: Callable[[], Flow[T]]) -> T:
    """Carry out a flow that may be carried out twice; a run that waits anyway waits for the platform too."""
    while True:
        try:
            return await client.transport.run(flow())
        except DistilabelPlatformError as error:
            away = isinstance(error, DistilabelUnreachableError) or (error.status or 0) >= _SERVER_FAULT
            if client.poll_interval is None or not away:
                raise
            emit(Notice("warning", f"{error.message} Trying again in {client.poll_interval:g} s."))
            await asyncio.sleep(client.poll_interval)


async def retry_until_found(emit: Emit, client: ModelClient, flow: Callable[[], Flow[T]]) -> T:
    """Carry out a flow; where it finds nothing, do so again for a while: platforms' answers may lag behind."""
    seen = await retry_while_down(emit, client, flow)
    for seconds in _LOOK_UP_AGAIN_AFTER:
        if seen:
            break
        await asyncio.sleep(seconds)
        seen = await retry_while_down(emit, client, flow)
    return seen
