"""Decides which chunks to process next, given what has happened. Pure: no I/O, no clock, no threads.

Each step gives a stream of chunks, numbered from 0. Chunk `i` of a step takes `width` chunks of each source, starting at
`i * width`. It is ready when all of them are there, or when the source has ended. A chunk that waits for replies is parked
and processed again from its start after it is woken; all other chunks flow on meanwhile.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from distilabel.pipeline.runtime.commands import Command, Generate, Process, WorkItem
from distilabel.pipeline.runtime.plan import Source, StepPlan

__all__ = ["Scheduler"]

# A generator gives no further chunk while this many chunks are ready to be processed.
_BACKLOG = 16
# Small chunks take less time than a round trip through the scheduler, so a worker gets several of them.
_CHUNKS_PER_ITEM = 8


@dataclass(slots=True)
class _Stream:
    """The state of one step.

    Attributes:
        plan: The plan of the step.
        given: The chunks that it has given, each with the branches that a route picked; None without a route.
        total: How many chunks it gives in all; None while that is unknown.
        arrived: How many input chunks have arrived, by chunk of the step.
        ready: Chunks whose input is complete.
        running: Chunks that workers process.
        parked: Chunks that wait for replies.
        seen: Chunks that have been ready.
    """

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
        """How many workers the step occupies; with a concurrency of 1, one worker may hold several chunks."""
        return min(len(self.running), self.plan.concurrency)

    @property
    def has_free_worker(self) -> bool:
        """Whether the step may occupy one more worker."""
        return self.workers < self.plan.concurrency

    @property
    def gathers(self) -> bool:
        """Whether the step takes all rows at once."""
        return bool(self.plan.sources) and self.plan.sources[0].width is None

    @property
    def requested(self) -> int:
        """How many chunks were requested from a generator so far."""
        return len(self.given) + len(self.parked) + len(self.ready) + len(self.running)


class Scheduler:
    """The state of one run: which chunks are there, and which can be processed.

    Args:
        plans: From `plan`; each step comes after its sources.
        workers: How many work items may run at the same time.
        chunks_per_item: How many chunks a work item holds at most, for a step with a concurrency of 1.

    Examples:
        >>> scheduler = Scheduler([StepPlan("load"), StepPlan("upper", (Source("load"),))], workers=2, chunks_per_item=1)
        >>> scheduler.next_items()
        [(Generate(step='load', index=0),)]
        >>> scheduler.generated("load", 0, last=True)
        >>> scheduler.next_items()
        [(Process(step='upper', index=0, inputs=(('load', (0,)),)),)]
        >>> scheduler.processed("upper", 0)
        >>> scheduler.finished
        True
    """

    def __init__(
        self, plans: Sequence[StepPlan], workers: int, chunks_per_item: int = _CHUNKS_PER_ITEM
    ) -> None:
        self._streams = {plan.name: _Stream(plan) for plan in plans}
        self._workers = workers
        self._chunks_per_item = chunks_per_item
        self._after: dict[str, list[_Stream]] = {plan.name: [] for plan in plans}
        for stream in self._streams.values():
            for source in stream.plan.sources:
                self._after[source.step].append(stream)

    # Questions

    @property
    def finished(self) -> bool:
        """Whether every step has given all of its chunks."""
        return all(stream.ended for stream in self._streams.values())

    @property
    def stage(self) -> int:
        """The current stage: the first with a step that has not ended; after the last stage, its number plus one."""
        stages = [(stream.plan.stage, stream.ended) for stream in self._streams.values()]
        open_stages = [stage for stage, ended in stages if not ended]
        return min(open_stages) if open_stages else max(stages)[0] + 1

    @property
    def idle(self) -> bool:
        """Whether nothing runs or can run: each chunk that is left is parked, or waits for parked ones."""
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

    def next_items(self) -> list[WorkItem]:
        """Return the work items to start now. From then on, their chunks count as running."""
        items: list[WorkItem] = []
        stage, streams = self.stage, self._streams.values()
        free = self._workers - sum(stream.workers for stream in streams)
        for stream in reversed(streams):  # the last steps first: chunks on their way go before new ones
            if stream.plan.stage > stage:
                continue
            while stream.ready and len(items) < free and stream.has_free_worker:
                # The first chunk goes alone: if the step fails, the scheduler learns it before it starts more.
                most = self._chunks_per_item if stream.plan.concurrency == 1 and stream.given else 1
                indices = [stream.ready.popleft() for _ in range(min(most, len(stream.ready)))]
                stream.running.update(indices)
                items.append(tuple(self._command(stream, index) for index in indices))
            if len(items) < free and stream.has_free_worker and self._may_generate(stream):
                more = range(stream.requested, stream.requested + self._chunks_per_item)
                stream.running.update(more)
                items.append(tuple(Generate(stream.plan.name, index) for index in more))
        return items

    # Events

    def generated(self, step: str, index: int, *, last: bool, to: Iterable[str] | None = None) -> None:
        """Record that a generator gave a chunk; `to` holds the branches that a route picked."""
        stream = self._streams[step]
        stream.running.discard(index)
        self._give(stream, index, to)
        if last:
            stream.running.clear()
            self._end(stream, index + 1)

    def exhausted(self, step: str) -> None:
        """Record that a generator has no more rows."""
        stream = self._streams[step]
        stream.running.clear()
        self._end(stream, len(stream.given))

    def processed(
        self, step: str, index: int, *, chunks: int = 1, to: Sequence[Iterable[str]] | None = None
    ) -> None:
        """Record that a chunk is done. A step that takes all rows at once may give several chunks for them.

        Args:
            step: The step.
            index: The number of the chunk.
            chunks: How many chunks the step gave for it.
            to: The branches that a route picked for each of them.
        """
        stream = self._streams[step]
        stream.running.discard(index)
        if stream.gathers:
            for number in range(chunks):
                self._give(stream, number, to[number] if to else None)
            self._end(stream, chunks)
        else:
            self._give(stream, index, to[0] if to else None)
            self._check_end(stream)

    def park(self, step: str, index: int) -> None:
        """Record that a chunk waits for replies. It ends the work item of a generator."""
        stream = self._streams[step]
        stream.running.discard(index)
        if not stream.plan.sources:
            stream.running.clear()
        stream.parked.add(index)

    def wake(self, step: str, index: int) -> None:
        """Record that the replies of a parked chunk are there."""
        stream = self._streams[step]
        if index in stream.parked:
            stream.parked.discard(index)
            stream.ready.append(index)

    # Transitions

    def _give(self, stream: _Stream, index: int, to: Iterable[str] | None) -> None:
        stream.given[index] = tuple(to) if to is not None else None
        for after in self._after[stream.plan.name]:
            width = _source(after, stream).width
            own = 0 if width is None else index // width
            after.arrived[own] = after.arrived.get(own, 0) + 1
            self._check_ready(after, own)

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
        if any(indices for _, indices in self._inputs(stream, own)):
            stream.ready.append(own)
            return
        # A route sent each of its input chunks elsewhere: the chunk is done, and no step after it gets rows.
        self._give(stream, own, _NOWHERE)
        if stream.gathers:
            self._end(stream, 1)
        else:
            self._check_end(stream)

    def _expected(self, source: Source, own: int) -> int | None:
        """Return how many chunks of a source make chunk `own`; None while that is unknown."""
        total = self._streams[source.step].total
        if source.width is None:
            return total
        if total is None:
            return source.width
        return max(0, min(total - own * source.width, source.width))

    def _check_end(self, stream: _Stream) -> None:
        """End the step if all of its sources have ended and it has given all of its chunks."""
        if stream.total is not None or not stream.plan.sources or self._gathers_something(stream):
            return
        sources = [(source, self._streams[source.step].total) for source in stream.plan.sources]
        if all(total is not None for _, total in sources):
            total = max(-(-(total or 0) // (source.width or total or 1)) for source, total in sources)
            if len(stream.given) >= total:
                self._end(stream, total)

    def _gathers_something(self, stream: _Stream) -> bool:
        """Tell whether a step takes all rows at once and will get some; the number of its chunks is known after it ran."""
        return stream.gathers and any(self._streams[s.step].total != 0 for s in stream.plan.sources)

    def _command(self, stream: _Stream, index: int) -> Command:
        if not stream.plan.sources:
            return Generate(stream.plan.name, index)
        return Process(stream.plan.name, index, self._inputs(stream, index))

    def _inputs(self, stream: _Stream, own: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Return, by source, the numbers of the chunks that make chunk `own`, without those routed elsewhere."""
        inputs = []
        for source in stream.plan.sources:
            given, width = self._streams[source.step].given, source.width
            numbers = sorted(given) if width is None else range(own * width, (own + 1) * width)
            there = [(i, given[i]) for i in numbers if i in given]
            taken = tuple(i for i, to in there if to is None or stream.plan.name in to)
            inputs.append((source.step, taken))
        return tuple(inputs)

    def _may_generate(self, stream: _Stream) -> bool:
        if stream.plan.sources or stream.total is not None or stream.running:
            return False
        # If the number of chunks is unknown, a chunk begins where the one before it ends: a parked one must end first.
        if stream.parked and stream.requested >= (stream.plan.chunks or 0):
            return False
        others = self._streams.values()
        return sum(len(s.ready) for s in others if s.plan.stage == stream.plan.stage) < _BACKLOG


_NOWHERE: tuple[str, ...] = ()


def _source(stream: _Stream, source: _Stream) -> Source:
    return next(s for s in stream.plan.sources if s.step == source.plan.name)
