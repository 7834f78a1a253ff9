"""What models behind a platform share: where they ask, online and by batch, within a run and outside a pipeline."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from distilabel import _event_loop as loop
from distilabel.exceptions import DistilabelUserError
from distilabel.models.standalone import Collected, collect
from distilabel.offline.client import ModelClient, connect
from distilabel.offline.options import OfflineBatchOptions
from distilabel.offline.session import Session
from distilabel.providers.base import complete
from distilabel.records import Outcome, Target

__all__ = ["Connection", "ask", "model_client"]


class Connection:
    """What one model asks through: its client, and within a run its session. It stays in the process that opened it."""

    def __init__(self) -> None:
        self._client: ModelClient | None = None
        self._former: list[ModelClient] = []
        self._session: Session | None = None
        self._slots: asyncio.Semaphore | None = None

    def __reduce__(self) -> tuple[type["Connection"], tuple[()]]:
        """Arrive in another process, or in a copy of the model, closed."""
        return Connection, ()

    def open(self, client: ModelClient) -> None:
        """Use this client from now on; the one before it may still be used, and is closed with it."""
        if self._client is not None:
            self._former.append(self._client)
        self._client = client

    def close(self) -> None:
        """Close the connection to the platform, and those that were opened before it."""
        clients = [*self._former, *([self._client] if self._client else [])]
        self._former, self._client = [], None
        for client in clients:
            loop.run(client.transport.close())

    def bind(self, session: Session | None) -> None:
        """Draw through `session`: one step of one run; None: outside a pipeline."""
        self._session = session

    @property
    def is_bound(self) -> bool:
        """Whether what is asked belongs to a step of a run."""
        return self._session is not None

    def client(self, owner: str, poll_interval: float | None, options: OfflineBatchOptions) -> ModelClient:
        """Return the client, with what the user has chosen by now.

        Raises:
            DistilabelUserError: It is not open; the message names `owner`, whose `load` opens it.
        """
        if self._client is None:
            raise DistilabelUserError(f"Call {owner}.load() before generating.")
        if (poll_interval, options) != (self._client.poll_interval, self._client.options):
            self._client = replace(self._client, poll_interval=poll_interval, options=options)
        return self._client

    def draw(self, client: ModelClient, bodies: Sequence[bytes], jobs_ids: Sequence[str]) -> Collected:
        """Draw the reply to each body from the ledger; what is missing is submitted.

        Within a run no job's id is told: a job is packed of many askings, and the run tells of its jobs itself.

        Args:
            client: Where they are handed in.
            bodies: Their canonical bodies.
            jobs_ids: Jobs that hold them already, from an earlier call; outside a pipeline only.
        """
        if self._session is None:
            return collect(client, bodies, jobs_ids)
        return Collected(self._session.ask(client, bodies), jobs_ids=())

    def ask_all(self, client: ModelClient, bodies: Sequence[bytes], most: int) -> list[Outcome]:
        """Ask online, at most `most` bodies at once over all callers; return the outcomes in order."""
        return loop.run(self._ask_all(client, bodies, most))

    async def _ask_all(self, client: ModelClient, bodies: Sequence[bytes], most: int) -> list[Outcome]:
        if self._slots is None:
            self._slots = asyncio.Semaphore(most)
        return await loop.together(self._in_turn(self._slots, client, body) for body in bodies)

    async def _in_turn(self, slots: asyncio.Semaphore, client: ModelClient, body: bytes) -> Outcome:
        async with slots:
            return await ask(client, body)


async def ask(client: ModelClient, body: bytes) -> Outcome:
    """Ask one request online."""
    return await client.transport.run(complete(client.provider, client.target, body))


def model_client(
    platform: str,
    base_url: str | None,
    *,
    endpoint: str,
    model: str,
    poll_interval: float | None,
    options: OfflineBatchOptions,
    **how: Any,
) -> ModelClient:
    """Open a connection to a platform and return the client for one model there.

    Args:
        platform: Its name in the registry.
        base_url: Its address; None: from the environment, or its own.
        endpoint: What is asked.
        model: The model's name.
        poll_interval: Seconds between polls; None asks once a run and does not wait.
        options: What the user chose about jobs.
        how: Further arguments of `connect`.
    """
    client = connect(platform, base_url, **how)
    target = Target(client.provider.name, client.base_url, endpoint, model)
    return ModelClient(target, client.provider, client.transport, poll_interval, options, client.account)
