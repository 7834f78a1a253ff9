"""From graph to plan: what the scheduler needs to know of each step. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

from distilabel.pipeline.graph.dag import DAG
from distilabel.pipeline.workers.placement import models_of, place
from distilabel.steps.base import GeneratorStep, _Step

__all__ = ["Source", "StepPlan", "models_of", "plan"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a step's rows come from: `width` chunks of `step` make one of its own; None: all of them."""

    step: str
    width: int | None = 1


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A step as the scheduler sees it.

    Attributes:
        name: The step's name.
        sources: The steps before it; none for a generator.
        concurrency: How many of its chunks may be processed at once.
        branches: The steps after it, in order, if a route picks among them for each chunk.
        chunks: How many chunks a generator gives, where that is known: it may be asked for one while others wait.
        stage: Nothing of it is begun before all steps of earlier stages have ended.
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
        origin: Where they began.
        span: How many of the first chunks make one.
        rows: How many rows that is.
        awaited: Whether each comes in its own time, when its replies have: to join them would make one wait for others.
    """

    origin: str
    span: int
    rows: int
    awaited: bool = False


def plan(dag: DAG, most_chunks: int | None = None, stages: Sequence[Sequence[str]] = ()) -> list[StepPlan]:
    """Return the plan of each step, those before it first.

    Args:
        dag: The graph.
        most_chunks: How many chunks a generator gives at most.
        stages: From `load_stages`; none for a single one.

    A chunk is the unit of flow. A step whose `input_batch_size` is larger than the chunks that reach it takes several
    of them at once, always the same ones; a smaller one only slices within the chunk. After a step that asks by batch,
    chunks are not joined any more: each flows on as soon as its own replies are there.
    """
    streams: dict[str, _Stream] = {}
    stage_of = {name: number for number, names in enumerate(stages) for name in names}
    plans = []
    for name in dag.order():
        step = dag.steps[name]
        before = dag.before(name)
        # A route's branches, and where they converge, keep the chunks as they are: so the rows keep their order.
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
    gathers = step.is_global or any(llm.asks_all_at_once for llm in models_of(step))
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
    awaited = awaited or any(llm.use_offline_batch_generation for llm in models_of(step))
    return _Stream(first.origin, first.span * sources[0].width, first.rows * sources[0].width, awaited)


def _batch_size(step: _Step) -> int:
    return getattr(step, "batch_size", None) or getattr(step, "input_batch_size", None) or 50
