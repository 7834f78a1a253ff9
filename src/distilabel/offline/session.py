"""One scope's draws within one run: what an offline LLM talks to instead of a platform."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NamedTuple

from distilabel.ledger.draw import Sample
from distilabel.ledger.states import SampleState
from distilabel.ledger.store import Ledger
from distilabel.offline.desk import Desk
from distilabel.offline.dispatcher import Dispatcher
from distilabel.offline.results import Place, Reader
from distilabel.records import Decoded, Failure, Outcome

__all__ = ["Answer", "Session", "asking", "taken_back_on_error"]


class Answer(NamedTuple):
    """What came of one asking: the outcome, how often it was asked, and the platform's id of the last job."""

    outcome: Outcome
    attempts: int = 1
    job_id: str | None = None


@dataclass(slots=True)
class _Execution:
    """One execution of an asker: how often it has asked each request so far."""

    asker: str
    drawn: Counter[str] = field(default_factory=Counter)


_execution: ContextVar[_Execution | None] = ContextVar("execution", default=None)


@contextmanager
def asking(asker: str) -> Iterator[None]:
    """Say who asks, for all that is asked within; entering again under the same name is a replay."""
    token = _execution.set(_Execution(asker))
    try:
        yield
    finally:
        _execution.reset(token)


@contextmanager
def taken_back_on_error() -> Iterator[None]:
    """Within it, what is asked counts as not asked if an error ends it: asked again, it draws the same."""
    execution = _execution.get()
    before = Counter(execution.drawn) if execution else None
    try:
        yield
    except Exception:
        if execution is not None and before is not None:
            execution.drawn = before
        raise


class Session:
    """Draws replies for one scope.

    Args:
        ledger: Where replies are kept.
        dispatcher: Brings the missing ones home.
        reader: Reads them from disk.
        scope: Whose requests these are, such as `pipeline/step`.
        run_id: From `Ledger.begin_run`.
    """

    def __init__(
        self, ledger: Ledger, dispatcher: Dispatcher, reader: Reader, scope: str, run_id: int
    ) -> None:
        self.scope = scope
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._reader = reader
        self._run_id = run_id
        self._wanted: Counter[str] = Counter()
        self._orphans = ledger.has_orphans()
        self._lock = threading.Lock()

    def ask(self, desk: Desk, bodies: Sequence[bytes]) -> list[Answer | None]:
        """Return what there is for each body, in order; None where the answer is still to come.

        Missing requests are registered; they are submitted when a job's worth is there, or when the run has nothing
        else to do.
        """
        execution = _execution.get() or _Execution("")
        self._dispatcher.open(self.scope, desk)
        draws = self._ledger.draw(
            self.scope, desk.target, bodies, asker=execution.asker, run_id=self._run_id, drawn=execution.drawn
        )
        if self._orphans:
            self._dispatcher.take_up(
                desk, self._ledger.take_orphans(self.scope, desk.target, execution.asker)
            )
        self._count(desk, sum([draw.sample is None for draw in draws]))
        lines = self._reader.read([where for draw in draws if (where := _place(draw.sample))])
        decode = desk.provider.decode
        return [_answer(draw.sample, lines, decode) for draw in draws]

    def jobs_ids(self) -> tuple[str, ...]:
        """Return the platform's ids of all jobs of this scope, oldest first."""
        return tuple(job.remote_id for job in self._ledger.jobs(self.scope) if job.remote_id)

    def _count(self, desk: Desk, new: int) -> None:
        with self._lock:
            name = desk.target.identity
            self._wanted[name] += new
            if self._dispatcher.submit_full(self.scope, desk, self._wanted[name]):
                self._wanted[name] = 0


def _place(sample: Sample | None) -> Place | None:
    """Return where the answer of a sample lies."""
    return sample.where if sample is not None and sample.state is SampleState.ANSWERED else None


def _answer(
    sample: Sample | None, lines: Mapping[Place, bytes], decode: Callable[[bytes], Decoded]
) -> Answer | None:
    if sample is None:
        return None
    if sample.state is SampleState.FAILED:
        failure = Failure(sample.code or "failed", sample.message or "")
        return Answer(failure, sample.attempts, sample.job)
    if sample.state is SampleState.ANSWERED and sample.where is not None:
        return Answer(decode(lines[sample.where]).outcome, sample.attempts, sample.job)
    return None
