"""The executor: a chunk that waits for replies holds no rows meanwhile."""

import gc
import weakref
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.pipeline.plain import Same

from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException
from distilabel.pipeline import Pipeline
from distilabel.pipeline.runtime.commands import Parked, Process
from distilabel.pipeline.runtime.executor import CommandExecutor
from distilabel.pipeline.runtime.step_runtime import StepRuntime, StepSpec
from distilabel.pipeline.storage.chunks import ChunkStore
from distilabel.pipeline.workers.runner import InProcessRunner


class Value:
    """A value in a row; `alive` knows the instances that still exist."""

    alive: ClassVar["weakref.WeakSet[Value]"] = weakref.WeakSet()

    def __setstate__(self, state: Any) -> None:
        Value.alive.add(self)

    def __getstate__(self) -> dict[str, int]:
        return {"x": 1}


class Waits(Same):
    """A step whose replies never come; it reads the rows first, as a task does."""

    input_batch_size: int = 2

    def made(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        requests = [row["x"] for row in rows]
        assert requests
        assert Value.alive
        self._seen.clear()
        raise DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=tuple(map(str, requests)))


@pytest.fixture
def runtimes(tmp_path: Path) -> Any:
    with Pipeline("p"):
        steps = {name: kind(name=name) for name, kind in (("load", Same), ("waits", Waits))}
    found = {
        name: StepRuntime(
            StepSpec.of(step, f"p/{name}"), InProcessRunner(step), ChunkStore(tmp_path / f"{name}.chunks")
        )
        for name, step in steps.items()
    }
    yield found
    for runtime in found.values():
        runtime.store.close()


def test_rows_of_a_chunk_that_waits_are_freed_at_once(runtimes: dict[str, StepRuntime]):
    runtimes["load"].store.put(0, b"k" * 16, [{"x": Value()} for _ in range(5)])
    outcomes: list[Any] = []
    unused: Any = None
    executor = CommandExecutor(unused, runtimes, unused, 1, unused, outcomes.append)
    gc.disable()
    try:
        assert executor(Process("waits", 0, (("load", (0,)),)))
        assert isinstance(outcomes[0], Parked)
        assert not Value.alive
    finally:
        gc.enable()
