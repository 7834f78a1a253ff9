"""Computes the scheduler's plan of each step from the graph. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

from distilabel.models.fields import models_in
from distilabel.pipeline.graph.dag import DAG
from distilabel.pipeline.workers.placement import place
from distilabel.steps.base import GeneratorStep, _Step

__all__ = ["Source", "StepPlan", "plan"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a step's rows come from: `width` chunks of `step` make one chunk of its own; None: all chunks do."""

    step: str
    width: int | None = 1


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A step as the scheduler sees it.

    Attributes:
        name: The step's name.
        sources: The steps before it; none for a generator.
        concurrency: How many of its chunks may be processed at the same time.
        branches: The steps after it, in order, if a route picks among them for each chunk.
        chunks: How many chunks a generator gives, if known: it may then give one while others wait for replies.
        stage: The step starts after all steps of earlier stages have ended.
    """

    name: str
    sources: tuple[Source, ...] = ()
    concurrency: int = 1
    branches: tuple[str, ...] = ()
    chunks: int | None = None
    stage: int = 0


@dataclass(frozen=True, slots=True)
class _Stream:
    """The chunks that a step gives.

    Attributes:
        origin: The step from which they are derived chunk by chunk.
        span: How many chunks of `origin` make one.
        rows: How many rows that is.
        awaited: Whether each chunk waits for its own replies: if they were joined, one would wait for others too.
    """

    origin: str
    span: int
    rows: int
    awaited: bool = False


def plan(dag: DAG, most_chunks: int | None = None, stages: Sequence[Sequence[str]] = ()) -> list[StepPlan]:
    """Return the plan of each step; a step comes after its sources.

    Args:
        dag: The graph.
        most_chunks: How many chunks a generator gives at most.
        stages: From `load_stages`; empty for a single stage.

    A chunk is the unit of flow. A step whose `input_batch_size` is larger than the chunks that reach it takes several
    of them at once, always the same ones. A smaller `input_batch_size` divides the chunk within the step. After a step
    that uses batch jobs, chunks are not joined: each flows on as soon as its own replies are there.
    """
    streams: dict[str, _Stream] = {}
    stage_of = {name: number for number, names in enumerate(stages) for name in names}
    plans = []
    for name in dag.order():
        step = dag.steps[name]
        before = dag.before(name)
        # The branches of a route, and the step where they converge, keep the chunks: so the rows keep their order.
        joins = len(before) == 1 or (step.has_multiple_inputs and not dag.converges(name))
        joins = joins and dag.routes.keys().isdisjoint(before)
        sources = _sources(step, before, streams, joins=joins)
        streams[name] = _stream(step, sources, streams)
        branches = tuple(dag.after(name)) if name in dag.routes else ()
        concurrency, chunks = place(step).replicas or step.concurrency, _chunks(step, most_chunks)
        stage = stage_of.get(name, 0)
        plans.append(StepPlan(name, sources, concurrency, branches, chunks, stage))
    return plans


def _chunks(step: _Step, most: int | None) -> int | None:
    total = step.total_rows if isinstance(step, GeneratorStep) else None
    chunks = None if total is None else -(-total // _batch_size(step))
    return chunks if chunks is None or most is None else min(chunks, most)


def _sources(
    step: _Step, before: list[str], streams: dict[str, _Stream], *, joins: bool
) -> tuple[Source, ...]:
    gathers = step.is_global or any(llm.requires_all_inputs for llm in models_in(step))
    if gathers or len({streams[name].origin for name in before}) > 1:
        return tuple(Source(name, None) for name in before)
    if not before:
        return ()
    span = lcm(*(streams[name].span for name in before))
    rows = max(streams[name].rows // streams[name].span for name in before) * span
    if not any(streams[name].awaited for name in before):
        span *= max(1, _batch_size(step) // rows) if joins else 1
    return tuple(Source(name, span // streams[name].span) for name in before)


def _stream(step: _Step, sources: tuple[Source, ...], streams: dict[str, _Stream]) -> _Stream:
    if not sources or sources[0].width is None:
        return _Stream(step.name, 1, _batch_size(step))
    first = streams[sources[0].step]
    awaited = any(streams[source.step].awaited for source in sources)
    awaited = awaited or any(llm.use_offline_batch_generation for llm in models_in(step))
    return _Stream(first.origin, first.span * sources[0].width, first.rows * sources[0].width, awaited)


def _batch_size(step: _Step) -> int:
    return getattr(step, "batch_size", None) or getattr(step, "input_batch_size", None) or 50
