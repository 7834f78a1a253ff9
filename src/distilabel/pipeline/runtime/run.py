"""One run: passes commands, outcomes and events between scheduler, engine and dispatcher until nothing is left to do."""

import logging
import queue
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from traceback import format_exception

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
from distilabel.exceptions import DistilabelStepError, DistilabelUserError
from distilabel.ledger.jobs import Ledger
from distilabel.models.fields import RemoteModel, isolate_models, models_in
from distilabel.models.llms.base import LLM
from distilabel.models.llms.mixture import MixtureOfAgentsLLM
from distilabel.offline.dispatcher import Dispatcher
from distilabel.offline.result_files import Reader
from distilabel.offline.session import Session
from distilabel.pipeline.graph.dag import DAG
from distilabel.pipeline.runtime.commands import (
    Crashed,
    Exhausted,
    Generated,
    Interrupted,
    Outcome,
    Parked,
    Processed,
)
from distilabel.pipeline.runtime.dry_run import RequestPreview, asked_online
from distilabel.pipeline.runtime.engine import Engine, LocalEngine
from distilabel.pipeline.runtime.executor import CommandExecutor
from distilabel.pipeline.runtime.host import stopping, tuned_gc
from distilabel.pipeline.runtime.plan import StepPlan, plan
from distilabel.pipeline.runtime.retry import Retry, RetryList, reasons_of, retry_offers
from distilabel.pipeline.runtime.scheduler import Scheduler
from distilabel.pipeline.runtime.settings import RunSettings
from distilabel.pipeline.runtime.step_runtime import StepRuntime, StepSpec
from distilabel.pipeline.storage.chunks import ChunkStore
from distilabel.pipeline.storage.output import drop_outputs, write_leaf
from distilabel.pipeline.storage.prompts import PromptStore
from distilabel.pipeline.storage.routes import RouteStore
from distilabel.pipeline.storage.workspace import Workspace
from distilabel.pipeline.workers.cluster import Cluster
from distilabel.pipeline.workers.placement import assign_runners
from distilabel.progress.log_lines import jobs_of_earlier_runs
from distilabel.progress.screen import log_cause, screen
from distilabel.records import Job
from distilabel.steps._core.resources import StepResources

__all__ = ["Run", "execute"]

# How long the run waits for an event before it lets signals through: Windows delivers none while a thread waits.
_TICK = 0.2
_LAST_RESPONSES = 20.0
"""For how many seconds a run that ends with an error waits for responses that are under way."""
# Models that cost nothing to load.
_FREE = RemoteModel | MixtureOfAgentsLLM
# A step that raised for this many rows, and for every one, is not tried further.
_HOPELESS = 50
# Chunks of former runs stay if they take less than this many bytes.
_MOST_UNUSED = 64 * 2**20


def execute(
    dag: DAG,
    settings: RunSettings,
    cache: Path,
    prepare: Callable[[Path], None],
    handlers: Sequence[logging.Handler],
    cluster: Cluster | None = None,
) -> Distiset:
    """Run a graph in its folder, which this run locks; show its events on the screen and in the log.

    Args:
        dag: The graph.
        settings: See `RunSettings`.
        cache: The cache folder.
        prepare: Called before the run, with the path for the file that describes the pipeline.
        handlers: Additional log handlers.
        cluster: The Ray cluster of the worker processes, joined for the run.
    """
    workspace = Workspace(cache, settings.pipeline, use_cache=settings.use_cache, dry=settings.dry)
    try:
        with (
            tuned_gc(),
            isolate_models(list(dag.steps.values())),
            screen(workspace.log, handlers) as emit,
        ):
            prepare(workspace.config)
            if not settings.dry:
                _check_responses_are_collected(dag, use_cache=settings.use_cache)
            with asked_online(dag) if settings.dry else nullcontext(), cluster or nullcontext():
                run = Run(dag, settings, workspace, LocalEngine, emit, cluster)
                try:
                    return run.execute()
                finally:
                    run.close()
    finally:
        workspace.release()


