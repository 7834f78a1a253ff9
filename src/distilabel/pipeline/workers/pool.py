"""The runner that executes a step in worker processes: it starts them when rows come and replaces those that die."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from distilabel.exceptions import DistilabelException, DistilabelStepError, DistilabelUserError
from distilabel.pipeline.workers.ipc import ErrorResult, NextRequest, ProcessRequest, Result, dumps
from distilabel.pipeline.workers.process import WorkerProcess
from distilabel.pipeline.workers.process_context import worker_setup
from distilabel.pipeline.workers.replica import Replica
from distilabel.pipeline.workers.runner import WorkerDiedError
from distilabel.steps._core.context import current_random
from distilabel.steps.base import _Step
from distilabel.typing import Row

__all__ = ["Pool"]

# How many worker processes get the same rows if each one dies while it processes them.
_TRIES = 2
# After this many deaths without one result between them, the step is the cause.
_HOPELESS = 10
# Seconds that a worker has to unload its step: after its last result, and while it processes rows.
_GRACE = 60.0
_GRACE_IF_BUSY = 5.0


@dataclass(slots=True)
class _Slot:
    """A place for one replica: its spec, and the replica after it was started."""

    spec: Mapping[str, Any]
    replica: Replica | None = None


class Pool:
    """Runs a step in worker processes: on this machine, or on a cluster.

    A process is started when there are rows for it, and loads the step once. One that dies is replaced, and the new one gets
    its rows; if that dies too, these rows fail. If two processes in a row die while they load the step, or ten die without
    one result between them, the run ends.

    Args:
        step: The step.
        specs: The spec of each replica: the environment of a process, or the resources that an actor requests.
        start: Makes a replica, given the step's name, the setup and the replica's spec.
    """

    def __init__(
        self,
        step: _Step,
        specs: Sequence[Mapping[str, Any]],
        start: Callable[[str, bytes, Mapping[str, Any]], Replica] = WorkerProcess,
    ) -> None:
        self._step = step
        self._start = start
        self._setup = b""
        self._slots: queue.LifoQueue[_Slot] = queue.LifoQueue()  # a slot whose replica is loaded comes first
        for spec in reversed(specs):
            self._slots.put(_Slot(spec))
        self._lock = threading.Lock()
        self._replicas: list[Replica] = []
        self._stopped_at: float | None = None
        self._deaths = 0

    # The protocol of a runner

    def load(self) -> None:
        """Pickle the step; each process loads its own copy.

        Raises:
            DistilabelUserError: The step cannot be pickled.
        """
        try:
            self._setup = worker_setup(dumps(self._step))
        except Exception as error:
            raise DistilabelUserError(
                f"Step {self._step.name!r} cannot be sent to a worker process ({type(error).__name__}: {error}): open "
                "connections, files and models in its load(), or leave `resources` out."
            ) from error

    def process(self, inputs: list[list[Row]]) -> list[Row]:
        """Process the rows in a worker; see `Runner.process`."""
        rows: list[Row] = self._call(ProcessRequest(inputs, current_random()))
        return rows

    def generate(self, offset: int) -> Iterator[tuple[list[Row], bool]]:
        """Yield a worker's chunks, starting at row `offset`; a worker that dies is replaced, and its successor goes on."""
        while (chunk := self._call(NextRequest(offset, current_random()))) is not None:
            yield chunk
            offset += len(chunk[0])

    def stop(self) -> None:
        """Request that all workers unload their step and end; busy ones drop their rows."""
        with self._lock:
            if self._stopped_at is None:
                self._stopped_at = monotonic()
                for replica in self._replicas:
                    replica.stop()

    def unload(self) -> None:
        """Wait until all workers have ended, up to a minute, or five seconds for a busy one; then kill those that are left."""
        self.stop()
        began = self._stopped_at or 0.0
        try:
            for replica in sorted(self._replicas, key=_grace_of):
                replica.wait(max(0.0, began + _grace_of(replica) - monotonic()))
                self._kill(replica)
        finally:
            for replica in self._replicas:
                self._kill(replica)

    def _kill(self, replica: Replica) -> None:
        if not replica.ended:
            text = "A worker process of step %r did not end in time, and was killed."
            logging.getLogger(f"distilabel.steps.{self._step.name}").warning(text, self._step.name)
            replica.kill()
            replica.wait(_GRACE_IF_BUSY)

    # Calls

    def _call(self, request: ProcessRequest | NextRequest) -> Any:
        data, died = dumps(request), WorkerDiedError()
        for _ in range(_TRIES):
            try:
                reply = self._reply(data)
            except WorkerDiedError as error:
                died = error
                self._check_hopeless(error)
            else:
                self._deaths = 0
                return _value(reply)
        raise died

    def _reply(self, data: bytes) -> Result | ErrorResult:
        slot = self._slots.get()
        try:
            if slot.replica is None or slot.replica.ended:
                slot.replica = self._load_replica(slot)
            return slot.replica.call(data)
        except WorkerDiedError:
            slot.replica = None
            raise
        finally:
            self._slots.put(slot)

    def _load_replica(self, slot: _Slot) -> Replica:
        """Start a replica and load the step in it; try once more if it dies while it loads."""
        for _ in range(_TRIES):
            replica = self._new(slot)
            try:
                replica.load()
            except WorkerDiedError as error:
                died = error
            except DistilabelException:
                raise
            except Exception as error:
                raise DistilabelStepError(
                    f"Step {self._step.name!r} could not be loaded: {type(error).__name__}: {error}."
                ) from error
            else:
                return replica
        raise DistilabelStepError(
            f"Step {self._step.name!r} could not be loaded, twice: {died}. Fix it, or give it more memory, and run again."
        ) from died

    def _new(self, slot: _Slot) -> Replica:
        with self._lock:
            if self._stopped_at is not None:
                raise DistilabelStepError(f"Step {self._step.name!r} is being stopped.")
            self._replicas = [replica for replica in self._replicas if not replica.ended]
            try:
                replica = self._start(self._step.name, self._setup, slot.spec)
            except OSError as error:
                raise DistilabelStepError(
                    f"No worker process can be started for step {self._step.name!r} ({error}): request fewer replicas, or end "
                    "other programs, and run again."
                ) from error
            self._replicas.append(replica)
            return replica

    def _check_hopeless(self, last: WorkerDiedError) -> None:
        with self._lock:
            self._deaths += 1
        if self._deaths >= _HOPELESS and self._stopped_at is None:
            raise DistilabelStepError(
                f"Step {self._step.name!r} ended {self._deaths} worker processes one after the other ({last}): fix it, or "
                "give it more memory, and run again; the results of the steps before it are kept."
            ) from last


def _grace_of(replica: Replica) -> float:
    return _GRACE_IF_BUSY if replica.busy else _GRACE


def _value(reply: Result | ErrorResult) -> Any:
    rng = current_random()
    if rng is not None and reply.rng is not None:
        rng.setstate(reply.rng.getstate())
    if isinstance(reply, ErrorResult):
        raise reply.original()
    return reply.value
