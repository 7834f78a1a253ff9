"""One chunk on its way through a step: slice by slice, and row by row where a slice fails."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial

from distilabel.exceptions import DistilabelException, DistilabelStepError
from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException as Unfinished
from distilabel.offline.session import taken_back_on_error
from distilabel.pipeline.runtime.step_runtime import StepRuntime
from distilabel.pipeline.workers.runner import WorkerDiedError
from distilabel.typing import DISTILABEL_METADATA_KEY, Row

__all__ = ["ChunkProcessing", "describe_error"]


class ChunkProcessing:
    """A chunk being processed.

    Args:
        runtime: The step.
        again: Reads the chunk's rows anew.
    """

    def __init__(self, runtime: StepRuntime, again: Callable[[], list[list[Row]]]) -> None:
        self._step_runtime = runtime
        self._step = runtime.step
        self._again = again
        self.waits = False
        self.raised = 0
        self.reason = ""

    def rows(self, inputs: list[list[Row]]) -> list[Row]:
        """Return the rows that come out; `raised` and `reason` then tell for how many rows the step raised, and what.

        `waits` tells whether some replies are still to come: all of them are asked for, and the rows are not whole.

        Raises:
            DistilabelException: What ends the run.
        """
        return [
            row
            for start, part in self._slices(inputs)
            for row in self._slice(part, partial(self._fresh, start))
        ]

    def _slices(self, inputs: list[list[Row]]) -> Iterator[tuple[int, list[list[Row]]]]:
        size = getattr(self._step, "input_batch_size", None) or 50
        lengths = {len(rows) for rows in inputs}
        if self._step_runtime.gathers or len(lengths) != 1 or max(lengths) <= size:
            yield 0, inputs
            return
        for start in range(0, max(lengths), size):
            yield start, [rows[start : start + size] for rows in inputs]

    def _slice(self, part: list[list[Row]], fresh: Callable[[], list[Row]]) -> list[Row]:
        try:
            return self._made(part)
        except Unfinished:  # not kept: its traceback holds all rows, and whoever kept it would be held by it
            self.waits = True
            return []
        except DistilabelException:
            raise
        except Exception as error:
            if self._step_runtime.gathers or len(part) > 1:
                raise DistilabelStepError(
                    f"Step {self._step.name!r} failed: {describe_error(error)}."
                ) from error
            # What raised may have changed the rows that it was given.
            return self._one_by_one(fresh()[: len(part[0])], error)

    def _made(self, part: list[list[Row]]) -> list[Row]:
        with taken_back_on_error():
            return self._step_runtime.runner.process(part)

    def _one_by_one(self, rows: list[Row], error: Exception) -> list[Row]:
        if len(rows) == 1:
            self.raised += 1
            self.reason = self.reason or describe_error(error)
            return [_with_reason(self._step.name, row, error) for row in self._step.impute_step_outputs(rows)]
        return [made for row in rows for made in self._slice([[deepcopy(row)]], partial(list, [row]))]

    def _fresh(self, start: int) -> list[Row]:
        return self._again()[0][start:]


def _with_reason(step: str, row: Row, error: Exception) -> Row:
    code = "worker_died" if isinstance(error, WorkerDiedError) else "step_error"
    reason = {"code": code, "message": describe_error(error), "attempts": 1, "job_id": None}
    return {
        **row,
        DISTILABEL_METADATA_KEY: {**(row.get(DISTILABEL_METADATA_KEY) or {}), f"failure_{step}": reason},
    }


def describe_error(error: Exception) -> str:
    """Return kind and text of an error."""
    return f"{type(error).__name__}: {error}"
