"""Repeating calls: while a platform is down, and while its answers lag behind what it has done."""

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

# Platforms' lists and files are eventually consistent: what is not found at once is looked for again after these seconds.
_LOOK_UP_AGAIN_AFTER = (1.0, 3.0, 6.0)
_SERVER_FAULT = 500


def lookup_delays() -> Iterator[float]:
    """Yield the seconds to wait before each look-up."""
    yield 0.0
    yield from _LOOK_UP_AGAIN_AFTER


async def pause(emit: Emit, job: Job, seconds: float) -> None:
    """Wait before a job is polled again, and emit that."""
    emit(NextPoll(job, seconds))
    await asyncio.sleep(seconds)


async def retry_while_down(emit: Emit, client: ModelClient, flow: Callable[[], Flow[T]]) -> T:
    """Run a flow that is safe to repeat. A run that waits for jobs also waits while the platform is down."""
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
    """Run a flow, and run it again for a while if it finds nothing: platforms' answers may lag behind."""
    seen = await retry_while_down(emit, client, flow)
    for seconds in _LOOK_UP_AGAIN_AFTER:
        if seen:
            break
        await asyncio.sleep(seconds)
        seen = await retry_while_down(emit, client, flow)
    return seen
