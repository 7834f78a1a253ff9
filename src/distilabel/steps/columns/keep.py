"""Selecting columns."""

from distilabel.steps.base import Step, StepInput
from distilabel.typing import DISTILABEL_METADATA_KEY, StepColumns, StepOutput

__all__ = ["KeepColumns"]


class KeepColumns(Step):
    """Keep some columns, in this order, and drop all others.

    Attributes:
        columns: The columns to keep.

    Columns:
        In and out: those of `columns`.

    Examples:
        >>> step = KeepColumns(columns=["b"])
        >>> next(step.process([{"a": 1, "b": 2}]))
        [{'b': 2}]
    """

    columns: list[str]

    @property
    def inputs(self) -> StepColumns:
        """The columns to keep; `distilabel_metadata`, which the run adds, need not be there."""
        return {name: name != DISTILABEL_METADATA_KEY for name in self.columns}

    @property
    def outputs(self) -> StepColumns:
        """The columns to keep."""
        return self.columns

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with the columns to keep; a column that a row lacks is None."""
        yield [{name: row.get(name) for name in self.columns} for row in inputs]
