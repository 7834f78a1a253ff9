"""Renaming columns before and after a step; pure."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from distilabel.exceptions import DistilabelUserError
from distilabel.typing import Row

__all__ = ["ORIGIN", "Renaming", "check_mapping"]

ORIGIN = "__distilabel_row__"
"""The column that numbers rows while their columns are renamed."""


@dataclass(frozen=True)
class Renaming:
    """The difference between the column names in a step and in the rows.

    Attributes:
        inputs: A mapping of names in the step to columns, for what it reads.
        outputs: A mapping of names in the step to columns, for what it writes.
        produced: The names in the step of everything that it writes.

    Examples:
        >>> renaming = Renaming(inputs={"text": "prompt"}, outputs={}, produced=frozenset({"length"}))
        >>> rows = [{"prompt": "hello", "text": "mine"}]
        >>> inner = renaming.into(rows)
        >>> renaming.out_of([{**row, "length": len(row["text"])} for row in inner], rows)
        [{'text': 'mine', 'prompt': 'hello', 'length': 5}]
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    produced: frozenset[str]

    @property
    def is_none(self) -> bool:
        """Whether all columns have the same name in the step."""
        return not self.inputs and not self.outputs

    def into(self, rows: Sequence[Row], first: int = 0) -> list[Row]:
        """Rename the columns that the step reads; rows with hidden columns get a number, from `first` on."""
        if self.is_none:
            return list(rows)
        return [self._row_in(row, number) for number, row in enumerate(rows, start=first)]

    def _row_in(self, row: Row, number: int) -> Row:
        if not self.inputs:
            inner = dict(row)
        else:
            inner = {name: value for name, value in row.items() if name not in self._taken}
            inner |= {name: row[column] for name, column in self.inputs.items() if column in row}
        if not self._hidden.isdisjoint(row):
            inner[ORIGIN] = number
        return inner

    def out_of(self, rows: list[Row], originals: Sequence[Row]) -> list[Row]:
        """Rename back, and restore the columns that the renaming hid.

        Args:
            rows: The step's output for the rows of `into`: any number of rows, in any order.
            originals: The rows before `into`.
        """
        if self.is_none:
            return rows
        has_numbers = any(ORIGIN in row for row in rows)
        in_step = not has_numbers and len(rows) == len(originals)
        return [
            self._row_out(row, originals[row[ORIGIN]] if ORIGIN in row else originals[i] if in_step else None)
            for i, row in enumerate(rows)
        ]

    def _row_out(self, row: Row, original: Row | None) -> Row:
        passed = dict(row)
        passed.pop(ORIGIN, None)
        made = row.keys() & self.produced
        in_order = made if len(made) < 2 else [name for name in row if name in made]  # noqa: PLR2004 - one needs none
        written = {self.outputs.get(name, name): passed.pop(name) for name in in_order}
        if self.inputs:
            passed = {self.inputs.get(name, name): value for name, value in passed.items()}
        if original is None or self._hidden.isdisjoint(original):
            return passed | written
        kept = {name: value for name, value in original.items() if name in self._hidden}
        return kept | passed | written

    @cached_property
    def _taken(self) -> frozenset[str]:
        """The names that the step uses for other columns."""
        return frozenset((*self.inputs, *self.inputs.values()))

    @cached_property
    def _hidden(self) -> frozenset[str]:
        """The columns that would be lost, because the step uses their name for another column."""
        sources = set(self.inputs.values())
        shadowed = {name for name in self.inputs if name not in sources}
        overwritten = {name for name, column in self.outputs.items() if name != column}
        replaced = {column for name, column in self.inputs.items() if name in self.produced}
        return frozenset(shadowed | overwritten | replaced)


def check_mapping(step_name: str, kind: str, mappings: Mapping[str, str], known: Mapping[str, bool]) -> None:
    """Check that each key of a mapping is among the names `known` of the step's inputs or outputs (`kind`)."""
    for name, column in mappings.items():
        if name in known:
            continue
        close = [column] if column in known else difflib.get_close_matches(name, list(known), n=1)
        hint = (
            f"; did you mean {{{close[0]!r}: {(name if close[0] == column else column)!r}}}?"
            if close
            else "."
        )
        has = ", ".join(map(repr, known)) or "none"
        raise DistilabelUserError(
            f"Step {step_name!r} has no {kind} {name!r} for its {kind}_mappings (it has {has}){hint}",
        )
