"""What to do next: told what happened, it says which chunks to process. No I/O, no clock, no threads.

Each step gives a stream of chunks, numbered from 0. A step's own chunk `i` takes `width` chunks of each source, from
`i * width` on; it is ready when they are all there, or the source has ended. A chunk whose replies are still to come is
parked, and processed again from its start once it is woken; all other chunks flow on meanwhile.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from distilabel.pipeline.runtime.plan import Source, StepPlan

__all__ = ["Command", "Generate", "Process", "Scheduler", "Turn"]

# A generator is asked for more only while fewer chunks than this are ready to be processed.
_BACKLOG = 16
# Small chunks take less time than to tell of each and to be told of the next.
_CHUNKS_A_TURN = 8


@dataclass(frozen=True, slots=True)
class Generate:
    """Ask a generator for its chunk `index`."""

    step: str
    index: int


@dataclass(frozen=True, slots=True)
class Process:
    """Process a step's chunk `index` from these chunks of the steps before it."""

    step: str
    index: int
    inputs: tuple[tuple[str, tuple[int, ...]], ...]


Command = Generate | Process
Turn = tuple[Command, ...]
"""What one worker carries out, one command after the other; a generator that has ended, or waits, ends its turn."""


@dataclass(slots=True)
class _Stream:
    """How far a step is: what it has given, and what it is busy with."""

    plan: StepPlan
    given: dict[int, tuple[str, ...] | None] = field(default_factory=dict)
    total: int | None = None
    arrived: dict[int, int] = field(default_factory=dict)
    ready: deque[int] = field(default_factory=deque)
    running: set[int] = field(default_factory=set)
    parked: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)

    @property
    def ended(self) -> bool:
        return self.total is not None and len(self.given) >= self.total

    @property
    def workers(self) -> int:
        """How many workers are busy with it; where it is one at a time, that one may have several chunks before it."""
        return min(len(self.running), self.plan.concurrency)

    @property
    def has_room(self) -> bool:
        """Whether one more worker may be busy with it."""
        return self.workers < self.plan.concurrency

    @property
    def asked(self) -> int:
        """How many chunks a generator was asked for so far."""
        return len(self.given) + len(self.parked) + len(self.ready) + len(self.running)


