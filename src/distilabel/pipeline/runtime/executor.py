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
from distilabel.pipeline.runtime.processing import Processing, told
from distilabel.pipeline.runtime.scheduler import Command, Generate, Process
from distilabel.pipeline.runtime.step_runtime import Bench
from distilabel.pipeline.storage.chunks import Chunk, content_digest, digest_of
from distilabel.pipeline.storage.routes import RouteBook
from distilabel.steps._core.context import seeded
from distilabel.steps.base import GeneratorStep
from distilabel.typing import DISTILABEL_METADATA_KEY, Row

__all__ = ["Workshop", "failures_in"]


class Workshop:
    """Carries out commands. Safe to use from several threads.

    Args:
        dag: The graph.
        benches: One a step.
        ledger: Where drawn samples are recorded; None where no model asks by batch.
        run_id: From `Ledger.begin_run`.
        routes: Keeps which branches were taken.
        report: Called with what came of each command.
        most_chunks: How many chunks a generator gives at most.
    """

    def __init__(
        self,
        dag: DAG,
        benches: dict[str, Bench],
        ledger: Ledger | None,
        run_id: int,
        routes: RouteBook,
        report: Callable[[Outcome], None],
        most_chunks: int | None = None,
    ) -> None:
        self._dag = dag
        self._benches = benches
        self._ledger = ledger
        self._run_id = run_id
        self._routes = routes
        self._report = report
        self._most_chunks = most_chunks

    def __call__(self, command: Command) -> bool:
        """Carry out a command and report; tell whether the turn goes on. Never raises."""
        outcome = self._outcome(self._benches[command.step], command)
        self._report(outcome)
        if isinstance(command, Generate):
            return isinstance(outcome, Generated) and not outcome.last
        return not isinstance(outcome, Crashed)

    def _outcome(self, bench: Bench, command: Command) -> Outcome:
        try:
            if isinstance(command, Generate):
                return self._generate(bench, command.index)
            return self._process(bench, command)
        except BaseException as error:  # noqa: BLE001 - whatever it is must end the run, not a thread
            return Crashed(error)

    # Generators

    def _generate(self, bench: Bench, index: int) -> Outcome:
        assert isinstance(bench.step, GeneratorStep)
        fixed = _key_before_reading(bench, bench.step, index)
        asker = bench.asker(index, b"generator")
        chunk = bench.store.reuse(index, fixed) if fixed and bench.step.use_cache else None
        if chunk is None or not self._claim(bench, asker, [chunk]):
            try:
                made = self._next_rows(bench, index)
            except Unfinished:
                bench.iterator = None
                return Parked(bench.step.name, index, asker)
            chunk = self._keep_generated(bench, index, fixed, *made)
        last = chunk.last or index + 1 == self._most_chunks
        if last and not chunk.rows:
            return Exhausted(bench.step.name)
        return Generated(bench.step.name, index, chunk, last, self._route(bench, index, chunk))

    def _next_rows(self, bench: Bench, index: int) -> tuple[list[Row], bool]:
        step = bench.step
        assert isinstance(step, GeneratorStep)
        bench.load()
        if bench.iterator is None or bench.iterator[0] != index:
            is_known, size = step.total_rows is not None, step.batch_size or 1
            offset = index * size if is_known else sum(bench.store.chunk(i).rows for i in range(index))
            bench.iterator = (index, bench.runner.generate(offset))
        with asking(bench.asker(index, b"generator")), seeded(f"{step.name}/{index}"):
            try:
                made = next(bench.iterator[1], ([], True))
            except DistilabelException:
                raise
            except Exception as error:
                raise DistilabelStepError(f"Generator {step.name!r} failed: {told(error)}.") from error
        bench.iterator = (index + 1, bench.iterator[1])
        return made

    def _keep_generated(
        self, bench: Bench, index: int, fixed: bytes | None, rows: list[Row], last: bool
    ) -> Chunk:
        digest = content_digest(rows)
        key = fixed or digest_of(digest, "last" if last else "")
        kept = None if fixed else bench.store.reuse(index, key)
        lost = failures_in(bench.step.name, rows)
        return kept or bench.store.put(index, key, rows, digest=digest, failures=lost, last=last)

    # Other steps

    def _process(self, bench: Bench, command: Process) -> Outcome:
        digest = self._digest(bench, command)
        asker = bench.asker(command.index, digest)
        inputs: list[list[Row]] | None = None
        key = digest_of(bench.identity, digest)
        if bench.own_code:
            inputs = self._read(bench, command)
            key = digest_of(key, *_asked_of(bench, inputs))
        if kept := self._reuse(bench, command, key, asker):
            return self._done(bench, command, kept)
        inputs = inputs or self._read(bench, command)
        bench.load()
        processing = Processing(bench, partial(self._read, bench, command))
        with asking(asker), seeded(f"{bench.step.name}/{asker}"), self._own_jobs(bench, digest):
            rows = processing.rows(inputs)
        if processing.waits:
            return Parked(bench.step.name, command.index, "" if bench.own_protocol else asker)
        # A step that raised is asked again in the next run: its rows are not kept under a key that can be found.
        chunks = self._keep(bench, command, token_bytes(16) if processing.raised else key, rows)
        return self._done(bench, command, chunks, sum(map(len, inputs)), processing.raised, processing.reason)

    def _digest(self, bench: Bench, command: Process) -> bytes:
        taken = _taken(bench, command)
        parts = ((b"|", *(self._benches[step].store.chunk(i).digest for i, step in at)) for at in taken)
        return digest_of(*chain.from_iterable(parts))

    def _read(self, bench: Bench, command: Process) -> list[list[Row]]:
        taken = _taken(bench, command)
        return [
            list(chain.from_iterable(self._benches[step].store.rows(i) for i, step in at)) for at in taken
        ]

    def _reuse(self, bench: Bench, command: Process, key: bytes, asker: str) -> tuple[Chunk, ...]:
        # An offline step of the user's own code is replayed: it costs nothing, and any change of the code shows.
        if not bench.step.use_cache or (bench.offline and bench.own_code):
            return ()
        chunks: list[Chunk] = []
        while chunk := bench.store.reuse(command.index + len(chunks), digest_of(key, str(len(chunks)))):
            chunks.append(chunk)
            if chunk.last:
                break
        whole = chunks and chunks[-1].last and self._claim(bench, asker, chunks)
        return tuple(chunks) if whole else ()

    def _claim(self, bench: Bench, asker: str, chunks: list[Chunk]) -> bool:
        """Claim the samples that kept chunks were made of; tell whether these may be used."""
        # A replay costs nothing, and what failed may have been asked again meanwhile.
        replayed = bench.offline and any(chunk.failures for chunk in chunks)
        if bench.offline and not replayed and self._ledger is not None:
            self._ledger.claim_again(bench.scope, asker, self._run_id)
        return not replayed

    def _keep(self, bench: Bench, command: Process, key: bytes, rows: list[Row]) -> tuple[Chunk, ...]:
        """Write what came of a chunk; where all rows were taken at once, as several chunks of the usual size."""
        size = getattr(bench.step, "input_batch_size", None) or 50
        starts = range(0, len(rows), size) if bench.gathers and rows else (0,)
        parts = [rows[start : start + size] if bench.gathers else rows for start in starts]
        return tuple(
            bench.store.put(
                command.index + i,
                digest_of(key, str(i)),
                part,
                failures=failures_in(bench.step.name, part),
                last=i == len(parts) - 1,
            )
            for i, part in enumerate(parts)
        )

    def _done(
        self,
        bench: Bench,
        command: Process,
        chunks: tuple[Chunk, ...],
        taken: int = 0,
        raised: int = 0,
        reason: str = "",
    ) -> Processed:
        to = None
        if bench.branches:
            to = tuple(self._route(bench, command.index + i, chunk) or () for i, chunk in enumerate(chunks))
        return Processed(bench.step.name, command.index, chunks, taken, raised, reason, to)

    def _route(self, bench: Bench, index: int, chunk: Chunk) -> tuple[str, ...] | None:
        if not bench.branches:
            return None
        route = self._dag.routes[bench.step.name]
        return self._routes.route(bench.step.name, f"{chunk.digest.hex()}-{index}", route, bench.branches)

    def _own_jobs(self, bench: Bench, digest: bytes) -> "_OwnJobs":
        return _OwnJobs(bench, self._ledger, digest.hex())


