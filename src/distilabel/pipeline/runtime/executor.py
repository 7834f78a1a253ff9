"""Carries out one command: reads chunks from disk, runs the step on them, writes its chunks to disk."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from itertools import chain

from distilabel.exceptions import DistilabelAccountError, DistilabelException, DistilabelStepError, described
from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException as Unfinished
from distilabel.ledger.jobs import Ledger
from distilabel.models.llms.base import LLM
from distilabel.offline.session import asking, taken_back_on_error
from distilabel.pipeline.graph.dag import DAG
from distilabel.pipeline.runtime.commands import (
    Command,
    Crashed,
    Exhausted,
    Generate,
    Generated,
    Outcome,
    Parked,
    Process,
    Processed,
)
from distilabel.pipeline.runtime.retry import RetryList, filled, reasons_of, refused, unanswered
from distilabel.pipeline.runtime.step_runtime import StepRuntime, StepSpec
from distilabel.pipeline.storage.chunks import Chunk, content_digest, digest_of
from distilabel.pipeline.storage.routes import RouteStore
from distilabel.pipeline.workers.runner import WorkerDiedError
from distilabel.steps._core.context import chunk_random, first_prompt
from distilabel.steps.base import GeneratorStep
from distilabel.typing import DISTILABEL_METADATA_KEY, Row

__all__ = ["CommandExecutor"]

# The codes of rows for which a step raised, and whose worker process died.
_RAISED = ("step_error", "worker_died")


@dataclass(slots=True)
class _Attempt:
    """One attempt to process a chunk.

    Attributes:
        waits: Whether replies are still missing. All requests are registered, and the chunk's rows are incomplete.
        raised: For how many rows the step raised.
        error: The first error that it raised.
    """

    waits: bool = False
    raised: int = 0
    error: Exception | None = None


class CommandExecutor:
    """Carries out commands. Safe to call from several threads.

    Args:
        dag: The graph.
        runtimes: The steps of the run, by name.
        ledger: Holds the samples and job ids of steps that use batch jobs.
        run_id: From `Ledger.begin_run`.
        routes: Holds the branches that chunks were routed to; None if the graph has no route.
        report: Called with the outcome of each command.
        most_chunks: How many chunks a generator gives at most.
        retries: Which rows without an answer are asked for again, beside those whose reason passes.
    """

    def __init__(
        self,
        dag: DAG,
        runtimes: dict[str, StepRuntime],
        ledger: Ledger,
        run_id: int,
        routes: RouteStore | None,
        report: Callable[[Outcome], None],
        most_chunks: int | None = None,
        retries: RetryList | None = None,
    ) -> None:
        self._retries = retries.retries if retries else []
        self._retry_number = retries.begun if retries else 0
        self._dag = dag
        self._runtimes = runtimes
        self._ledger = ledger
        self._run_id = run_id
        self._routes = routes
        self._report = report
        self._most_chunks = most_chunks

    def __call__(self, command: Command) -> bool:
        """Carry out a command and report its outcome; return whether the work item goes on. Never raises."""
        runtime = self._runtimes[command.step]
        outcome: Outcome
        try:
            if isinstance(command, Generate):
                outcome = self._generate(runtime, command.index)
            else:
                outcome = self._process(runtime, command)
        except BaseException as error:  # noqa: BLE001 - any error must end the run, not only this thread
            outcome = Crashed(error)
        self._report(outcome)
        if isinstance(command, Generate):
            return isinstance(outcome, Generated) and not outcome.last
        return not isinstance(outcome, Crashed)

    # Generators

    def _generate(self, runtime: StepRuntime, index: int) -> Outcome:
        step = runtime.spec.step
        assert isinstance(step, GeneratorStep)
        key = _key_before_reading(runtime.spec, step, index)
        asker = runtime.asker(index, b"generator")
        chunk = runtime.store.reuse(index, key) if key and step.use_cache else None
        if chunk is None or not self._may_reuse(runtime.spec, asker, [chunk]):
            try:
                rows, last = runtime.generate(index, asker)
            except Unfinished:
                return Parked(step.name, index, asker)
            if message := refused(step.name, rows):
                raise DistilabelAccountError(message)
            digest, failures = content_digest(rows), _failures_in(step.name, rows)
            if key is None:
                key = digest_of(digest, "last" if last else "")
                chunk = runtime.store.reuse(index, key)
            else:
                chunk = None
            chunk = chunk or runtime.store.put(index, key, rows, digest=digest, failures=failures, last=last)
        last = chunk.last or index + 1 == self._most_chunks
        if last and not chunk.rows:
            return Exhausted(step.name)
        to = self._route(runtime, index, chunk) if runtime.spec.branches else None
        return Generated(step.name, index, chunk, last, to)

    # Other steps

    def _process(self, runtime: StepRuntime, command: Process) -> Outcome:
        spec, name = runtime.spec, runtime.spec.step.name
        sources = _sources(spec, command)
        digest = self._digest(sources)
        asker = runtime.asker(command.index, digest)
        replayed = (
            runtime.prompts.replayed(command.index, asker, spec.identity)
            if runtime.prompts
            else nullcontext(lambda: None)
        )
        with replayed as store_prompts:
            key = digest_of(spec.identity, digest)
            inputs: list[list[Row]] | None = None
            if spec.has_custom_code:
                inputs = self._read(sources)
                key = digest_of(key, *_digest_of_requests(spec, inputs))
                store_prompts()
            kept = self._find(runtime, command.index, key)
            if kept and self._may_reuse(spec, asker, kept):
                return Processed(name, command.index, kept, to=self._routes_of(runtime, command.index, kept))
            inputs = inputs or self._read(sources)
            before = [row for i in range(len(kept)) for row in runtime.store.rows(command.index + i)]
            places: list[int] | None = None
            if kept and not spec.offline:
                places = unanswered(spec.step, inputs, before, self._retries)
                # Where it is not known which rows came of which, only rows for which the step raised, or that a platform refused
                # because of the account, let it run again.
                reasons = chain.from_iterable(reasons_of(name, row) for row in before)
                has_raised = refused(name, before) is not None or any(
                    reason is not None and reason["code"] in _RAISED for reason in reasons
                )
                if not places and not (places is None and has_raised):
                    return Processed(
                        name, command.index, kept, to=self._routes_of(runtime, command.index, kept)
                    )
            runtime.load()
            attempt = _Attempt()
            with _CustomJobs(spec, self._ledger, digest, inputs):
                rows = self._run(runtime, attempt, asker, inputs, partial(self._read, sources), places)
                if places:
                    rows = filled(name, before, rows, places)
                elif len(before) == len(rows):
                    rows = filled(name, rows, before)
                if self._retry_number and spec.offline and not spec.has_custom_protocol and not attempt.waits:
                    # Another asker draws other samples: the answers of this one cannot be read.
                    inputs = self._read(sources)
                    if places := unanswered(spec.step, inputs, rows, self._retries, offline=True):
                        asker = f"{asker}/{self._retry_number}"
                        again = self._run(
                            runtime, attempt, asker, inputs, partial(self._read, sources), places
                        )
                        rows = rows if attempt.waits else filled(name, rows, again, places)
            if attempt.waits:
                return Parked(name, command.index, "" if spec.has_custom_protocol else asker)
            chunks = self._keep(runtime, command.index, key, rows)
            taken = len(places) if places else sum(map(len, inputs))
            to = self._routes_of(runtime, command.index, chunks)
            return Processed(name, command.index, chunks, taken, attempt.raised, attempt.error, to)

    def _run(
        self,
        runtime: StepRuntime,
        attempt: _Attempt,
        asker: str,
        inputs: list[list[Row]],
        read: Callable[[], list[list[Row]]],
        places: list[int] | None,
    ) -> list[Row]:
        """Return the rows that a step gives for its inputs, or for those at `places`."""

        def chosen(inputs: list[list[Row]]) -> list[list[Row]]:
            return inputs if places is None else [[inputs[0][place] for place in places]]

        rows: list[Row] = []
        with asking(asker), chunk_random(f"{runtime.spec.step.name}/{asker}"):
            for start, part in _slices(runtime.spec, chosen(inputs)):
                rows += _run_slice(runtime, attempt, part, start, lambda: chosen(read()))
        return rows

    def _digest(self, sources: list[list[tuple[int, str]]]) -> bytes:
        parts = ((b"|", *(self._runtimes[step].store.chunk(i).digest for i, step in at)) for at in sources)
        return digest_of(*chain.from_iterable(parts))

    def _read(self, sources: list[list[tuple[int, str]]]) -> list[list[Row]]:
        return [
            list(chain.from_iterable(self._runtimes[step].store.rows(i) for i, step in at)) for at in sources
        ]

    def _find(self, runtime: StepRuntime, index: int, key: bytes) -> tuple[Chunk, ...]:
        """Return the chunks that a former run kept under `key`; none if they are not all there."""
        chunks: list[Chunk] = []
        while runtime.spec.step.use_cache and (
            chunk := runtime.store.reuse(index + len(chunks), digest_of(key, str(len(chunks))))
        ):
            chunks.append(chunk)
            if chunk.last:
                return tuple(chunks)
        return ()

    def _may_reuse(self, spec: StepSpec, asker: str, chunks: Sequence[Chunk]) -> bool:
        """Decide whether kept chunks may be used as they are; if so, claim the samples that they were made of."""
        is_generator = spec.step.is_generator
        # Rows without an answer may have to be asked for again. A replay of an offline step costs nothing, and the requests
        # that failed may have been sent again since.
        if any(chunk.failures for chunk in chunks) and (spec.offline or not is_generator):
            return False
        if not spec.offline:
            return True
        # A replay with custom code: a change of the code takes effect.
        if spec.has_custom_code and not is_generator:
            return False
        self._ledger.samples.claim_again(spec.scope, asker, self._run_id)
        return True

    def _keep(self, runtime: StepRuntime, index: int, key: bytes, rows: list[Row]) -> tuple[Chunk, ...]:
        """Write a step's rows as one chunk; those of a step that takes all rows at once in chunks of the usual size.

        Raises:
            DistilabelAccountError: A platform refused the account. The answers are kept, and the next run asks for the others.
        """
        step, gathers = runtime.spec.step, runtime.spec.gathers
        size = getattr(step, "input_batch_size", None) or 50
        starts = range(0, len(rows), size) if gathers and rows else (0,)
        parts = [rows[start : start + size] if gathers else rows for start in starts]
        chunks = tuple(
            runtime.store.put(
                index + i,
                digest_of(key, str(i)),
                part,
                failures=_failures_in(step.name, part),
                last=i == len(parts) - 1,
            )
            for i, part in enumerate(parts)
        )
        if any(chunk.failures for chunk in chunks) and (message := refused(step.name, rows)):
            raise DistilabelAccountError(message)
        return chunks

    def _routes_of(
        self, runtime: StepRuntime, index: int, chunks: tuple[Chunk, ...]
    ) -> tuple[tuple[str, ...], ...] | None:
        if not runtime.spec.branches:
            return None
        return tuple(self._route(runtime, index + i, chunk) for i, chunk in enumerate(chunks))

    def _route(self, runtime: StepRuntime, index: int, chunk: Chunk) -> tuple[str, ...]:
        name = runtime.spec.step.name
        chunk_id = f"{chunk.digest.hex()}-{index}"
        assert self._routes is not None
        return self._routes.route(name, chunk_id, self._dag.routes[name], runtime.spec.branches)


class _CustomJobs:
    """Gives LLMs with their own batch protocol the job ids that the ledger holds for these inputs, and records new ones."""

    def __init__(self, spec: StepSpec, ledger: Ledger, rows: bytes, inputs: list[list[Row]]) -> None:
        self._llms = [model for model in spec.models if isinstance(model, LLM) and model.requires_all_inputs]
        self._scope = spec.scope
        self._since = spec.since
        self._ledger = ledger
        # Ledgers of earlier versions know the jobs of some rows, whatever was asked about them.
        self._rows = rows.hex()
        if self._llms:
            asked = _digest_of_requests(spec, inputs) or (spec.identity,)
            how = str(getattr(spec.step, "num_generations", 1)), *(llm.signature for llm in self._llms)
            self._digest = digest_of(rows, *asked, *how).hex()

    def __enter__(self) -> None:
        for llm in self._llms:
            llm.jobs_ids = self._known() or llm.jobs_ids
            llm.keep_jobs_with(self._keep)

    def _known(self) -> tuple[str, ...]:
        known = self._ledger.jobs.own_jobs
        if self._since:
            return known(self._scope, f"{self._digest}/{self._since}")
        return known(self._scope, self._digest) or known(self._scope, self._rows)

    def _keep(self, jobs_ids: tuple[str, ...]) -> None:
        if self._since:
            self._ledger.jobs.keep_own_jobs(self._scope, f"{self._digest}/{self._since}", jobs_ids)
        # A run with the cache collects the jobs of one without it, unless it has its own.
        if not self._since or not self._ledger.jobs.own_jobs(self._scope, self._digest):
            self._ledger.jobs.keep_own_jobs(self._scope, self._digest, jobs_ids)

    def __exit__(self, *_: object) -> None:
        for llm in self._llms:
            llm.keep_jobs_with(None)


def _slices(spec: StepSpec, inputs: list[list[Row]]) -> Iterator[tuple[int, list[list[Row]]]]:
    """Yield the rows in parts of `input_batch_size`, each with the number of its first row."""
    size = getattr(spec.step, "input_batch_size", None) or 50
    lengths = {len(rows) for rows in inputs}
    if spec.gathers or len(lengths) != 1 or max(lengths) <= size:
        yield 0, inputs
        return
    for start in range(0, max(lengths), size):
        yield start, [rows[start : start + size] for rows in inputs]


def _run_slice(
    runtime: StepRuntime,
    attempt: _Attempt,
    part: list[list[Row]],
    start: int,
    reread: Callable[[], list[list[Row]]],
) -> list[Row]:
    """Return the rows that the step gives for a part of a chunk; if the step raises, run it row by row.

    Args:
        runtime: The step.
        attempt: Updated when the step waits or raises.
        part: The rows.
        start: The number of the part's first row in the chunk.
        reread: Reads the whole chunk again.

    Raises:
        DistilabelException: An error that ends the run.
    """
    step = runtime.spec.step
    try:
        with taken_back_on_error():
            return runtime.runner.process(part)
    except Unfinished:  # not kept in a variable: its traceback refers to all rows
        attempt.waits = True
        return []
    except DistilabelException:
        raise
    except Exception as error:
        if runtime.spec.gathers or len(part) > 1:
            raise DistilabelStepError(f"Step {step.name!r} failed: {described(error)}.") from error
        failure = error
    # Not within the handler: an error of a single row would have that of all rows as its context.
    # The step may have changed the rows before it raised.
    rows = reread()[0][start : start + len(part[0])]
    if len(rows) != 1:
        return [
            made
            for row in rows
            for made in _run_slice(runtime, attempt, [[deepcopy(row)]], 0, partial(list, [[row]]))
        ]
    attempt.raised += 1
    attempt.error = attempt.error or failure
    return [_with_reason(step.name, row, failure) for row in step.impute_step_outputs(rows)]


def _with_reason(step: str, row: Row, error: Exception) -> Row:
    code = _RAISED[isinstance(error, WorkerDiedError)]
    message = described(error)
    metadata = row.get(DISTILABEL_METADATA_KEY) or {}
    reason = {"code": code, "message": message, "attempts": 1, "job_id": None}
    return {**row, DISTILABEL_METADATA_KEY: {**metadata, f"failure_{step}": reason}}


def _key_before_reading(spec: StepSpec, step: GeneratorStep, index: int) -> bytes | None:
    """Return the key of a generator's chunk; None if it depends on the chunk's rows."""
    if not step.repeatable:
        return digest_of(spec.identity, str(index))
    # Custom code may read a source that changes without a change of its fingerprint.
    known = None if spec.has_custom_code else step.fingerprint
    return None if known is None else digest_of(spec.identity, known, str(index))


def _sources(spec: StepSpec, command: Process) -> list[list[tuple[int, str]]]:
    """Return number and step of the input chunks; where branches of a route converge, in one list and in order."""
    # A branch that the route did not pick gives nothing, not even an empty list.
    sources = [[(i, step) for i in numbers] for step, numbers in command.inputs if numbers or spec.gathers]
    if len(sources) == 1 or spec.step.has_multiple_inputs:
        return sources
    return [sorted(chain.from_iterable(sources), key=lambda at: at[0])]


def _failures_in(step: str, rows: list[Row]) -> int:
    """Count the rows for which a step has no answer."""
    name = f"failure_{step}"
    return sum(
        1 for row in rows if isinstance(found := row.get(DISTILABEL_METADATA_KEY), dict) and found.get(name)
    )


def _digest_of_requests(spec: StepSpec, inputs: list[list[Row]]) -> tuple[bytes, ...]:
    """Return a digest of a custom task's model inputs: they may depend on more than the task's fields and code."""
    if spec.format_input is None:
        return ()
    first, renaming = first_prompt.get() or (lambda make, row: make(row)), spec.step._renaming  # noqa: SLF001 - its columns
    prompts, rows = [], [row for rows in inputs for row in rows]
    for row in rows:
        # The task raises the same error when it runs, and the run reports it then.
        with suppress(Exception):
            prompts.append({"asked": first(spec.format_input, row)})
    # Prompts are stored before they are sent, also where the step's columns have other names.
    for row in () if renaming.is_none else renaming.into(rows):
        with suppress(Exception):
            first(spec.format_input, row)
    with suppress(Exception):
        return (content_digest(prompts),) if len(prompts) == len(rows) else ()
    return ()
