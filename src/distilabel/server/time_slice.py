"""Politeness between tasks that compute: a task hands on the event loop once its slice is used up."""

import asyncio
from time import perf_counter

SLICE = 0.002


class TimeSlice:
    """One task's slice of time."""

    def __init__(self) -> None:
        self._end = perf_counter() + SLICE

    async def hand_on(self) -> None:
        """Let others go first, if it is their turn."""
        if perf_counter() >= self._end:
            await asyncio.sleep(0)
            self._end = perf_counter() + SLICE
