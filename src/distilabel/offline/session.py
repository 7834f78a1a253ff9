"""One scope's requests within one run: an offline model asks a session in place of a platform."""

import hashlib
import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException, DistilabelUserError
from distilabel.ledger.draw import Draw, Sample
from distilabel.ledger.jobs import Ledger
from distilabel.ledger.states import SampleState
from distilabel.offline.client import ModelClient
from distilabel.offline.dispatcher import Dispatcher
from distilabel.offline.result_files import Place, Reader
from distilabel.records import Decoded, Failure, Outcome, Target, request_keys

__all__ = ["Answer", "Session", "asking", "difference", "taken_back_on_error"]


class Answer(NamedTuple):
    """The outcome of one request, how often it was sent, and the platform's id of the last job that carried it."""

    outcome: Outcome
    attempts: int = 1
    job_id: str | None = None


@dataclass(slots=True)
class _Execution:
    """One execution of an asker.

    Attributes:
        asker: Who asks.
        askings: How often it has asked so far, anything.
        drawn: How often each request, but for what is in `uncounted`.
        uncounted: Bodies that were asked and not looked for in the pools, since it was remembered what they drew.
        awaited: What the execution before this one asked and got no answer to yet: the samples, by the digest.
        resumed: Whether this one has asked a part of that again.
    """

    asker: str
    askings: int = 0
    drawn: Counter[str] = field(default_factory=Counter)
    uncounted: list[tuple[Target, Sequence[bytes]]] = field(default_factory=list)
    awaited: dict[bytes, Sequence[int]] = field(default_factory=dict)
    resumed: bool = False

    def copy(self) -> "_Execution":
        return replace(self, drawn=Counter(self.drawn), uncounted=list(self.uncounted))


class _Drawn(NamedTuple):
    """What one asking drew: a digest of what was asked, and the samples' numbers in the ledger."""

    digest: bytes
    numbers: Sequence[int]


_execution: ContextVar[_Execution | None] = ContextVar("execution", default=None)


@contextmanager
def asking(asker: str) -> Iterator[None]:
    """Set who asks, for all requests made within; entering again under the same name is a replay.

    The asker is a context variable, not an argument: between the executor, which knows the chunk, and the session lies the
    user's code. A custom `Task.process` calls `self.llm.generate_outputs(inputs=...)`, whose signature is distilabel 1.5's,
    and may do so any number of times, from its own threads too, if it copies the context.
    """
    token = _execution.set(_Execution(asker))
    try:
        yield
    finally:
        _execution.reset(token)


@contextmanager
def taken_back_on_error() -> Iterator[None]:
    """Roll back the count of requests made within if an error ends it: the same requests then draw the same samples.

    That replies are still to come is not an error: later requests draw further samples.
    """
    execution = _execution.get()
    before = execution.copy() if execution else None
    try:
        yield
    except DistilabelOfflineBatchGenerationNotFinishedException:
        raise
    except Exception:
        _execution.set(before)
        raise


