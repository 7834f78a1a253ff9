"""Carrying out one command: from chunks on disk, through a step, to chunks on disk."""

from collections.abc import Callable
from functools import partial
from itertools import chain
from secrets import token_bytes

from distilabel.exceptions import DistilabelException, DistilabelStepError
from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException as Unfinished
from distilabel.ledger.store import Ledger
from distilabel.models.llms.base import LLM
from distilabel.offline.session import asking
from distilabel.pipeline.graph.dag import DAG
from distilabel.pipeline.runtime.outcomes import Crashed, Exhausted, Generated, Outcome, Parked, Processed
from distilabel.pipeline.runtime.processing import ChunkProcessing, describe_error
from distilabel.pipeline.runtime.scheduler import Command, Generate, Process
from distilabel.pipeline.runtime.step_runtime import StepRuntime
from distilabel.pipeline.storage.chunks import Chunk, content_digest, digest_of
from distilabel.pipeline.storage.routes import RouteStore
from distilabel.steps._core.context import chunk_random
from distilabel.steps.base import GeneratorStep
from distilabel.typing import DISTILABEL_METADATA_KEY, Row

__all__ = ["CommandExecutor", "failures_in"]


class CommandExecutor:
    """Carries out commands. Safe to use from several threads.

    Args:
        dag: The graph.
        runtimes: One a step.
        ledger: Where drawn samples are recorded; None where no model asks by batch.
        run_id: From `Ledger.begin_run`.
        routes: Keeps which branches were taken.
        report: Called with what came of each command.
        most_chunks: How many chunks a generator gives at most.
    """

    def __init__(
        self,
        dag: DAG,
        runtimes: dict[str, StepRuntime],
        ledger: Ledger | None,
        run_id: int,
        routes: RouteStore,
        report: Callable[[Outcome], None],
        most_chunks: int | None = None,
    ) -> None:
        self._dag = dag
        self._runtimes = runtimes
        self._ledger = ledger
        self._run_id = run_id
        self._routes = routes
        self._report = report
        self._most_chunks = most_chunks

    def __call__(self, command: Command) -> bool:
        """Carry out a command and report; tell whether the turn goes on. Never raises."""
        outcome = self._outcome(self._runtimes[command.step], command)
        self._report(outcome)
        if isinstance(command, Generate):
            return isinstance(outcome, Generated) and not outcome.last
        return not isinstance(outcome, Crashed)

    def _outcome(self, runtime: StepRuntime, command: Command) -> Outcome:
        try:
            if isinstance(command, Generate):
                return self._generate(runtime, command.index)
            return self._process(runtime, command)
        except BaseException as error:  # noqa: BLE001 - whatever it is must end the run, not a thread
            return Crashed(error)

    # Generators

    def _generate(self, runtime: StepRuntime, index: int) -> Outcome:
        assert isinstance(runtime.step, GeneratorStep)
        fixed = _key_before_reading(runtime, runtime.step, index)
        asker = runtime.asker(index, b"generator")
        chunk = runtime.store.reuse(index, fixed) if fixed and runtime.step.use_cache else None
        if chunk is None or not self._claim(runtime, asker, [chunk]):
            try:
                made = self._next_rows(runtime, index)
            except Unfinished:
                runtime.iterator = None
                return Parked(runtime.step.name, index, asker)
            chunk = self._keep_generated(runtime, index, fixed, *made)
        last = chunk.last or index + 1 == self._most_chunks
        if last and not chunk.rows:
            return Exhausted(runtime.step.name)
        return Generated(runtime.step.name, index, chunk, last, self._route(runtime, index, chunk))

    def _next_rows(self, runtime: StepRuntime, index: int) -> tuple[list[Row], bool]:
        step = runtime.step
        assert isinstance(step, GeneratorStep)
        runtime.load()
        if runtime.iterator is None or runtime.iterator[0] != index:
            is_known, size = step.total_rows is not None, step.batch_size or 1
            offset = index * size if is_known else sum(runtime.store.chunk(i).rows for i in range(index))
            runtime.iterator = (index, runtime.runner.generate(offset))
        with asking(runtime.asker(index, b"generator")), chunk_random(f"{step.name}/{index}"):
            try:
                made = next(runtime.iterator[1], ([], True))
            except DistilabelException:
                raise
            except Exception as error:
                raise DistilabelStepError(
                    f"Generator {step.name!r} failed: {describe_error(error)}."
                ) from error
        runtime.iterator = (index + 1, runtime.iterator[1])
        return made

    def _keep_generated(
        self, runtime: StepRuntime, index: int, fixed: bytes | None, rows: list[Row], last: bool
    ) -> Chunk:
        digest = content_digest(rows)
        key = fixed or digest_of(digest, "last" if last else "")
        kept = None if fixed else runtime.store.reuse(index, key)
        lost = failures_in(runtime.step.name, rows)
        return kept or runtime.store.put(index, key, rows, digest=digest, failures=lost, last=last)

    # Other steps

    def _process(self, runtime: StepRuntime, command: Process) -> Outcome:
        digest = self._digest(runtime, command)
        asker = runtime.asker(command.index, digest)
        inputs: list[list[Row]] | None = None
        key = digest_of(runtime.identity, digest)
        if runtime.own_code:
            inputs = self._read(runtime, command)
            key = digest_of(key, *_asked_of(runtime, inputs))
        if kept := self._reuse(runtime, command, key, asker):
            return self._done(runtime, command, kept)
        inputs = inputs or self._read(runtime, command)
        runtime.load()
        processing = ChunkProcessing(runtime, partial(self._read, runtime, command))
        with asking(asker), chunk_random(f"{runtime.step.name}/{asker}"), self._own_jobs(runtime, digest):
            rows = processing.rows(inputs)
        if processing.waits:
            return Parked(runtime.step.name, command.index, "" if runtime.own_protocol else asker)
        # A step that raised is asked again in the next run: its rows are not kept under a key that can be found.
        chunks = self._keep(runtime, command, token_bytes(16) if processing.raised else key, rows)
        return self._done(
            runtime, command, chunks, sum(map(len, inputs)), processing.raised, processing.reason
        )

    def _digest(self, runtime: StepRuntime, command: Process) -> bytes:
        taken = _taken(runtime, command)
        parts = ((b"|", *(self._runtimes[step].store.chunk(i).digest for i, step in at)) for at in taken)
        return digest_of(*chain.from_iterable(parts))

    def _read(self, runtime: StepRuntime, command: Process) -> list[list[Row]]:
        taken = _taken(runtime, command)
        return [
            list(chain.from_iterable(self._runtimes[step].store.rows(i) for i, step in at)) for at in taken
        ]

    def _reuse(self, runtime: StepRuntime, command: Process, key: bytes, asker: str) -> tuple[Chunk, ...]:
        # An offline step of the user's own code is replayed: it costs nothing, and any change of the code shows.
        if not runtime.step.use_cache or (runtime.offline and runtime.own_code):
            return ()
        chunks: list[Chunk] = []
        while chunk := runtime.store.reuse(command.index + len(chunks), digest_of(key, str(len(chunks)))):
            chunks.append(chunk)
            if chunk.last:
                break
        whole = chunks and chunks[-1].last and self._claim(runtime, asker, chunks)
        return tuple(chunks) if whole else ()

    def _claim(self, runtime: StepRuntime, asker: str, chunks: list[Chunk]) -> bool:
        """Claim the samples that kept chunks were made of; tell whether these may be used."""
        # A replay costs nothing, and what failed may have been asked again meanwhile.
        replayed = runtime.offline and any(chunk.failures for chunk in chunks)
        if runtime.offline and not replayed and self._ledger is not None:
            self._ledger.claim_again(runtime.scope, asker, self._run_id)
        return not replayed

    def _keep(self, runtime: StepRuntime, command: Process, key: bytes, rows: list[Row]) -> tuple[Chunk, ...]:
        """Write what came of a chunk; where all rows were taken at once, as several chunks of the usual size."""
        size = getattr(runtime.step, "input_batch_size", None) or 50
        starts = range(0, len(rows), size) if runtime.gathers and rows else (0,)
        parts = [rows[start : start + size] if runtime.gathers else rows for start in starts]
        return tuple(
            runtime.store.put(
                command.index + i,
                digest_of(key, str(i)),
                part,
                failures=failures_in(runtime.step.name, part),
                last=i == len(parts) - 1,
            )
            for i, part in enumerate(parts)
        )

    def _done(
        self,
        runtime: StepRuntime,
        command: Process,
        chunks: tuple[Chunk, ...],
        taken: int = 0,
        raised: int = 0,
        reason: str = "",
    ) -> Processed:
        to = None
        if runtime.branches:
            to = tuple(self._route(runtime, command.index + i, chunk) or () for i, chunk in enumerate(chunks))
        return Processed(runtime.step.name, command.index, chunks, taken, raised, reason, to)

    def _route(self, runtime: StepRuntime, index: int, chunk: Chunk) -> tuple[str, ...] | None:
        if not runtime.branches:
            return None
        route = self._dag.routes[runtime.step.name]
        return self._routes.route(runtime.step.name, f"{chunk.digest.hex()}-{index}", route, runtime.branches)

    def _own_jobs(self, runtime: StepRuntime, digest: bytes) -> "_OwnJobs":
        return _OwnJobs(runtime, self._ledger, digest.hex())


