"""Expanding lists into one row for each item."""

import json
from itertools import zip_longest
from typing import Any

from pydantic import Field

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.base import Step, StepInput
from distilabel.typing import DISTILABEL_METADATA_KEY, Row, StepColumns, StepOutput

__all__ = ["ExpandColumns"]


class ExpandColumns(Step):
    """Make one row for each item of a list. Several lists are expanded together, item by item.

    A shorter list is padded with None. A row whose lists are empty or None becomes one row with None.

    Attributes:
        columns: The columns that hold lists, or a mapping of each column to the name that its items get.
        encoded: Whether the lists are JSON text: True for all columns, or a list of columns. False by default.
        split_statistics: Whether the token counts in `distilabel_metadata` are divided among the new rows, so that
            their sum stays the same; False by default.

    Columns:
        In: those of `columns`, lists. Out: one item of each, under the same or the new name.

    Raises:
        DistilabelUserError: A column holds a value that is not a list.

    Examples:
        >>> step = ExpandColumns(columns={"generations": "generation"})
        >>> next(step.process([{"id": 1, "generations": ["x", "y"]}]))
        [{'id': 1, 'generation': 'x'}, {'id': 1, 'generation': 'y'}]
    """

    columns: dict[str, str] | list[str]
    encoded: bool | list[str] = False
    split_statistics: bool = Field(default=False)

    @property
    def _names(self) -> dict[str, str]:
        if isinstance(self.columns, dict):
            return {name: new or name for name, new in self.columns.items()}
        return {name: name for name in self.columns}

    @property
    def inputs(self) -> StepColumns:
        """The columns that hold lists."""
        return list(self._names)

    @property
    def outputs(self) -> StepColumns:
        """The names of the items' columns."""
        return list(self._names.values())

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows of all items, in order.

        Raises:
            DistilabelUserError: A column holds a value that is not a list.
        """
        yield [new for row in inputs for new in self._expand(row)]

    def _expand(self, row: Row) -> list[Row]:
        names = self._names
        lists = [self._items(name, row.get(name)) for name in names]
        rest = {name: value for name, value in row.items() if name not in names}
        made = [{**rest, **dict(zip(names.values(), items, strict=True))} for items in zip_longest(*lists)]
        if not (self.split_statistics and row.get(DISTILABEL_METADATA_KEY)):
            return made
        return [
            {**new, DISTILABEL_METADATA_KEY: _share(row[DISTILABEL_METADATA_KEY], i, len(made))}
            for i, new in enumerate(made)
        ]

    def _items(self, name: str, value: Any) -> list[Any]:
        is_text = self.encoded if isinstance(self.encoded, bool) else name in self.encoded
        items = self._decode(name, value) if is_text and isinstance(value, str) else value
        if items is None or (isinstance(items, list | tuple) and not items):
            return [None]
        if not isinstance(items, list | tuple):
            raise DistilabelUserError(
                f"Step {self.name!r} cannot expand column {name!r}, which holds {type(items).__name__}: it must be a "
                "list (with encoded=True, a list in JSON).",
            )
        return list(items)

    def _decode(self, name: str, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise DistilabelUserError(
                f"Step {self.name!r} cannot read column {name!r} as JSON: {error}; remove it from `encoded`.",
            ) from error


def _share(metadata: dict[str, Any], part: int, parts: int) -> dict[str, Any]:
    return {
        name: _share_counts(value, part, parts) if name.startswith("statistics_") and value else value
        for name, value in metadata.items()
    }


def _share_counts(counts: dict[str, Any], part: int, parts: int) -> dict[str, Any]:
    return {
        name: count // parts + (part < count % parts) if isinstance(count, int) else count
        for name, count in counts.items()
    }
