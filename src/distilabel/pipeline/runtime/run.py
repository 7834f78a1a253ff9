"""One run: pumps what happens through the scheduler, the engine and the dispatcher until nothing is left to do."""

import queue
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel

from distilabel.config import citations
from distilabel.distiset import Distiset, from_arrow
from distilabel.events import (
    ChunkDone,
    DispatcherIdle,
    Event,
    JobSettled,
    Notice,
    RunBegan,
    RunEnded,
    RunFailed,
    StepBegan,
    StepEnded,
)
from distilabel.exceptions import DistilabelStepError
from distilabel.ledger.states import FINAL_JOB_STATES
from distilabel.ledger.store import Ledger
from distilabel.models.fields import RemoteModel
from distilabel.models.llms.base import LLM
from distilabel.models.llms.mixture import MixtureOfAgentsLLM
from distilabel.offline.dispatcher import Dispatcher
from distilabel.offline.result_files import Reader
from distilabel.offline.session import Session
from distilabel.pipeline.graph.dag import DAG
from distilabel.pipeline.runtime.cleanup import drop_chunks, drop_outputs
from distilabel.pipeline.runtime.engine import Engine
from distilabel.pipeline.runtime.executor import CommandExecutor
from distilabel.pipeline.runtime.outcomes import (
    Crashed,
    Exhausted,
    Generated,
    Interrupted,
    Outcome,
    Parked,
    Processed,
)
from distilabel.pipeline.runtime.plan import StepPlan, models_of, plan
from distilabel.pipeline.runtime.runners import assign_runners
from distilabel.pipeline.runtime.scheduler import Scheduler
from distilabel.pipeline.runtime.settings import RunSettings
from distilabel.pipeline.runtime.signals import stopping
from distilabel.pipeline.runtime.step_runtime import StepRuntime
from distilabel.pipeline.storage.chunks import ChunkStore
from distilabel.pipeline.storage.output import write_leaf
from distilabel.pipeline.storage.routes import RouteStore
from distilabel.pipeline.storage.workspace import Workspace
from distilabel.pipeline.workers.cluster import Cluster
from distilabel.records import Job

__all__ = ["Run"]

# How long the pump listens before it lets signals through: Windows delivers none while a thread waits.
_TICK = 0.2
# A step that raised for so many rows, and for every one, is not tried further.
_HOPELESS = 50
# Models that cost nothing to load.
_FREE = RemoteModel | MixtureOfAgentsLLM