class _OwnJobs:
    """Within it, LLMs with a batch protocol of their own have the job ids that the ledger keeps for these inputs."""

    def __init__(self, runtime: StepRuntime, ledger: Ledger | None, digest: str) -> None:
        self._llms = [one for one in runtime.models if isinstance(one, LLM) and one.asks_all_at_once]
        self._scope = runtime.scope
        self._ledger = ledger
        self._digest = digest

    def __enter__(self) -> None:
        for llm in self._llms:
            assert self._ledger is not None
            llm.jobs_ids = self._ledger.own_jobs(self._scope, self._digest) or llm.jobs_ids
            llm.keep_jobs_with(self._record)

    def __exit__(self, *_: object) -> None:
        for llm in self._llms:
            llm.keep_jobs_with(None)

    def _record(self, jobs_ids: tuple[str, ...]) -> None:
        assert self._ledger is not None
        self._ledger.keep_own_jobs(self._scope, self._digest, jobs_ids)


def _key_before_reading(runtime: StepRuntime, step: GeneratorStep, index: int) -> bytes | None:
    """Return the key of a generator's chunk; None where only its rows can tell whether it is the one that is kept."""
    if not step.repeatable:
        return digest_of(runtime.identity, str(index))
    # What the user's own code makes of a source may change unseen.
    known = None if runtime.own_code else step.fingerprint
    return None if known is None else digest_of(runtime.identity, known, str(index))


def _taken(runtime: StepRuntime, command: Process) -> list[list[tuple[int, str]]]:
    """Return number and step of the chunks taken; where a route's branches converge, in one list and in order."""
    # A branch that a route passed by has nothing to give, not even an empty list.
    taken = [[(i, step) for i in numbers] for step, numbers in command.inputs if numbers or runtime.gathers]
    if len(taken) == 1 or runtime.step.has_multiple_inputs:
        return taken
    return [sorted(chain.from_iterable(taken), key=lambda at: at[0])]


def failures_in(step: str, rows: list[Row]) -> int:
    """Count the rows for which a step gave no answer."""
    name = f"failure_{step}"
    return sum(
        1 for row in rows if isinstance(found := row.get(DISTILABEL_METADATA_KEY), dict) and found.get(name)
    )


def _asked_of(runtime: StepRuntime, inputs: list[list[Row]]) -> tuple[bytes, ...]:
    """Return a digest of what a task of the user's own code would ask: what the code uses may change unseen."""
    if runtime.asks is None:
        return ()
    try:
        return (content_digest([{"asked": runtime.asks(row)} for rows in inputs for row in rows]),)
    except Exception:  # noqa: BLE001 - the task itself will say it
        return ()
