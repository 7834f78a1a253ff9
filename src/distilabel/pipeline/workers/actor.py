"""A replica of a step on a Ray cluster: the actor itself, and how the driver sees it.

What the process of a worker is told over its socket, an actor is told by calls, in the same pickles. Its log records and
warnings come with its next answer. https://docs.ray.io/en/latest/ray-core/actors.html
"""

import contextlib
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from distilabel._optional import require
from distilabel.exceptions import DistilabelUserError
from distilabel.pipeline.workers.error_transport import portable
from distilabel.pipeline.workers.ipc import ErrorResult, Ready, Result, dumps, loads
from distilabel.pipeline.workers.process_context import replay_message
from distilabel.pipeline.workers.runner import WorkerDiedError
from distilabel.pipeline.workers.step_server import StepServer

__all__ = ["RayActor"]

# Arguments of up to 100 KiB travel within the call; larger ones go through the object store, which may write them to a
# disk: what may hold a key must not. https://docs.ray.io/en/latest/ray-core/internals/task-lifecycle.html
_PIECE = 64 * 1024
# Seconds after which a person is told that the cluster has no room.
_PATIENCE = 30.0


class RayActor:
    """One replica, as an actor: on a node that has room, far from the others if it can be; Ray never restarts it.

    Args:
        name: The step's name.
        setup: From `worker_setup`.
        options: What it asks the cluster for, as `ray.remote` takes it: `num_cpus`, `num_gpus`, `memory` in bytes,
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
                f"Ray does not accept what step {name!r} asks for ({dict(options)}): {error}"
            ) from error
        self._leaving: Any = None
        self.busy = False
        self.ended = False

    def loaded(self) -> None:
        """Wait for room in the cluster, and have the step loaded there."""
        self.busy = True
        self._wait_for_room()
        for start in range(0, len(self._setup), _PIECE):
            self._actor.take.remote(self._setup[start : start + _PIECE])
        reply = self._reply(self._actor.load.remote())
        self.busy = False
        if isinstance(reply, ErrorResult):
            raise reply.original()

    def ask(self, question: bytes) -> Result | ErrorResult:
        """Send rows and wait for what comes of them."""
        self.busy = True
        reply = self._reply(self._actor.answer.remote(question))
        self.busy = False
        assert isinstance(reply, Result | ErrorResult)
        return reply

    def _wait_for_room(self) -> None:
        placed = self._actor.placed.remote()
        if not self._ray.wait([placed], timeout=_PATIENCE)[0]:
            logging.getLogger(f"distilabel.steps.{self._name}").warning(
                "Step %r waits for room in the Ray cluster: each of its replicas asks for %s. Add nodes, ask for less, or put "
                "steps into `load_groups`, so that they follow each other.",
                self._name,
                dict(self._options),
            )
        self._got(placed)

    def _reply(self, call: Any) -> Result | ErrorResult | Ready:
        *said, last = self._got(call)
        for each in said:
            _pass_on(each)
        try:
            reply: Result | ErrorResult | Ready = loads(last)
        except Exception as error:
            self.kill()
            raise WorkerDiedError(
                f"the Ray actor gave what cannot be read ({type(error).__name__}: {error})"
            ) from error
        return reply

    def _got(self, call: Any) -> Any:
        try:
            return self._ray.get(call)
        except self._ray.exceptions.RayError as error:
            self.kill()
            raise WorkerDiedError(
                f"the Ray actor ended ({type(error).__name__}: {_first_line(error)})"
            ) from error

    # Its end

    def leave(self) -> None:
        """Ask the actor to unload the step once it has answered; returns at once."""
        if self._leaving is None and not self.ended:
            self._leaving = self._actor.unload.remote()

    def wait(self, seconds: float) -> None:
        """Wait until the actor has unloaded its step, and end it then."""
        if self.ended or self._leaving is None or not self._ray.wait([self._leaving], timeout=seconds)[0]:
            return
        with contextlib.suppress(WorkerDiedError):
            for each in self._got(self._leaving):
                _pass_on(each)
        self.kill()

    def kill(self) -> None:
        """End the actor at once."""
        self.ended = True
        with contextlib.suppress(Exception):  # it is gone already, or the cluster is
            self._ray.kill(self._actor)


def _pass_on(said: bytes) -> None:
    with contextlib.suppress(Exception):  # a warning of a class that cannot be read must not cost an answer
        replay_message(loads(said))


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "")


class _Actor:
    """What runs on the cluster: it is told the step in pieces, loads it, and answers one call after the other.

    Each method but the first two returns pickled messages: what was logged and warned of, and the answer last.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._said: list[bytes] = []
        self._served: StepServer | None = None

    def placed(self) -> None:
        """Do nothing: that this is answered says that there was room."""

    def take(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def load(self) -> list[bytes]:
        try:
            self._served = StepServer(loads(b"".join(self._pieces)), self._said.append)
        except BaseException as error:  # noqa: BLE001 - the driver judges it
            return [*self._told(), dumps(portable(error))]
        return [*self._told(), dumps(Ready())]

    def answer(self, question: bytes) -> list[bytes]:
        assert self._served is not None
        try:
            asked = loads(question)
        except Exception as error:  # noqa: BLE001 - rows may hold anything
            asked = error
        reply = self._served.answer(asked)
        return [*self._told(), reply]

    def unload(self) -> list[bytes]:
        if self._served is not None:
            self._served.unload()
        return list(self._told())

    def _told(self) -> Iterator[bytes]:
        while self._said:
            yield self._said.pop(0)
