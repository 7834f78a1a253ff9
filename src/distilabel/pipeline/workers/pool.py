"""The runner that gives a step worker processes: started when rows come, replaced when they die."""

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

# How often rows are given to a worker process, as long as each one dies of them.
_TRIES = 2
# After so many deaths in a row, without one answer between them, the step is to blame.
_HOPELESS = 10
# How many seconds a worker has to unload its step: one that has finished, and one that was interrupted.
_GRACE = 60.0
_GRACE_IF_BUSY = 5.0


@dataclass(slots=True)
class _Slot:
    """A place for one replica: what belongs to it, and the replica, once there is one."""

    belongings: Mapping[str, Any]
    replica: Replica | None = None


class Pool:
    """Runs a step in worker processes: on this machine, or on a cluster.

    A process is started when there are rows for it, and loads the step once. One that dies is replaced: the rows that
    it had are given to its successor; if that dies too, they fail. Where a process dies while it loads the step, twice in
    a row, or where ten die without one answer between them, the run ends.

    Args:
        step: The step.
        belongings: What belongs to each replica: a process's environment, or what an actor asks its cluster for.
        start: Makes a replica of the step's name, the setup and what belongs to it.
    """

    def __init__(
        self,
        step: _Step,
        belongings: Sequence[Mapping[str, Any]],
        start: Callable[[str, bytes, Mapping[str, Any]], Replica] = WorkerProcess,
    ) -> None:
        self._step = step
        self._start = start
        self._setup = b""
        self._slots: queue.LifoQueue[_Slot] = queue.LifoQueue()  # the one that is loaded already comes first
        for each in reversed(belongings):
            self._slots.put(_Slot(each))
        self._lock = threading.Lock()
        self._replicas: list[Replica] = []
        self._stopped_at: float | None = None
        self._deaths = 0

    # What a runner does

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
        """Have a worker process the rows; raises what the step raises, as `Runner.process` says."""
        made: list[Row] = self._asked(ProcessRequest(inputs, current_random()))
        return made

    def generate(self, offset: int) -> Iterator[tuple[list[Row], bool]]:
        """Yield what a worker gives from row `offset` on; one that dies is replaced, and asked for what is missing."""
        while (made := self._asked(NextRequest(offset, current_random()))) is not None:
            yield made
            offset += len(made[0])

    def stop(self) -> None:
        """Ask all workers to unload and end; those that are busy drop what they do."""
        with self._lock:
            if self._stopped_at is None:
                self._stopped_at = monotonic()
                for replica in self._replicas:
                    replica.leave()

    def unload(self) -> None:
        """Wait until all workers have ended: a minute, or five seconds for one that was interrupted; then end them."""
        self.stop()
        began = self._stopped_at or 0.0
        try:
            for replica in sorted(self._replicas, key=_patience):
                replica.wait(max(0.0, began + _patience(replica) - monotonic()))
                self._kill(replica)
        finally:
            for replica in self._replicas:
                self._kill(replica)

    def _kill(self, replica: Replica) -> None:
        if not replica.ended:
            text = "A worker process of step %r did not end when it was asked to, and was killed."
            logging.getLogger(f"distilabel.steps.{self._step.name}").warning(text, self._step.name)
            replica.kill()
            replica.wait(_GRACE_IF_BUSY)

    # Asking

    def _asked(self, question: ProcessRequest | NextRequest) -> Any:
        data, died = dumps(question), WorkerDiedError()
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
                slot.replica = self._loaded(slot)
            return slot.replica.ask(data)
        except WorkerDiedError:
            slot.replica = None
            raise
        finally:
            self._slots.put(slot)

    def _loaded(self, slot: _Slot) -> Replica:
        """Start a replica and wait until it has loaded the step; try once more where it dies of that."""
        for _ in range(_TRIES):
            replica = self._new(slot)
            try:
                replica.loaded()
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
            f"Step {self._step.name!r} could not be loaded, twice: {died}. Mend it, or give it more memory, and run again."
        ) from died

    def _new(self, slot: _Slot) -> Replica:
        with self._lock:
            if self._stopped_at is not None:
                raise DistilabelStepError(f"Step {self._step.name!r} is being stopped.")
            self._replicas = [replica for replica in self._replicas if not replica.ended]
            try:
                replica = self._start(self._step.name, self._setup, slot.belongings)
            except OSError as error:
                raise DistilabelStepError(
                    f"No worker process can be started for step {self._step.name!r} ({error}): ask for fewer replicas, or "
                    "end other programs, and run again."
                ) from error
            self._replicas.append(replica)
            return replica

    def _check_hopeless(self, last: WorkerDiedError) -> None:
        with self._lock:
            self._deaths += 1
        if self._deaths >= _HOPELESS and self._stopped_at is None:
            raise DistilabelStepError(
                f"Step {self._step.name!r} ended {self._deaths} worker processes one after the other ({last}): mend it, or "
                "give it more memory, and run again; what was done before it is kept."
            ) from last


def _patience(replica: Replica) -> float:
    return _GRACE_IF_BUSY if replica.busy else _GRACE


def _value(reply: Result | ErrorResult) -> Any:
    chance = current_random()
    if chance is not None and reply.chance is not None:
        chance.setstate(reply.chance.getstate())
    if isinstance(reply, ErrorResult):
        raise reply.original()
    return reply.value
