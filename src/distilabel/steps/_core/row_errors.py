"""Rows that a step cannot use: they get None, and the reason in `distilabel_metadata`."""

from collections.abc import Callable, Iterable, Sequence

from distilabel.exceptions import DistilabelException
from distilabel.steps._core.inputs import as_columns
from distilabel.steps.base import _Step
from distilabel.typing import DISTILABEL_METADATA_KEY, FailureReason, Row

__all__ = ["UnusableRowError", "add_columns", "text_values", "unusable_row"]


class UnusableRowError(DistilabelException):
    """A row lacks what a step needs. It concerns this row only, and never leaves the step."""


def add_columns(step: _Step, rows: Iterable[Row], make: Callable[[Row], Row]) -> list[Row]:
    """Add to each row the columns that `make` returns for it.

    Where `make` raises UnusableRowError, the row becomes an `unusable_row`.
    """
    new_rows = []
    for row in rows:
        try:
            new_rows.append({**row, **make(row)})
        except UnusableRowError as error:
            new_rows.append(unusable_row(step, row, str(error)))
    return new_rows


def unusable_row(step: _Step, row: Row, message: str) -> Row:
    """Return the row with None in the columns that the step always writes, and the failure in `distilabel_metadata`.

    The failure is the entry `failure_<step>`, with the code `unusable_row`; the run counts it.

    Examples:
        >>> from distilabel.steps import TruncateTextColumn
        >>> row = unusable_row(TruncateTextColumn(name="cut"), {}, "There is no text.")
        >>> row["distilabel_metadata"]["failure_cut"]["code"]
        'unusable_row'
    """
    reason: FailureReason = {"code": "unusable_row", "message": message, "attempts": 1, "job_id": None}
    columns = dict.fromkeys(name for name, is_required in as_columns(step.outputs).items() if is_required)
    return {
        **row,
        **columns,
        DISTILABEL_METADATA_KEY: {**(row.get(DISTILABEL_METADATA_KEY) or {}), f"failure_{step.name}": reason},
    }


def text_values(row: Row, names: Sequence[str]) -> list[str]:
    """Return the texts of a row's columns; raises UnusableRowError where a column holds no text."""
    for name in names:
        value = row.get(name)
        if not isinstance(value, str):
            found = "nothing" if value is None else type(value).__name__
            raise UnusableRowError(f"Column {name!r} holds {found}, not text.")
    return [row[name] for name in names]
