"""What models behind a platform share: where they ask, online and by batch, within a run and outside a pipeline."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from distilabel import _event_loop as loop
from distilabel.exceptions import DistilabelUserError
from distilabel.models.standalone import Collected, collect
from distilabel.offline.client import Desk, open_door
from distilabel.offline.options import OfflineBatchOptions
from distilabel.offline.session import Session
from distilabel.providers.base import complete
from distilabel.records import Outcome, Target

__all__ = ["Connection", "ask", "open_desk"]


class Connection:
    """What one model asks through: its desk, and within a run its session. It stays in the process that opened it."""

    def __init__(self) -> None:
        self._desk: Desk | None = None
        self._former: list[Desk] = []
        self._session: Session | None = None
        self._slots: asyncio.Semaphore | None = None

    def __reduce__(self) -> tuple[type["Connection"], tuple[()]]:
        """Arrive in another process, or in a copy of the model, closed."""
        return Connection, ()

    def open(self, desk: Desk) -> None:
        """Ask at this desk from now on; the one before it may still be asked, and is closed with it."""
        if self._desk is not None:
            self._former.append(self._desk)
        self._desk = desk

    def close(self) -> None:
        """Close the connection to the platform, and those that were opened before it."""
        desks = [*self._former, *([self._desk] if self._desk else [])]
        self._former, self._desk = [], None
        for desk in desks:
            loop.run(desk.transport.close())

    def bind(self, session: Session | None) -> None:
        """Draw through `session`: one step of one run; None: outside a pipeline."""
        self._session = session

    @property
    def is_bound(self) -> bool:
        """Whether what is asked belongs to a step of a run."""
        return self._session is not None

    def desk(self, owner: str, every: float | None, options: OfflineBatchOptions) -> Desk:
        """Return the desk, with what the user has chosen by now.

        Raises:
            DistilabelUserError: It is not open; the message names `owner`, whose `load` opens it.
        """
        if self._desk is None:
            raise DistilabelUserError(f"Call {owner}.load() before generating.")
        if (every, options) != (self._desk.every, self._desk.options):
            self._desk = replace(self._desk, every=every, options=options)
        return self._desk

    def draw(self, desk: Desk, bodies: Sequence[bytes], jobs_ids: Sequence[str]) -> Collected:
        """Draw the reply to each body from the ledger; what is missing is submitted.

        Within a run no job's id is told: a job is packed of many askings, and the run tells of its jobs itself.

        Args:
            desk: Where they are handed in.
            bodies: Their canonical bodies.
            jobs_ids: Jobs that hold them already, from an earlier call; outside a pipeline only.
        """
        if self._session is None:
            return collect(desk, bodies, jobs_ids)
        return Collected(self._session.ask(desk, bodies), jobs_ids=())

    def ask_all(self, desk: Desk, bodies: Sequence[bytes], most: int) -> list[Outcome]:
        """Ask online, at most `most` bodies at once over all callers; return the outcomes in order."""
        return loop.run(self._ask_all(desk, bodies, most))

    async def _ask_all(self, desk: Desk, bodies: Sequence[bytes], most: int) -> list[Outcome]:
        if self._slots is None:
            self._slots = asyncio.Semaphore(most)
        return await loop.together(self._in_turn(self._slots, desk, body) for body in bodies)

    async def _in_turn(self, slots: asyncio.Semaphore, desk: Desk, body: bytes) -> Outcome:
        async with slots:
            return await ask(desk, body)


async def ask(desk: Desk, body: bytes) -> Outcome:
    """Ask one request online."""
    return await desk.transport.run(complete(desk.provider, desk.target, body))


def open_desk(
    platform: str,
    base_url: str | None,
    *,
    endpoint: str,
    model: str,
    every: float | None,
    options: OfflineBatchOptions,
    **how: Any,
) -> Desk:
    """Open a connection to a platform and return the desk for one model there.

    Args:
        platform: Its name in the registry.
        base_url: Its address; None: from the environment, or its own.
        endpoint: What is asked.
        model: The model's name.
        every: Seconds between polls; None asks once a run and does not wait.
        options: What the user chose about jobs.
        how: Further arguments of `open_door`.
    """
    door = open_door(platform, base_url, **how)
    target = Target(door.provider.name, door.base_url, endpoint, model)
    return Desk(target, door.provider, door.transport, every, options, door.account)