class Run:
    """One run of a graph.

    Args:
        dag: Validated, runtime parameters set.
        settings: See `RunSettings`.
        workspace: The pipeline's folder, held by this run.
        engine: Makes the engine for a number of workers.
        emit: Receives every event.
        cluster: The Ray cluster of the worker processes; None: they run on this machine.
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
        self._emit = emit
        self._inbox: queue.SimpleQueue[Outcome | Event] = queue.SimpleQueue()
        plans = plan(dag, settings.most_chunks, settings.stages)
        self._engine = engine(min(32, 1 + sum(p.concurrency for p in plans)))
        self._scheduler = Scheduler(plans, self._engine.workers)
        self._ledger = Ledger(workspace.cache)
        self._run_id = self._ledger.begin_run(settings.pipeline)
        self._reader = Reader(workspace.cache)
        self._dispatcher = Dispatcher(self._ledger, self._run_id, self._on_event)
        self._runners = assign_runners(dag.steps.values(), cluster=cluster)
        self._runtimes = {p.name: self._step_runtime(p) for p in plans}
        self._parked = ParkedChunks()
        self._counts = RowCounts()
        self._began: set[str] = set()
        self._retries = RetryList(workspace.folder)
        self._compared: set[str] = set()  # the steps whose open jobs were compared with their models
        self._named: set[int] = set()  # the open jobs that this run does not wait for and has named

    def execute(self) -> Distiset:
        """Run until everything is done, or until all that is left waits for batch jobs that this run does not wait for.

        Raises:
            DistilabelException: What failed, and what to do.
        """
        self._emit(RunBegan(self._settings.pipeline, tuple(self._runtimes)))
        self._prepare()
        executor = CommandExecutor(
            self._dag,
            self._runtimes,
            self._ledger,
            self._run_id,
            RouteStore(self._workspace.work / "routes.jsonl") if self._dag.routes else None,
            self._inbox.put,
            self._settings.most_chunks,
            self._retries if self._settings.use_cache else None,
        )
        wait = 0.0
        try:
            with stopping(lambda: self._inbox.put(Interrupted())):
                self._engine.start(executor)
                complete = self._pump()
                if complete:
                    self._dispatcher.drain()
        except Exception as error:
            log_cause(error)
            # Responses to requests that are under way are paid for: their chunks are kept.
            models = (model for runtime in self._runtimes.values() for model in runtime.spec.models)
            is_online = any(
                isinstance(model, RemoteModel) and not model.use_offline_batch_generation for model in models
            )
            wait = _LAST_RESPONSES if is_online else 0.0
            raise
        finally:
            self._stop(wait)
        return self._finish() if complete else self._suspend()

    def close(self) -> None:
        """Close all files."""
        for runtime in self._runtimes.values():
            runtime.store.close()
            if runtime.prompts is not None:
                runtime.prompts.close()
        self._reader.close()
        self._ledger.close()

    # Preparation

    def _step_runtime(self, plan: StepPlan) -> StepRuntime:
        step = self._dag.steps[plan.name]
        scope = f"{self._settings.pipeline}/{plan.name}"
        gathers = bool(plan.sources) and plan.sources[0].width is None
        spec = StepSpec.of(step, scope, gathers=gathers, branches=plan.branches)
        store = ChunkStore(self._workspace.work / "chunks" / f"{plan.name}.chunks")
        session: Session | None = None
        if spec.offline and self._settings.dry:
            session = RequestPreview(self._emit)
        elif spec.offline:
            since = 0
            if not (self._settings.use_cache and step.use_cache):
                since = self._workspace.first_sample(self._ledger.samples.next_id())
                spec = replace(spec, since=since)
            session = Session(self._ledger, self._dispatcher, self._reader, scope, self._run_id, since)
        prompts: PromptStore | None = None
        if spec.has_custom_code and spec.format_input is not None:
            prompts = PromptStore(store.path.with_suffix(".prompts"), plan.name)
        return StepRuntime(spec, self._runners.runners[plan.name], store, session, prompts)

    def _prepare(self) -> None:
        """Load the steps whose models cost nothing to load, so that a missing key is reported before any work."""
        for note in self._runners.notes:
            self._emit(Notice("warning", note))
        first = self._settings.stages[0] if self._settings.stages else self._runtimes
        for name, runtime in self._runtimes.items():
            step, models = runtime.spec.step, runtime.spec.models
            step.artifacts_directory = self._workspace.artifacts / name
            if not self._settings.use_cache or not step.use_cache:
                for model in models:
                    model.jobs_ids = None
            is_free = models and all(isinstance(model, _FREE) for model in models)
            if is_free and name in first and runtime.store.empty:
                runtime.load()
        self._want_failed_again()
        if self._workspace.continues:
            text = "This run continues the run without the cache that was not complete: it pays for nothing again."
            self._emit(Notice("info", text))
        elif any(runtime.spec.since for runtime in self._runtimes.values()):
            text = "use_cache=False: the run submits, and pays for, all requests again."
            self._emit(Notice("warning", text))
        elif self._workspace.has_unfinished:
            text = (
                "A run without the cache was not complete. This run uses its responses for the rows that the cache lacks; a run "
                "with use_cache=False continues it, and pays only for what it had not submitted."
            )
            self._emit(Notice("info", text))

    def _want_failed_again(self) -> None:
        """Have the failed requests of batch jobs that the user selected submitted again, once."""
        if not self._settings.use_cache:
            return
        if self._settings.retry_failed and Retry() not in self._retries.retries:
            self._retries.add(Retry())
        if not self._retries.retries or self._retries.begun:
            return
        count = sum(
            self._ledger.samples.want_failed_again(runtime.spec.scope, retry.code, retry.job)
            for name, runtime in self._runtimes.items()
            for retry in self._retries.retries
            if retry.step in (None, name)
        )
        self._retries.begin(self._ledger.samples.next_id())
        if count:
            self._emit(
                Notice("info", f"Failed requests of batch jobs that this run submits again: {count:,}.")
            )

    # The pump

    def _pump(self) -> bool:
        """Run until all chunks are done (True), or until nothing more can be done in this run (False)."""
        while True:
            for item in self._scheduler.next_items():
                step = item[0].step
                if step not in self._began:
                    self._began.add(step)
                    self._emit(StepBegan(step))
                self._engine.submit(item)
            if self._scheduler.finished:
                return True
            if self._scheduler.idle and self._dispatcher.resting and self._inbox.empty():
                # Only batch jobs are waited for: submit the requests that do not fill a job.
                self._name_jobs_of_other_targets()
                self._dispatcher.flush()
                if not self._dispatcher.busy and self._inbox.empty():
                    return False
            for received in self._receive():
                if isinstance(received, Interrupted):
                    return False
                self._handle(received)
            self._report_ended()

    def _name_jobs_of_other_targets(self) -> None:
        """Name the open jobs of an earlier model or address, once a step: this run does not wait for them."""
        for name, runtime in self._runtimes.items():
            spec = runtime.spec
            if spec.offline and runtime.loaded and name not in self._compared:
                self._compared.add(name)
                targets = [model.client.target for model in spec.models if isinstance(model, RemoteModel)]
                self._name_jobs(job for job in self._open_jobs(spec) if job.target not in targets)

    def _name_jobs(self, jobs: Iterable[Job]) -> None:
        if jobs := [job for job in jobs if job.id not in self._named]:
            self._named.update(job.id for job in jobs)
            self._emit(Notice("warning", jobs_of_earlier_runs(jobs)))

    def _open_jobs(self, spec: StepSpec) -> list[Job]:
        return [job for job in self._ledger.jobs.of_scope(spec.scope) if not job.state.is_final]

    def _on_event(self, event: Event) -> None:
        """Receive an event of the dispatcher, in its thread."""
        self._emit(event)
        if isinstance(event, JobSettled | DispatcherIdle | RunFailed):
            self._inbox.put(event)

    def _receive(self) -> Iterator[Outcome | Event]:
        """Wait a short time for the next outcome or event; yield it and all that follow it at once."""
        with suppress(queue.Empty):
            yield self._inbox.get(timeout=_TICK)
            while True:
                yield self._inbox.get_nowait()

    def _handle(self, received: Outcome | Event) -> None:
        match received:
            case Generated(step, index, chunk, last, to):
                self._scheduler.generated(step, index, last=last, to=to)
                self._count(step, chunk.rows, chunk.failures, cached=False)
            case Exhausted(step):
                self._scheduler.exhausted(step)
            case Processed(step, index, chunks):
                self._scheduler.processed(step, index, chunks=len(chunks), to=received.to)
                rows, failures = sum(c.rows for c in chunks), sum(c.failures for c in chunks)
                self._count(step, rows, failures, cached=not received.taken)
                self._counts.check_hopeless(received, ended=self._scheduler.ended(step))
            case Parked(step, index, asker):
                self._scheduler.park(step, index)
                scope = self._runtimes[step].spec.scope
                if asker and self._parked.park(scope, asker, (step, index)):
                    self._scheduler.wake(step, index)
            case JobSettled(scope, askers):
                for asker in askers:
                    if parked := self._parked.settle(scope, asker):
                        self._scheduler.wake(*parked)
            case RunFailed(error) | Crashed(error):
                raise error

    def _count(self, step: str, rows: int, failures: int, *, cached: bool) -> None:
        self._counts.add(step, rows, failures)
        self._emit(ChunkDone(step, rows, failures, cached))

    def _report_ended(self) -> None:
        for step in [step for step in self._began if self._scheduler.ended(step)]:
            self._began.discard(step)
            self._runtimes[step].runner.stop()
            self._emit(StepEnded(step))
            if error := self._counts.errors.get(step):
                text = "".join(format_exception(error)).rstrip()
                self._emit(
                    Notice("warning", f"Step {step!r} raised an error for a row. The first one:\n{text}")
                )
        # Unload the steps of stages that have ended, before those of the next stage are loaded.
        for stage in self._settings.stages[: self._scheduler.stage]:
            for runtime in (self._runtimes[step] for step in stage):
                # An LLM that uses batch jobs stays: jobs of its may still be open.
                if not runtime.spec.offline:
                    runtime.unload()

    # The end

    def _stop(self, wait: float) -> None:
        self._dispatcher.stop()
        self._engine.stop(wait)
        for runtime in self._runtimes.values():
            runtime.runner.stop()
        for runtime in self._runtimes.values():
            for model in runtime.spec.models:
                if isinstance(model, LLM):
                    model.interrupt()
                if isinstance(model, RemoteModel) and model.use_offline_batch_generation:
                    jobs = self._ledger.jobs.of_scope(runtime.spec.scope)
                    model.jobs_ids = tuple(job.remote_id for job in jobs if job.remote_id)
                    model.use_session(None)
            runtime.unload()

    def _suspend(self) -> Distiset:
        """Report the open jobs; return an empty Distiset."""
        models = [model for runtime in self._runtimes.values() for model in runtime.spec.models]
        custom_ids = (
            job_id for model in models if model.requires_all_inputs for job_id in model.jobs_ids or ()
        )
        self._emit_ended(complete=False, rows=0, own_jobs=tuple(custom_ids))
        return self._annotated(Distiset())

    def _finish(self) -> Distiset:
        """Write the rows of the leaf steps; return them as a Distiset."""
        leaves = {
            name: write_leaf(
                name,
                self._runtimes[name].store,
                self._scheduler.chunks(name),
                self._workspace.output / name,
                metadata=self._settings.metadata,
                features=self._dag.source_features(name),
            )
            for name in self._dag.leaves
        }
        self._workspace.complete = True
        if self._settings.use_cache:
            self._retries.clear()
        distiset = from_arrow(leaves)
        if self._settings.use_cache:
            self._drop_unused_chunks()
            drop_outputs(self._workspace.output, leaves.values())
        self._offer_retry()
        self._emit_ended(complete=True, rows=sum(self._counts.rows[name] for name in leaves))
        return self._annotated(distiset)

    def _offer_retry(self) -> None:
        """Say which rows without an answer the next run asks for again, and how to have it ask for the others."""
        for step in self._counts.failures:
            runtime = self._runtimes[step]
            store = runtime.store
            chunks = (i for i in self._scheduler.chunks(step) if store.chunk(i).failures)
            reasons = (reasons_of(step, row) for i in chunks for row in store.rows(i))
            codes = Counter(reason["code"] for each in reasons for reason in each[:1] if reason)
            offers = retry_offers(step, codes, self._settings.pipeline, by_batch=runtime.spec.offline)
            for offer in offers if self._settings.use_cache else ():
                self._emit(Notice("warning", offer))

    def _drop_unused_chunks(self) -> None:
        """Remove chunks of former runs from each step's file, if they take more space than those of this run.

        Chunks of a step that holds a model or that runs custom code stay: they may have been paid for and exist nowhere
        else. They are removed only if the step does not use the cache, because then no run will find them.
        """
        for runtime in self._runtimes.values():
            spec = runtime.spec
            values = (getattr(spec.step, name) for name in type(spec.step).model_fields)
            is_expensive = spec.has_custom_code or any(map(_is_model, values))
            if not (spec.step.use_cache and is_expensive):
                runtime.store.drop_unused(_MOST_UNUSED)

    def _emit_ended(self, *, complete: bool, rows: int, own_jobs: tuple[str, ...] = ()) -> None:
        specs = [runtime.spec for runtime in self._runtimes.values() if runtime.spec.offline]
        jobs = [job for spec in specs for job in self._open_jobs(spec)]
        if complete:
            self._name_jobs(jobs)
        open_jobs = tuple(job for job in jobs if job.id not in self._named)
        failures = self._counts.failures
        self._emit(RunEnded(self._settings.pipeline, complete, rows, failures, open_jobs, own_jobs))

    def _annotated(self, distiset: Distiset) -> Distiset:
        distiset.pipeline_path = self._workspace.config
        distiset.log_filename_path = self._workspace.log
        distiset.artifacts_path = self._workspace.artifacts
        distiset.citations = citations(self._classes())
        distiset.failures = self._counts.failures
        return distiset

    def _classes(self) -> Iterator[type]:
        """Yield the classes of the steps, and of the models among their fields."""
        for step in self._dag.steps.values():
            yield type(step)
            values = (getattr(step, name) for name in type(step).model_fields)
            yield from (type(value) for value in values if isinstance(value, BaseModel))


class RowCounts:
    """The numbers of rows of each step.

    Attributes:
        rows: How many rows each step gave.
        errors: The first error that each step raised for a row.
    """

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.errors: dict[str, Exception] = {}
        self._failures: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()
        self._raised: Counter[str] = Counter()

    @property
    def failures(self) -> dict[str, int]:
        """How many rows have no answer, by step; only steps with such rows."""
        return {step: count for step, count in self._failures.items() if count}

    def add(self, step: str, rows: int, failures: int) -> None:
        """Count the rows that a step gave, and those of them without an answer."""
        self.rows[step] += rows
        self._failures[step] += failures

    def check_hopeless(self, done: Processed, *, ended: bool) -> None:
        """Count the rows for which a step raised.

        Args:
            done: A chunk that the step processed, whose rows are counted.
            ended: Whether it was the step's last.

        Raises:
            DistilabelStepError: The step raised for all of its rows.
        """
        step = done.step
        if done.error is not None:
            self.errors.setdefault(step, done.error)
        error = self.errors.get(step)
        self._taken[step] += done.taken
        self._raised[step] += done.raised
        taken = self._taken[step]
        if self.rows[step] == self._raised[step] == taken > 0 and (taken >= _HOPELESS or ended):
            raise DistilabelStepError(
                f"Step {step!r} failed for all of its {taken} rows ({type(error).__name__}: {error}): fix it and run again; the "
                "results of the steps before it are kept."
            ) from error


class ParkedChunks:
    """The chunks that wait for replies, by scope and asker id.

    A batch job may settle before the run learns that a chunk waits for it: both orders wake the chunk.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], tuple[str, int]] = {}
        self._settled: set[tuple[str, str]] = set()

    def park(self, scope: str, asker: str, chunk: tuple[str, int]) -> bool:
        """Add a chunk, given as step and number; return whether its replies are there already."""
        if (scope, asker) in self._settled:
            self._settled.discard((scope, asker))
            return True
        self._waiting[scope, asker] = chunk
        return False

    def settle(self, scope: str, asker: str) -> tuple[str, int] | None:
        """Return the chunk whose replies are there now; None if it is not parked yet."""
        if chunk := self._waiting.pop((scope, asker), None):
            return chunk
        self._settled.add((scope, asker))
        return None


def _check_responses_are_collected(dag: DAG, *, use_cache: bool) -> None:
    """Refuse batch jobs whose responses no run would collect.

    Raises:
        DistilabelUserError: A step does not use the cache, and one of its models does not wait for its batch jobs.
    """
    for name, step in dag.steps.items():
        waits = (
            model.offline_batch_generation_block_until_done is not None
            for model in models_in(step)
            if model.use_offline_batch_generation
        )
        if not (use_cache and step.use_cache) and not all(waits):
            raise DistilabelUserError(
                f"Step {name!r} would pay for batch jobs whose responses no run collects: it does not use the cache "
                "(use_cache=False) and does not wait. Let it use the cache, without use_cache=False or --ignore-cache; or set "
                "offline_batch_generation_block_until_done=60 on its model. Nothing was submitted."
            )


def _is_model(value: object) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and _is_model(value[0])
    return isinstance(value, BaseModel) and not isinstance(value, StepResources)
