"""Aligning the rows of several steps, and merging their metadata; pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from distilabel.exceptions import DistilabelStepError
from distilabel.typing import DISTILABEL_METADATA_KEY, Row

__all__ = ["merge_metadata", "zip_rows"]


def zip_rows(step_name: str, inputs: Sequence[Sequence[Row]]) -> Iterator[tuple[Row, ...]]:
    """Return an iterator over the first rows of all steps, the second rows, and so on.

    Raises:
        DistilabelStepError: The steps have different numbers of rows, so the rows cannot be matched.
    """
    counts = [len(rows) for rows in inputs]
    if len(set(counts)) > 1:
        raise DistilabelStepError(
            f"Step {step_name!r} received {' and '.join(map(str, counts))} rows from the steps before it: they must all "
            "yield the same number of rows.",
        )
    return zip(*inputs, strict=True)


def merge_metadata(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the metadata of all `rows` as one column; an empty dict when no row has any.

    Examples:
        >>> merge_metadata([{"distilabel_metadata": {"a": 1}}, {"distilabel_metadata": {"b": 2}}])
        {'distilabel_metadata': {'a': 1, 'b': 2}}
    """
    merged: dict[str, Any] = {}
    for row in rows:
        merged |= row.get(DISTILABEL_METADATA_KEY) or {}
    return {DISTILABEL_METADATA_KEY: merged} if merged else {}