class _OwnJobs:
    """Within it, LLMs with a batch protocol of their own have the job ids that the ledger keeps for these inputs."""

    def __init__(self, bench: Bench, ledger: Ledger | None, digest: str) -> None:
        self._llms = [one for one in bench.models if isinstance(one, LLM) and one.asks_all_at_once]
        self._scope = bench.scope
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


def _key_before_reading(bench: Bench, step: GeneratorStep, index: int) -> bytes | None:
    """Return the key of a generator's chunk; None where only its rows can tell whether it is the one that is kept."""
    if not step.repeatable:
        return digest_of(bench.identity, str(index))
    # What the user's own code makes of a source may change unseen.
    known = None if bench.own_code else step.fingerprint
    return None if known is None else digest_of(bench.identity, known, str(index))


def _taken(bench: Bench, command: Process) -> list[list[tuple[int, str]]]:
    """Return number and step of the chunks taken; where a route's branches converge, in one list and in order."""
    # A branch that a route passed by has nothing to give, not even an empty list.
    taken = [[(i, step) for i in numbers] for step, numbers in command.inputs if numbers or bench.gathers]
    if len(taken) == 1 or bench.step.has_multiple_inputs:
        return taken
    return [sorted(chain.from_iterable(taken), key=lambda at: at[0])]


def failures_in(step: str, rows: list[Row]) -> int:
    """Count the rows for which a step gave no answer."""
    name = f"failure_{step}"
    return sum(
        1 for row in rows if isinstance(found := row.get(DISTILABEL_METADATA_KEY), dict) and found.get(name)
    )


def _asked_of(bench: Bench, inputs: list[list[Row]]) -> tuple[bytes, ...]:
    """Return a digest of what a task of the user's own code would ask: what the code uses may change unseen."""
    if bench.asks is None:
        return ()
    try:
        return (content_digest([{"asked": bench.asks(row)} for rows in inputs for row in rows]),)
    except Exception:  # noqa: BLE001 - the task itself will say it
        return ()