class Session:
    """Gives replies for one scope.

    Args:
        ledger: Where replies are kept.
        dispatcher: Submits the missing requests and collects their results.
        reader: Reads them from disk.
        scope: Whose requests these are, such as `pipeline/step`.
        run_id: From `Ledger.begin_run`.
        since: Samples with a smaller number in the ledger are not used: the scope's run does not use the cache.
    """

    def __init__(
        self,
        ledger: Ledger,
        dispatcher: Dispatcher,
        reader: Reader,
        scope: str,
        run_id: int,
        since: int = 0,
    ) -> None:
        self.scope = scope
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._reader = reader
        self._run_id = run_id
        self._since = since
        self._drawn: dict[tuple[str, int], _Drawn] = {}
        self._orphans = ledger.jobs.has_orphans()
        self._process = os.getpid()
        # What each asker waits for: the samples, by the digest of what it asked.
        self._awaited: dict[str, dict[bytes, Sequence[int]]] = {}

    def ask(self, client: ModelClient, bodies: Sequence[bytes]) -> list[Answer | None]:
        """Return the answer to each body, in order; None where it is still to come.

        Missing requests are registered. They are submitted when they fill a job, or when nothing else can be done.

        Raises:
            DistilabelUserError: The calling process was forked from that of the run; or a replay asks for something else
                than the execution before it.
        """
        if os.getpid() != self._process:
            raise DistilabelUserError(
                f"{self.scope!r} sends requests by batch from a process that it has forked, and the run submits and collects "
                "batch jobs in its own process only: call the model outside of the forked process."
            )
        execution = _execution.get() or _Execution("")
        self._dispatcher.open(self.scope, client)
        place, digest = (execution.asker, execution.askings), _digest(client.target, bodies)
        if not execution.askings:
            execution.awaited = self._awaited.pop(execution.asker, {})
        execution.resumed = execution.resumed or digest in execution.awaited
        known = self._drawn.get(place)
        # The first turns of several are answered, so that only the last is awaited; they are asked as before.
        is_replay = known is not None and known.digest == digest
        if execution.awaited and not execution.resumed and not is_replay:
            raise self._changed(execution.awaited, bodies)
        samples = self._draw(execution, client, bodies, digest)
        lines = self._reader.read([where for sample in samples if (where := _place(sample))])
        decode = client.provider.decode
        answers = [_answer(sample, lines, decode) for sample in samples]
        if None in answers:
            self._awaited.setdefault(execution.asker, {})[digest] = self._drawn[place].numbers
        return answers

    def _changed(
        self, awaited: Mapping[bytes, Sequence[int]], bodies: Sequence[bytes]
    ) -> DistilabelUserError:
        """Return the error about a replay that asks for something else than what was submitted, and would be paid for again."""
        first = self._ledger.samples.bodies(next(iter(awaited.values())))
        number, (before, now) = next(
            (pair for pair in enumerate(zip(first, bodies, strict=False), 1) if pair[1][0] != pair[1][1]),
            (min(len(first), len(bodies)), (b"".join(first[:1]), b"".join(bodies[:1]))),
        )
        return DistilabelUserError(
            f"Step {self.scope.rpartition('/')[2]!r} makes another prompt for row {number} of a chunk than the one that was "
            f"submitted: {difference(before.decode(), now.decode())}. Nothing more is submitted, and the responses so far are "
            "kept. A prompt must depend on its row alone: not on the time, not on chance (use self.random), and not on the "
            "order of a set."
        )

    def _draw(
        self, execution: _Execution, client: ModelClient, bodies: Sequence[bytes], digest: bytes
    ) -> Sequence[Sample | None]:
        """Return a sample for each body; None where it is new.

        A replay repeats earlier requests: what they drew is remembered, which saves the search in the pools.
        """
        place = (execution.asker, execution.askings)
        execution.askings += 1
        known = self._drawn.get(place)
        if known is not None and known.digest == digest:
            samples = self._ledger.samples.get(known.numbers)
            if len(samples) == len(bodies):  # fewer if some were pruned meanwhile
                execution.uncounted.append((client.target, bodies))
                return samples
        draws = self._draw_from_pools(execution, client, bodies)
        self._drawn[place] = _Drawn(digest, _compact([draw.id for draw in draws]))
        self._dispatcher.gather(self.scope, client, sum([draw.sample is None for draw in draws]))
        return [draw.sample for draw in draws]

    def _draw_from_pools(
        self, execution: _Execution, client: ModelClient, bodies: Sequence[bytes]
    ) -> list[Draw]:
        for target, asked in execution.uncounted:
            execution.drawn.update(request_keys(self.scope, target, asked))
        execution.uncounted.clear()
        draws = self._ledger.samples.draw(
            self.scope,
            client.target,
            bodies,
            asker=execution.asker,
            run_id=self._run_id,
            drawn=execution.drawn,
            since=self._since,
        )
        if self._orphans:
            self._dispatcher.take_up(
                client, self._ledger.jobs.take_orphans(self.scope, client.target, execution.asker)
            )
        return draws


def difference(first: str, second: str) -> str:
    """Show the first place where two texts differ.

    Examples:
        >>> difference("It is 10:01. Hi", "It is 10:02. Hi")
        "'It is 10:01. Hi', and now 'It is 10:02. Hi'"
    """
    differs = (place for place, pair in enumerate(zip(first, second, strict=False)) if len({*pair}) > 1)
    start = max(0, next(differs, min(len(first), len(second))) - 20)
    return f"{first[start : start + 60]!r}, and now {second[start : start + 60]!r}"


def _digest(target: Target, bodies: Sequence[bytes]) -> bytes:
    """Return a digest of requests and their target."""
    return hashlib.blake2b(b"\n".join([target.identity.encode(), *bodies]), digest_size=16).digest()


def _compact(numbers: Sequence[int]) -> Sequence[int]:
    """Return numbers in compact form: samples that are made together have consecutive numbers."""
    span = range(numbers[0], numbers[0] + len(numbers)) if numbers else range(0)
    return span if list(span) == numbers else array("q", numbers)


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
