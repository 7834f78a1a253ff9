"""Joining the rows of several steps."""

from typing import Any

from distilabel.steps.base import Step, StepInput
from distilabel.steps.columns.row_tuples import merge_metadata, zip_rows
from distilabel.typing import StepOutput

__all__ = ["CombineOutputs"]


class CombineOutputs(Step):
    """Join the columns of several steps, row by row.

    Where two steps have a column with the same name, the value of the later step is kept.

    Columns:
        In and out: all columns of all steps.

    Examples:
        >>> step = CombineOutputs()
        >>> next(step.process([{"id": 1, "a": "x"}], [{"id": 1, "b": "y"}]))
        [{'id': 1, 'a': 'x', 'b': 'y'}]
    """

    def process(self, *inputs: StepInput) -> StepOutput:
        """Yield one row for the first rows of all steps, one for the second rows, and so on.

        Raises:
            DistilabelStepError: The steps have different numbers of rows.
        """
        combined: list[dict[str, Any]] = []
        for rows in zip_rows(self.name, inputs):
            joined = {name: value for row in rows for name, value in row.items()}
            combined.append({**joined, **merge_metadata(rows)})
        yield combined
