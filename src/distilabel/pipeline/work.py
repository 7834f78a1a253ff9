"""Carrying out one command: from chunks on disk, through a step, to chunks on disk."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from secrets import token_bytes
from typing import Any

from distilabel.declared import code_digest
from distilabel.exceptions import (
    DistilabelException,
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelStepError,
)
from distilabel.ledger.store import Ledger
from distilabel.offline.session import asking, taken_back_on_error
from distilabel.pipeline.cache import Chunk, ChunkStore, content_digest, digest_of
from distilabel.pipeline.dag import DAG
from distilabel.pipeline.outcomes import Crashed, Exhausted, Generated, Outcome, Parked, Processed
from distilabel.pipeline.plan import llms_of
from distilabel.pipeline.routes import RouteBook
from distilabel.pipeline.scheduler import Command, Generate, Process
from distilabel.steps.base import GeneratorStep, Step, _Step
from distilabel.steps.context import seeded
from distilabel.typing import Row

__all__ = ["Bench", "Workshop", "failures_in"]

_METADATA = "distilabel_metadata"
Unfinished = DistilabelOfflineBatchGenerationNotFinishedException


@dataclass(slots=True)
class Bench:
    """One step, with all that its chunks need.

    Attributes:
        step: The step.
        store: Its chunks.
        scope: Whose requests its LLMs ask.
        gathers: Whether it takes all rows at once.
        branches: The steps after it, if a route picks among them.
        before_load: Called once before the step is loaded.
    """

    step: _Step
    store: ChunkStore
    scope: str
    gathers: bool
    branches: tuple[str, ...]
    before_load: Callable[[], None]
    identity: bytes = b""
    own_code: bool = False
    loaded: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    askers: dict[int, str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    iterator: tuple[int, Iterator[tuple[list[Row], bool]]] | None = None

    def __post_init__(self) -> None:
        classes = [type(self.step), *(type(llm) for llm in llms_of(self.step))]
        code = [code_digest(cls) for cls in classes]
        self.own_code = any(code)
        self.identity = digest_of(self.step.signature, *code)

    @property
    def offline(self) -> bool:
        """Whether an LLM of the step asks by batch."""
        return any(llm.use_offline_batch_generation for llm in llms_of(self.step))

    @property
    def own_protocol(self) -> bool:
        """Whether an LLM of the step keeps its own batch protocol: nobody but the next run will ask it again."""
        return any(llm.asks_all_at_once for llm in llms_of(self.step))

    def load(self) -> None:
        """Load the step, once."""
        with self.lock:
            if not self.loaded:
                self.before_load()
                self.step.load()
                self.loaded = True

    def asker(self, index: int, digest: bytes) -> str:
        """Return the name under which chunk `index` asks: its content, and the how-manieth of that content it is."""
        with self.lock:
            if index not in self.askers:
                content = digest.hex()
                self.askers[index] = f"{content}-{self.seen[content]}"
                self.seen[content] += 1
            return self.askers[index]


class Workshop:
    """Carries out commands. Safe to use from several threads.

    Args:
        dag: The graph.
        benches: One a step.
        ledger: Where drawn samples are recorded; None where no LLM asks by batch.
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

    def __call__(self, command: Command) -> None:
        """Carry out a command and report; never raises."""
        bench = self._benches[command.step]
        try:
            if isinstance(command, Generate):
                self._report(self._generate(bench, command.index))
            else:
                self._report(self._process(bench, command))
        except BaseException as error:  # noqa: BLE001 - whatever it is must end the run, not a thread
            self._report(Crashed(error))

    # Generators

    def _generate(self, bench: Bench, index: int) -> Outcome:
        assert isinstance(bench.step, GeneratorStep)
        fixed = None if bench.step.repeatable else digest_of(bench.identity, str(index))
        chunk = bench.store.reuse(index, fixed) if fixed and bench.step.use_cache else None
        if chunk is None:
            try:
                made = self._next_rows(bench, index)
            except Unfinished:
                bench.iterator = None
                return Parked(bench.step.name, index, bench.asker(index, b"generator"))
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
            offset = sum(bench.store.chunk(i).rows for i in range(index))
            bench.iterator = (index, iter(step.process_applying_mappings(offset=offset)))
        with asking(bench.asker(index, b"generator")), seeded(f"{step.name}/{index}"):
            try:
                made = next(bench.iterator[1], ([], True))
            except DistilabelException:
                raise
            except Exception as error:
                raise DistilabelStepError(f"Generator {step.name!r} failed: {_told(error)}.") from error
        bench.iterator = (index + 1, bench.iterator[1])
        return made

    def _keep_generated(
        self, bench: Bench, index: int, fixed: bytes | None, rows: list[Row], last: bool
    ) -> Chunk:
        digest = content_digest(rows)
        key = fixed or digest_of(digest, "last" if last else "")
        kept = None if fixed else bench.store.reuse(index, key)
        return kept or bench.store.put(index, key, rows, digest=digest, last=last)

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
        try:
            with asking(asker), seeded(f"{bench.step.name}/{asker}"), self._own_jobs(bench, digest):
                processing = _Processing(bench, partial(self._read, bench, command))
                rows = processing.rows(inputs)
        except Unfinished:
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
        if not chunks or not chunks[-1].last:
            return ()
        # A replay costs nothing, and what failed may have been asked again meanwhile.
        if bench.offline and any(chunk.failures for chunk in chunks):
            return ()
        if bench.offline and self._ledger is not None:
            self._ledger.claim_again(bench.scope, asker, self._run_id)
        return tuple(chunks)

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
        self._llms = [llm for llm in llms_of(bench.step) if llm.asks_all_at_once]
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


