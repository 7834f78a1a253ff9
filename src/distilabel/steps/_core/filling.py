"""Giving each row its new columns, or None and the reason why it has none."""

from collections.abc import Callable, Iterable, Sequence

from distilabel.exceptions import DistilabelException
from distilabel.steps._core.inputs import as_columns
from distilabel.steps._core.step import _Step
from distilabel.typing import DISTILABEL_METADATA_KEY, FailureReason, Row

__all__ = ["UnusableRowError", "filled", "texts_in", "unfilled"]


class UnusableRowError(DistilabelException):
    """A row lacks what a step needs; it concerns this row alone, and never leaves the step."""


def filled(step: _Step, rows: Iterable[Row], make: Callable[[Row], Row]) -> list[Row]:
    """Give each row the columns that `make` makes of it.

    A row of which `make` raises UnusableRowError has None in all columns that the step writes, and the reason stands
    in its `distilabel_metadata` as `failure_<step>`, where the run counts it.
    """
    return [_filled(step, row, make) for row in rows]


def _filled(step: _Step, row: Row, make: Callable[[Row], Row]) -> Row:
    try:
        return {**row, **make(row)}
    except UnusableRowError as error:
        return unfilled(step, row, str(error))


def unfilled(step: _Step, row: Row, why: str) -> Row:
    """Give a row with None in the columns that the step always writes, and the reason in `distilabel_metadata`.

    Examples:
        >>> from distilabel.steps import TruncateTextColumn
        >>> unfilled(TruncateTextColumn(name="cut"), {}, "There is no text.")["distilabel_metadata"]["failure_cut"]["code"]
        'unusable_row'
    """
    reason: FailureReason = {"code": "unusable_row", "message": why, "attempts": 1, "job_id": None}
    columns = dict.fromkeys(name for name, is_required in as_columns(step.outputs).items() if is_required)
    return {
        **row,
        **columns,
        DISTILABEL_METADATA_KEY: {**(row.get(DISTILABEL_METADATA_KEY) or {}), f"failure_{step.name}": reason},
    }


def texts_in(row: Row, names: Sequence[str]) -> list[str]:
    """Give the texts of a row's columns; raises UnusableRowError where one of them holds none."""
    for name in names:
        if not isinstance(row.get(name), str):
            raise UnusableRowError(f"Column {name!r} holds {_kind(row.get(name))}, not text.")
    return [row[name] for name in names]


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__
