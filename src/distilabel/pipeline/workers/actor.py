"""A replica of a step on a Ray cluster: the actor, and the driver's side of it.

An actor receives by calls what a worker process receives over its socket, in the same pickles. Its log records and
warnings come with its next reply. https://docs.ray.io/en/latest/ray-core/actors.html
"""

import contextlib
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from distilabel._optional import require
from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline.workers.error_transport import portable
from distilabel.pipeline.workers.ipc import ErrorResult, Ready, Result, dumps, loads
from distilabel.pipeline.workers.process_context import replay_message
from distilabel.pipeline.workers.runner import WorkerDiedError
from distilabel.pipeline.workers.step_server import StepServer

__all__ = ["RayActor"]

# Arguments of up to 100 KiB travel within the call. Larger ones go through the object store, which may write them to a disk:
# data that may hold an API key must not go there, so it is sent in pieces. https://docs.ray.io/en/latest/ray-core/internals/task-lifecycle.html
_PIECE_SIZE = 64 * 1024
# Seconds after which a warning says that the cluster has no free resources.
_PLACEMENT_TIMEOUT = 30.0


class RayActor:
    """One replica as an actor, on a node with free resources, spread over the nodes if possible. Ray never restarts it.

    Args:
        name: The step's name.
        setup: From `worker_setup`.
        options: The resources that it requests, as options of `ray.remote`: `num_cpus`, `num_gpus`, `memory` in bytes,
            `resources`.

    Raises:
        DistilabelUserError: Ray does not accept the options.
    """

    def __init__(self, name: str, setup: bytes, options: Mapping[str, Any]) -> None:
        self._ray = require("ray", "ray")
        self._name = name
        self._setup = setup
        self._options = options
        try:
            self._actor = self._ray.remote(_Actor).options(**options, scheduling_strategy="SPREAD").remote()
        except ValueError as error:
            raise DistilabelUserError(
                f"Ray does not accept the resources that step {name!r} requests ({dict(options)}): {error}"
            ) from error
        self._stopping: Any = None
        self.busy = False
        self.ended = False

    def load(self) -> None:
        """Wait for free resources in the cluster, and load the step there."""
        self.busy = True
        self._wait_for_placement()
        for start in range(0, len(self._setup), _PIECE_SIZE):
            self._actor.add_setup.remote(self._setup[start : start + _PIECE_SIZE])
        reply = self._reply(self._actor.load.remote())
        self.busy = False
        if isinstance(reply, ErrorResult):
            raise reply.original()

    def call(self, request: bytes) -> Result | ErrorResult:
        """Send a request and wait for its result."""
        self.busy = True
        reply = self._reply(self._actor.handle.remote(request))
        self.busy = False
        assert isinstance(reply, Result | ErrorResult)
        return reply

    def _wait_for_placement(self) -> None:
        placed = self._actor.ping.remote()
        if not self._ray.wait([placed], timeout=_PLACEMENT_TIMEOUT)[0]:
            logging.getLogger(f"distilabel.steps.{self._name}").warning(
                "Step %r waits for free resources in the Ray cluster: each of its replicas requests %s. Add nodes, request less, or "
                "put steps into `load_groups`, so that they run one after the other.",
                self._name,
                dict(self._options),
            )
        self._get(placed)

    def _reply(self, call: Any) -> Result | ErrorResult | Ready:
        *messages, last = self._get(call)
        _replay(messages)
        try:
            reply: Result | ErrorResult | Ready = loads(last)
        except Exception as error:
            self.kill()
            raise WorkerDiedError(
                f"the Ray actor sent a message that cannot be read ({type(error).__name__}: {error})"
            ) from error
        return reply

    def _get(self, call: Any) -> Any:
        try:
            return self._ray.get(call)
        except self._ray.exceptions.RayError as error:
            self.kill()
            raise WorkerDiedError(
                f"the Ray actor ended ({type(error).__name__}: {_first_line(error)})"
            ) from error

    # The end

    def stop(self) -> None:
        """Request that the actor unloads the step after its current call; returns at once."""
        if self._stopping is None and not self.ended:
            self._stopping = self._actor.unload.remote()

    def wait(self, seconds: float) -> None:
        """Wait until the actor has unloaded its step; then end it."""
        if self.ended or self._stopping is None or not self._ray.wait([self._stopping], timeout=seconds)[0]:
            return
        with contextlib.suppress(WorkerDiedError):
            _replay(self._get(self._stopping))
        self.kill()

    def kill(self) -> None:
        """End the actor at once."""
        self.ended = True
        with contextlib.suppress(Exception):  # the actor or the cluster has ended
            self._ray.kill(self._actor)


def _replay(messages: Iterable[bytes]) -> None:
    for message in messages:
        with contextlib.suppress(
            Exception
        ):  # a warning whose class cannot be unpickled must not lose a result
            replay_message(loads(message))


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "")


class _Actor:
    """The actor on the cluster: receives the pickled step in pieces, loads it, and handles one call after the other.

    `load` and `handle` return pickled messages: log records and warnings, and the reply last.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._messages: list[bytes] = []
        self._server: StepServer | None = None

    def ping(self) -> None:
        """Do nothing; a reply shows that the actor is placed on a node."""

    def add_setup(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def load(self) -> list[bytes]:
        try:
            self._server = StepServer(loads(b"".join(self._pieces)), self._messages.append)
        except BaseException as error:  # noqa: BLE001 - the driver decides what it means
            return self._drain(dumps(portable(error)))
        return self._drain(dumps(Ready()))

    def handle(self, request: bytes) -> list[bytes]:
        assert self._server is not None
        try:
            unpickled = loads(request)
        except Exception as error:  # noqa: BLE001 - rows may hold anything
            unpickled = error
        return self._drain(self._server.handle(unpickled))

    def unload(self) -> list[bytes]:
        if self._server is not None:
            self._server.unload()
        return self._drain()

    def _drain(self, *reply: bytes) -> list[bytes]:
        """Return the messages that were not returned yet, and the reply last."""
        count = len(self._messages)
        messages, self._messages[:count] = self._messages[:count], []
        return [*messages, *reply]
