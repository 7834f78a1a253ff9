"""A chunk on its way through a step: what waits for replies holds no row meanwhile."""

import gc
import weakref
from types import SimpleNamespace
from typing import Any

from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException
from distilabel.pipeline.runtime.processing import ChunkProcessing


class Value:
    """Something in a row that tells when it is gone."""


class Waiting:
    """A runner whose replies never come; it looks at the rows on its way, as a task does."""

    def process(self, inputs: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
        asked = [row["x"] for row in inputs[0]]
        raise DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=tuple(map(str, asked)))


def parked(values: list[Value]) -> ChunkProcessing:
    rows = [{"x": value} for value in values]
    runtime: Any = SimpleNamespace(step=SimpleNamespace(input_batch_size=2), gathers=False, runner=Waiting())
    processing = ChunkProcessing(runtime, lambda: [rows])
    processing.rows([rows])
    return processing


def test_rows_of_a_chunk_that_waits_are_gone_at_once():
    values = [Value() for _ in range(5)]
    gone = [weakref.ref(value) for value in values]
    gc.disable()
    try:
        assert parked(values).waits
        values.clear()
        assert [ref() for ref in gone] == [None] * 5
    finally:
        gc.enable()