class Scheduler:
    """The state of one run.

    Args:
        plans: From `plan`, those before a step first.
        workers: How many turns may be under way at once.
        chunks_a_turn: How many chunks one worker is given at once by a step that takes one at a time.

    Examples:
        >>> scheduler = Scheduler([StepPlan("load"), StepPlan("upper", (Source("load"),))], workers=2, chunks_a_turn=1)
        >>> scheduler.turns()
        [(Generate(step='load', index=0),)]
        >>> scheduler.generated("load", 0, last=True)
        >>> scheduler.turns()
        [(Process(step='upper', index=0, inputs=(('load', (0,)),)),)]
        >>> scheduler.processed("upper", 0)
        >>> scheduler.finished
        True
    """

    def __init__(self, plans: Sequence[StepPlan], workers: int, chunks_a_turn: int = _CHUNKS_A_TURN) -> None:
        self._streams = {plan.name: _Stream(plan) for plan in plans}
        self._workers = workers
        self._chunks_a_turn = chunks_a_turn
        self._after: dict[str, list[_Stream]] = {plan.name: [] for plan in plans}
        for stream in self._streams.values():
            for source in stream.plan.sources:
                self._after[source.step].append(stream)

    # What is asked of it

    @property
    def finished(self) -> bool:
        """Whether every step has given all of its chunks."""
        return all(stream.ended for stream in self._streams.values())

    @property
    def stage(self) -> int:
        """The stage that is under way: the first of which a step has not ended; after the last, one more."""
        stages = [(stream.plan.stage, stream.ended) for stream in self._streams.values()]
        under_way = [stage for stage, ended in stages if not ended]
        return min(under_way) if under_way else max(stages)[0] + 1

    @property
    def idle(self) -> bool:
        """Whether nothing is under way or could be: all that is left is parked, or waits for what is."""
        stage = self.stage
        return not any(s.running or (s.ready and s.plan.stage <= stage) for s in self._streams.values())

    @property
    def parked(self) -> dict[str, int]:
        """How many chunks wait for replies, by step."""
        return {name: len(stream.parked) for name, stream in self._streams.items() if stream.parked}

    def ended(self, step: str) -> bool:
        """Tell whether a step has given all of its chunks."""
        return self._streams[step].ended

    def chunks(self, step: str) -> list[int]:
        """Return the numbers of the chunks that a step has given, in order."""
        return sorted(index for index, to in self._streams[step].given.items() if to != _NOWHERE)

    def turns(self) -> list[Turn]:
        """Return what is to be started now; all of it is under way from then on."""
        turns: list[Turn] = []
        stage, streams = self.stage, self._streams.values()
        free = self._workers - sum(stream.workers for stream in streams)
        for stream in reversed(streams):
            if stream.plan.stage > stage:
                continue
            while stream.ready and len(turns) < free and stream.has_room:
                turns.append(self._turn(stream))
            if len(turns) < free and stream.has_room and self._asks_for_more(stream):
                indices = range(stream.asked, stream.asked + self._chunks_a_turn)
                stream.running.update(indices)
                turns.append(tuple(Generate(stream.plan.name, index) for index in indices))
        return turns

    def _turn(self, stream: _Stream) -> Turn:
        """Take the chunks that one worker is to process, one after the other where the step takes one at a time.

        The first goes by itself: what a step fails for is heard of before it is given more.
        """
        most = self._chunks_a_turn if stream.plan.concurrency == 1 and stream.given else 1
        indices = [stream.ready.popleft() for _ in range(min(most, len(stream.ready)))]
        stream.running.update(indices)
        return tuple(self._start(stream, index) for index in indices)

    # What it is told

    def generated(self, step: str, index: int, *, last: bool, to: Iterable[str] | None = None) -> None:
        """A generator gave a chunk; `to`: the branches that a route picked."""
        stream = self._streams[step]
        stream.running.discard(index)
        self._give(stream, index, to)
        if last:
            stream.running.clear()
            self._end(stream, index + 1)

    def exhausted(self, step: str) -> None:
        """A generator has no more."""
        stream = self._streams[step]
        stream.running.clear()
        self._end(stream, len(stream.given))

    def processed(
        self, step: str, index: int, *, chunks: int = 1, to: Sequence[Iterable[str]] | None = None
    ) -> None:
        """A chunk is done; a step that takes all rows at once may give several chunks for them.

        Args:
            step: The step.
            index: Which of its chunks.
            chunks: How many chunks came of it.
            to: The branches that a route picked for each of them.
        """
        stream = self._streams[step]
        stream.running.discard(index)
        if self._gathers(stream):
            for number in range(chunks):
                self._give(stream, number, to[number] if to else None)
            self._end(stream, chunks)
        else:
            self._give(stream, index, to[0] if to else None)
            self._check_end(stream)

    def park(self, step: str, index: int) -> None:
        """A chunk waits for replies; a generator's turn ends with it."""
        stream = self._streams[step]
        stream.running.discard(index)
        if not stream.plan.sources:
            stream.running.clear()
        stream.parked.add(index)

    def wake(self, step: str, index: int) -> None:
        """The replies of a parked chunk have settled."""
        stream = self._streams[step]
        if index in stream.parked:
            stream.parked.discard(index)
            stream.ready.append(index)

    # How it goes on

    def _give(self, stream: _Stream, index: int, to: Iterable[str] | None) -> None:
        stream.given[index] = tuple(to) if to is not None else None
        for after in self._after[stream.plan.name]:
            self._arrive(after, stream, index)

    def _arrive(self, stream: _Stream, source: _Stream, index: int) -> None:
        width = _source(stream, source).width
        own = 0 if width is None else index // width
        stream.arrived[own] = stream.arrived.get(own, 0) + 1
        self._check_ready(stream, own)

    def _end(self, stream: _Stream, total: int) -> None:
        stream.total = total
        for after in self._after[stream.plan.name]:
            width = _source(after, stream).width
            if total or width is None:
                self._check_ready(after, 0 if width is None else (total - 1) // width)
            self._check_end(after)

    def _check_ready(self, stream: _Stream, own: int) -> None:
        if own in stream.seen or not stream.arrived.get(own):
            return
        expected = [self._expected(source, own) for source in stream.plan.sources]
        if None in expected or stream.arrived[own] < sum(filter(None, expected)):
            return
        stream.seen.add(own)
        del stream.arrived[own]
        if not self._routed_past(stream, own):
            stream.ready.append(own)
            return
        self._give(stream, own, _NOWHERE)
        if self._gathers(stream):
            self._end(stream, 1)
        else:
            self._check_end(stream)

    def _expected(self, source: Source, own: int) -> int | None:
        """Return how many chunks of a source make chunk `own`; None where that is not known yet."""
        total = self._streams[source.step].total
        if source.width is None:
            return total
        if total is None:
            return source.width
        return max(0, min(total - own * source.width, source.width))

    def _check_end(self, stream: _Stream) -> None:
        """Notice that all sources have ended, and with them the number of this step's chunks."""
        if stream.total is not None or not stream.plan.sources or self._gathers_something(stream):
            return
        sources = [(source, self._streams[source.step].total) for source in stream.plan.sources]
        if all(total is not None for _, total in sources):
            total = max(-(-(total or 0) // (source.width or total or 1)) for source, total in sources)
            if len(stream.given) >= total:
                self._end(stream, total)

    def _gathers(self, stream: _Stream) -> bool:
        return bool(stream.plan.sources) and stream.plan.sources[0].width is None

    def _gathers_something(self, stream: _Stream) -> bool:
        """Tell whether a step that takes all rows at once has any to take; its chunks are counted when they are made."""
        return self._gathers(stream) and any(self._streams[s.step].total != 0 for s in stream.plan.sources)

    def _routed_past(self, stream: _Stream, own: int) -> bool:
        return not any(indices for _, indices in self._inputs(stream, own))

    def _start(self, stream: _Stream, index: int) -> Command:
        if not stream.plan.sources:
            return Generate(stream.plan.name, index)
        return Process(stream.plan.name, index, self._inputs(stream, index))

    def _inputs(self, stream: _Stream, own: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
        return tuple((source.step, self._taken(stream, source, own)) for source in stream.plan.sources)

    def _taken(self, stream: _Stream, source: Source, own: int) -> tuple[int, ...]:
        given = self._streams[source.step].given
        numbers = (
            sorted(given) if source.width is None else range(own * source.width, (own + 1) * source.width)
        )
        return tuple(i for i in numbers if i in given and _goes_to(given[i], stream.plan.name))

    def _asks_for_more(self, stream: _Stream) -> bool:
        if stream.plan.sources or stream.total is not None or stream.running:
            return False
        # Where nobody knows how many there will be, the next one begins where the one before it ends.
        if stream.parked and stream.asked >= (stream.plan.chunks or 0):
            return False
        others = self._streams.values()
        return sum(len(s.ready) for s in others if s.plan.stage == stream.plan.stage) < _BACKLOG


_NOWHERE: tuple[str, ...] = ()


def _goes_to(to: tuple[str, ...] | None, step: str) -> bool:
    return to is None or step in to


def _source(stream: _Stream, source: _Stream) -> Source:
    return next(s for s in stream.plan.sources if s.step == source.plan.name)
