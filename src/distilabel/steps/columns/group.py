"""Folding the same column of several steps into a list."""

from typing import Self

from pydantic import Field, model_validator

from distilabel.steps.base import Step, StepInput
from distilabel.steps.columns.side_by_side import merged_metadata, side_by_side
from distilabel.typing import DISTILABEL_METADATA_KEY, Row, StepColumns, StepOutput

__all__ = ["GroupColumns"]


class GroupColumns(Step):
    """Fold columns that several steps have into lists, one entry a step; other columns are the first step's.

    Attributes:
        columns: The columns to fold.
        output_columns: The names of the lists, one for each column; `grouped_<column>` by default.

    Examples:
        >>> step = GroupColumns(columns=["generation"], output_columns=["generations"])
        >>> next(step.process([{"id": 1, "generation": "x"}], [{"id": 1, "generation": "y"}]))
        [{'id': 1, 'generations': ['x', 'y']}]
    """

    columns: list[str]
    output_columns: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _name_each_column(self) -> Self:
        if self.output_columns and len(self.output_columns) != len(self.columns):
            raise ValueError("output_columns must hold as many names as columns, or none at all")
        return self

    @property
    def inputs(self) -> StepColumns:
        """The columns to fold."""
        return self.columns

    @property
    def outputs(self) -> StepColumns:
        """The names of the lists."""
        return self.output_columns or [f"grouped_{name}" for name in self.columns]

    def process(self, *inputs: StepInput) -> StepOutput:
        """Yield one row for the first rows of all steps, one for the second, and so on.

        Raises:
            DistilabelStepError: The steps have different numbers of rows.
        """
        yield [self._group(rows) for rows in side_by_side(self.name, inputs)]

    def _group(self, rows: tuple[Row, ...]) -> Row:
        rest = {
            name: value
            for name, value in rows[0].items()
            if name not in self.columns and name != DISTILABEL_METADATA_KEY
        }
        pairs = zip(self.columns, self.outputs, strict=True)
        lists = {output: [row.get(name) for row in rows] for name, output in pairs}
        return {**rest, **lists, **merged_metadata(rows)}
