"""Joining the rows of several steps into one row each."""

from typing import Any

from distilabel.steps.base import Step, StepInput
from distilabel.steps.columns.side_by_side import merged_metadata, side_by_side
from distilabel.typing import StepOutput

__all__ = ["CombineOutputs"]


class CombineOutputs(Step):
    """Put the columns of several steps side by side; of two columns with the same name, the later step's stays.

    Examples:
        >>> step = CombineOutputs()
        >>> next(step.process([{"id": 1, "a": "x"}], [{"id": 1, "b": "y"}]))
        [{'id': 1, 'a': 'x', 'b': 'y'}]
    """

    def process(self, *inputs: StepInput) -> StepOutput:
        """Yield one row for the first rows of all steps, one for the second, and so on.

        Raises:
            DistilabelStepError: The steps have different numbers of rows.
        """
        combined: list[dict[str, Any]] = []
        for rows in side_by_side(self.name, inputs):
            joined = {name: value for row in rows for name, value in row.items()}
            combined.append({**joined, **merged_metadata(rows)})
        yield combined
