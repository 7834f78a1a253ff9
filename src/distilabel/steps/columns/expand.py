"""Unfolding lists: one row for each of their entries."""

import json
from itertools import zip_longest
from typing import Any

from pydantic import Field

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.base import Step, StepInput
from distilabel.typing import DISTILABEL_METADATA_KEY, Row, StepColumns, StepOutput

__all__ = ["ExpandColumns"]


class ExpandColumns(Step):
    """Make a row of each entry of a list; several lists are walked side by side.

    A list that is shorter than another one is filled up with None, and a row whose lists are empty or None stays as
    one row with None.

    Attributes:
        columns: The columns that hold lists, or a mapping of each to the name that its entries get.
        encoded: Whether the lists are text in JSON: all of them, or those named.
        split_statistics: Whether the token counts in `distilabel_metadata` are shared out among the new rows; their
            sum stays the same.

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
        """The names that the entries get."""
        return list(self._names.values())

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows of all entries, in order.

        Raises:
            DistilabelUserError: A column holds something else than a list.
        """
        yield [new for row in inputs for new in self._expand(row)]

    def _expand(self, row: Row) -> list[Row]:
        names = self._names
        lists = [self._entries(name, row.get(name)) for name in names]
        rest = {name: value for name, value in row.items() if name not in names}
        made = [
            {**rest, **dict(zip(names.values(), entries, strict=True))} for entries in zip_longest(*lists)
        ]
        if not (self.split_statistics and row.get(DISTILABEL_METADATA_KEY)):
            return made
        return [
            {**new, DISTILABEL_METADATA_KEY: _share(row[DISTILABEL_METADATA_KEY], i, len(made))}
            for i, new in enumerate(made)
        ]

    def _entries(self, name: str, value: Any) -> list[Any]:
        is_text = self.encoded if isinstance(self.encoded, bool) else name in self.encoded
        entries = self._decode(name, value) if is_text and isinstance(value, str) else value
        if entries is None or (isinstance(entries, list | tuple) and not entries):
            return [None]
        if not isinstance(entries, list | tuple):
            raise DistilabelUserError(
                f"Step {self.name!r} cannot expand column {name!r}, which holds {type(entries).__name__}: it must be a "
                "list (with encoded=True, a list in JSON).",
            )
        return list(entries)

    def _decode(self, name: str, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise DistilabelUserError(
                f"Step {self.name!r} cannot read column {name!r} as JSON: {error}; leave it out of `encoded`.",
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
