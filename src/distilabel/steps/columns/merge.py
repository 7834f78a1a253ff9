"""Merging several columns of a row into one list."""

from typing import Any

from distilabel.steps.base import Step, StepInput
from distilabel.typing import Row, StepColumns, StepOutput

__all__ = ["MergeColumns"]


class MergeColumns(Step):
    """Merge columns into one list, in the order of `columns`, and drop them.

    If a column holds a list, its items are added one by one.

    Attributes:
        columns: The columns to merge.
        output_column: The name of the list; "merged_column" by default.

    Columns:
        In: those of `columns`. Out: `output_column`.

    Examples:
        >>> step = MergeColumns(columns=["query", "queries"], output_column="all")
        >>> next(step.process([{"query": "a", "queries": ["b", "c"]}]))
        [{'all': ['a', 'b', 'c']}]
    """

    columns: list[str]
    output_column: str | None = None

    @property
    def inputs(self) -> StepColumns:
        """The columns to merge."""
        return self.columns

    @property
    def outputs(self) -> StepColumns:
        """The name of the list."""
        return [self.output_column or "merged_column"]

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with the list instead of the columns."""
        yield [self._merge(row) for row in inputs]

    def _merge(self, row: Row) -> Row:
        merged: list[Any] = []
        for name in self.columns:
            value = row.get(name)
            merged += value if isinstance(value, list) else [value]
        rest = {name: value for name, value in row.items() if name not in self.columns}
        return {**rest, self.output_column or "merged_column": merged}