class _Processing:
    """One chunk on its way through a step: slice by slice, and row by row where a slice fails."""

    def __init__(self, bench: Bench, again: Callable[[], list[list[Row]]]) -> None:
        self._bench = bench
        self._step = bench.step
        self._again = again
        self._unfinished: Unfinished | None = None
        self.raised = 0
        self.reason = ""

    def rows(self, inputs: list[list[Row]]) -> list[Row]:
        """Return the rows that come out; `raised` and `reason` then tell for how many rows the step raised, and what.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Some replies are still to come; all are asked for.
            DistilabelException: What ends the run.
        """
        rows = [
            row
            for start, part in self._slices(inputs)
            for row in self._slice(part, partial(self._fresh, start))
        ]
        if self._unfinished is not None:
            raise self._unfinished
        return rows

    def _slices(self, inputs: list[list[Row]]) -> Iterator[tuple[int, list[list[Row]]]]:
        size = getattr(self._step, "input_batch_size", None) or 50
        lengths = {len(rows) for rows in inputs}
        if self._bench.gathers or len(lengths) != 1 or max(lengths) <= size:
            yield 0, inputs
            return
        for start in range(0, max(lengths), size):
            yield start, [rows[start : start + size] for rows in inputs]

    def _slice(self, part: list[list[Row]], fresh: Callable[[], list[Row]]) -> list[Row]:
        try:
            return self._made(part)
        except Unfinished as unfinished:
            self._unfinished = unfinished
            return []
        except DistilabelException:
            raise
        except Exception as error:
            if self._bench.gathers or len(part) > 1:
                raise DistilabelStepError(f"Step {self._step.name!r} failed: {_told(error)}.") from error
            # What raised may have changed the rows that it was given.
            return self._one_by_one(fresh()[: len(part[0])], error)

    def _made(self, part: list[list[Row]]) -> list[Row]:
        assert isinstance(self._step, Step)
        with taken_back_on_error():
            return list(chain.from_iterable(self._step.process_applying_mappings(*part)))

    def _one_by_one(self, rows: list[Row], error: Exception) -> list[Row]:
        if len(rows) == 1:
            self.raised += 1
            self.reason = self.reason or _told(error)
            return [_with_reason(self._step.name, row, error) for row in self._step.impute_step_outputs(rows)]
        return [made for row in rows for made in self._slice([[deepcopy(row)]], partial(list, [row]))]

    def _fresh(self, start: int) -> list[Row]:
        return self._again()[0][start:]


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
    return sum(1 for row in rows if isinstance(found := row.get(_METADATA), dict) and found.get(name))


def _with_reason(step: str, row: Row, error: Exception) -> Row:
    reason = {"code": "step_error", "message": _told(error), "attempts": 1, "job_id": None}
    return {**row, _METADATA: {**(row.get(_METADATA) or {}), f"failure_{step}": reason}}


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _asked_of(bench: Bench, inputs: list[list[Row]]) -> tuple[bytes, ...]:
    """Return a digest of what a task of the user's own code would ask: what the code uses may change unseen."""
    format_input: Callable[[Row], Any] | None = getattr(bench.step, "format_input", None)
    if format_input is None:
        return ()
    try:
        return (content_digest([{"asked": format_input(row)} for rows in inputs for row in rows]),)
    except Exception:  # noqa: BLE001 - the task itself will say it
        return ()