class Run:
    """One run of a graph.

    Args:
        dag: Validated, runtime parameters set.
        settings: See `RunSettings`.
        workspace: The pipeline's folder, held by this run.
        engine: Makes the engine for a number of workers.
        emit: Hears every event.
        cluster: Where the worker processes are; None: on this machine.
    """

    def __init__(
        self,
        dag: DAG,
        settings: RunSettings,
        workspace: Workspace,
        engine: Callable[[int], Engine],
        emit: Callable[[Event], None],
        cluster: Cluster | None = None,
    ) -> None:
        self._dag = dag
        self._settings = settings
        self._workspace = workspace
        self._screen = emit
        self._heard: queue.SimpleQueue[Outcome | Event] = queue.SimpleQueue()
        plans = plan(dag, settings.most_chunks, settings.stages)
        self._engine = engine(min(32, 1 + sum(p.concurrency for p in plans)))
        self._scheduler = Scheduler(plans, self._engine.workers)
        self._ledger = Ledger(workspace.cache)
        self._run_id = self._ledger.begin_run(settings.pipeline)
        self._reader = Reader(workspace.cache)
        self._dispatcher = Dispatcher(self._ledger, self._run_id, self._hear)
        self._runners = assign_runners(dag.steps.values(), cluster=cluster)
        self._runtimes = {p.name: self._step_runtime(p) for p in plans}
        # Chunks that wait, by who asked; and who was answered before the chunk was heard to wait.
        self._asking: dict[tuple[str, str], tuple[str, int]] = {}
        self._settled: set[tuple[str, str]] = set()
        self._rows: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()
        self._raised: Counter[str] = Counter()
        self._began: set[str] = set()

    def execute(self) -> Distiset:
        """Run until all is done, or until all that is left waits for jobs that this run does not wait for.

        Raises:
            DistilabelException: What is broken, and what to do.
        """
        self._screen(RunBegan(self._settings.pipeline, tuple(self._runtimes)))
        self._prepare()
        routes = RouteStore(self._workspace.work / "routes.jsonl")
        executor = CommandExecutor(
            self._dag,
            self._runtimes,
            self._ledger,
            self._run_id,
            routes,
            self._heard.put,
            self._settings.most_chunks,
        )
        try:
            with stopping(lambda: self._heard.put(Interrupted())):
                self._engine.start(executor)
                complete = self._pump()
                if complete:
                    self._dispatcher.drain()
        finally:
            self._stop()
        return self._distiset() if complete else self._unfinished()

    def close(self) -> None:
        """Close all files."""
        for runtime in self._runtimes.values():
            runtime.store.close()
        self._reader.close()
        self._ledger.close()

    # Getting ready

    def _step_runtime(self, plan: StepPlan) -> StepRuntime:
        step = self._dag.steps[plan.name]
        fresh = not (self._settings.use_cache and step.use_cache)
        scope = f"{self._settings.pipeline}/{plan.name}" + (f"#{self._run_id}" if fresh else "")
        gathers = bool(plan.sources) and plan.sources[0].width is None
        store = ChunkStore(self._workspace.work / "chunks" / f"{plan.name}.chunks")

        def bind() -> None:
            self._bind(plan.name, scope)

        return StepRuntime(step, self._runners.runners[plan.name], store, scope, gathers, plan.branches, bind)

    def _prepare(self) -> None:
        """Load early what costs nothing to load and has rows to ask for: a missing key is told before any work."""
        for note in self._runners.notes:
            self._screen(Notice("warning", note))
        first = self._settings.stages[0] if self._settings.stages else self._runtimes
        for name, runtime in self._runtimes.items():
            runtime.step.artifacts_directory = self._workspace.artifacts / name
            models = models_of(runtime.step)
            if not self._settings.use_cache or not runtime.step.use_cache:
                for model in models:
                    model.jobs_ids = None
            is_free = models and all(isinstance(model, _FREE) for model in models)
            if is_free and name in first and runtime.store.empty:
                runtime.load()
        if not self._settings.use_cache and any(runtime.offline for runtime in self._runtimes.values()):
            text = "use_cache=False: the inputs will be sent, and paid for, again, and a later run cannot collect the answers."
            self._screen(Notice("warning", text))

    def _bind(self, step: str, scope: str) -> None:
        for model in models_of(self._dag.steps[step]):
            if isinstance(model, RemoteModel) and model.use_offline_batch_generation:
                model.bind(Session(self._ledger, self._dispatcher, self._reader, scope, self._run_id))

    # The pump

    def _pump(self) -> bool:
        """Go on until all chunks are done (True), or nothing more can be done in this run (False)."""
        while True:
            for turn in self._scheduler.turns():
                self._begin(turn[0].step)
                self._engine.submit(turn)
            if self._scheduler.finished:
                return True
            if self._resting() and not self._flush():
                return False
            for happened in self._listen():
                if isinstance(happened, Interrupted):
                    return False
                self._take(happened)
            self._say_ended()

    def _listen(self) -> Iterator[Outcome | Event]:
        """Wait a little for what happens next; yield it, and what else has happened by then."""
        with suppress(queue.Empty):
            yield self._heard.get(timeout=_TICK)
            while True:
                yield self._heard.get_nowait()

    def _resting(self) -> bool:
        """Tell whether nothing moves: at most jobs are waited for, and nothing that happened is still to be heard."""
        return self._scheduler.idle and self._dispatcher.resting and self._heard.empty()

    def _flush(self) -> bool:
        """Submit what has gathered; tell whether anything is under way then."""
        self._dispatcher.flush()
        return self._dispatcher.busy or not self._heard.empty()

    def _hear(self, event: Event) -> None:
        self._screen(event)
        if isinstance(event, JobSettled | DispatcherIdle | RunFailed):
            self._heard.put(event)

    def _begin(self, step: str) -> None:
        if step not in self._began:
            self._began.add(step)
            self._screen(StepBegan(step))

    def _take(self, happened: Outcome | Event) -> None:
        match happened:
            case Generated(step, index, chunk, last, to):
                self._scheduler.generated(step, index, last=last, to=to)
                self._count(step, chunk.rows, chunk.failures, cached=False)
            case Exhausted(step):
                self._scheduler.exhausted(step)
            case Processed():
                self._take_processed(happened)
            case Parked(step, index, asker):
                self._take_parked(step, index, asker)
            case JobSettled(scope, askers):
                self._wake((scope, asker) for asker in askers)
            case RunFailed(error) | Crashed(error):
                raise error

    def _take_processed(self, done: Processed) -> None:
        step = done.step
        self._scheduler.processed(step, done.index, chunks=len(done.chunks), to=done.to)
        rows, failures = sum(c.rows for c in done.chunks), sum(c.failures for c in done.chunks)
        self._count(step, rows, failures, cached=not done.taken)
        self._taken[step] += done.taken
        self._raised[step] += done.raised
        hopeless = self._rows[step] == self._raised[step] == self._taken[step] > 0
        if hopeless and (self._taken[step] >= _HOPELESS or self._scheduler.ended(step)):
            raise DistilabelStepError(
                f"Step {step!r} failed for all of its {self._taken[step]} rows ({done.reason}): mend it and run again; what "
                "was done before it is kept."
            )

    def _take_parked(self, step: str, index: int, asker: str) -> None:
        self._scheduler.park(step, index)
        scope = self._runtimes[step].scope
        if not asker:
            return
        self._asking[scope, asker] = (step, index)
        if (scope, asker) in self._settled:
            self._wake([(scope, asker)])

    def _wake(self, askers: Iterable[tuple[str, str]]) -> None:
        for asker in askers:
            if asker in self._asking:
                self._settled.discard(asker)
                self._scheduler.wake(*self._asking.pop(asker))
            else:
                self._settled.add(asker)

    def _count(self, step: str, rows: int, failures: int, *, cached: bool) -> None:
        self._rows[step] += rows
        self._failures[step] += failures
        self._screen(ChunkDone(step, rows, failures, cached))

    def _say_ended(self) -> None:
        for step in [step for step in self._began if self._scheduler.ended(step)]:
            self._began.discard(step)
            self._runtimes[step].runner.stop()
            self._screen(StepEnded(step))
            if self._settings.stages:
                self._make_room()

    def _make_room(self) -> None:
        """Unload what has ended with its stage, before the next is loaded."""
        done = self._settings.stages[: self._scheduler.stage]
        for runtime in (self._runtimes[step] for stage in done for step in stage):
            # A platform may still have something to say to an LLM that asks by batch.
            if runtime.loaded and not runtime.offline:
                runtime.loaded = False
                runtime.runner.unload()

    # The end

    def _stop(self) -> None:
        self._dispatcher.stop()
        self._engine.stop()
        for runtime in self._runtimes.values():
            runtime.runner.stop()
        for runtime in self._runtimes.values():
            for model in models_of(runtime.step):
                if isinstance(model, LLM):
                    model.interrupt()
                if isinstance(model, RemoteModel) and model.use_offline_batch_generation:
                    model.jobs_ids = tuple(
                        job.remote_id for job in self._ledger.jobs(runtime.scope) if job.remote_id
                    )
                    model.bind(None)
            if runtime.loaded:
                runtime.runner.unload()

    def _open_jobs(self) -> tuple[Job, ...]:
        jobs = (
            job
            for runtime in self._runtimes.values()
            if runtime.offline
            for job in self._ledger.jobs(runtime.scope)
        )
        return tuple(job for job in jobs if job.state not in FINAL_JOB_STATES)

    def _own_jobs(self) -> tuple[str, ...]:
        models = (
            one
            for runtime in self._runtimes.values()
            for one in models_of(runtime.step)
            if one.asks_all_at_once
        )
        return tuple(name for one in models for name in one.jobs_ids or ())

    def _unfinished(self) -> Distiset:
        self._end(complete=False, rows=0)
        return self._annotated(Distiset())

    def _distiset(self) -> Distiset:
        leaves = {name: self._written(name) for name in self._dag.leaves}
        distiset = from_arrow(leaves)
        if self._settings.use_cache:
            drop_chunks(self._runtimes.values())
            drop_outputs(self._workspace.output, leaves.values())
        self._end(complete=True, rows=sum(self._rows[name] for name in leaves))
        return self._annotated(distiset)

    def _written(self, leaf: str) -> Path:
        store, chunks = self._runtimes[leaf].store, self._scheduler.chunks(leaf)
        return write_leaf(
            leaf, store, chunks, self._workspace.output / leaf, metadata=self._settings.metadata
        )

    def _annotated(self, distiset: Distiset) -> Distiset:
        distiset.pipeline_path = self._workspace.config
        distiset.log_filename_path = self._workspace.log
        distiset.artifacts_path = self._workspace.artifacts
        distiset.citations = citations(self._classes())
        distiset.failures = {step: count for step, count in self._failures.items() if count}
        return distiset

    def _classes(self) -> Iterator[type]:
        """Yield the classes of the steps, and of the models that are among their fields."""
        for step in self._dag.steps.values():
            yield type(step)
            values = (getattr(step, name) for name in type(step).model_fields)
            yield from (type(value) for value in values if isinstance(value, BaseModel))

    def _end(self, *, complete: bool, rows: int) -> None:
        failures = {step: count for step, count in self._failures.items() if count}
        own = () if complete else self._own_jobs()
        self._screen(RunEnded(self._settings.pipeline, complete, rows, failures, self._open_jobs(), own))
