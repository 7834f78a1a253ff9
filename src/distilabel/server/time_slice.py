"""Sharing the event loop: a task that computes lets others run when its time slice is used up."""

import asyncio
from time import perf_counter

SLICE = 0.002


class TimeSlice:
    """The time for which one task may compute without a pause."""

    def __init__(self) -> None:
        self._end = perf_counter() + SLICE

    async def yield_if_used(self) -> None:
        """Let other tasks run, if the slice is used up; then begin the next slice."""
        if perf_counter() >= self._end:
            await asyncio.sleep(0)
            self._end = perf_counter() + SLICE
