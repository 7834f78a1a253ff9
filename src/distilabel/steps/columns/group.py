"""Grouping the same column of several steps into a list."""

from typing import Self

from pydantic import Field, model_validator

from distilabel.steps.base import Step, StepInput
from distilabel.steps.columns.row_tuples import merge_metadata, zip_rows
from distilabel.typing import DISTILABEL_METADATA_KEY, Row, StepColumns, StepOutput

__all__ = ["GroupColumns"]


class GroupColumns(Step):
    """Group columns that several steps have into lists, with one item for each step.

    The other columns come from the first step.

    Attributes:
        columns: The columns to group.
        output_columns: The names of the lists, one for each column; `grouped_<column>` by default.

    Columns:
        In: those of `columns`. Out: those of `output_columns`.

    Raises:
        DistilabelStepError: The steps have different numbers of rows.

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
            raise ValueError("output_columns must have one name for each of columns, or be empty")
        return self

    @property
    def inputs(self) -> StepColumns:
        """The columns to group."""
        return self.columns

    @property
    def outputs(self) -> StepColumns:
        """The names of the lists."""
        return self.output_columns or [f"grouped_{name}" for name in self.columns]

    def process(self, *inputs: StepInput) -> StepOutput:
        """Yield one row for the first rows of all steps, one for the second rows, and so on.

        Raises:
            DistilabelStepError: The steps have different numbers of rows.
        """
        yield [self._group(rows) for rows in zip_rows(self.name, inputs)]

    def _group(self, rows: tuple[Row, ...]) -> Row:
        rest = {
            name: value
            for name, value in rows[0].items()
            if name not in self.columns and name != DISTILABEL_METADATA_KEY
        }
        pairs = zip(self.columns, self.outputs, strict=True)
        lists = {output: [row.get(name) for row in rows] for name, output in pairs}
        return {**rest, **lists, **merge_metadata(rows)}
