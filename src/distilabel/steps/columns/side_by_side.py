"""Pairing the rows of several steps, and merging what was noted about them; pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from distilabel.exceptions import DistilabelStepError
from distilabel.typing import DISTILABEL_METADATA_KEY, Row

__all__ = ["merged_metadata", "side_by_side"]


def side_by_side(step_name: str, inputs: Sequence[Sequence[Row]]) -> Iterator[tuple[Row, ...]]:
    """Pair the rows of several steps.

    Raises:
        DistilabelStepError: They do not have equally many rows, so that nobody knows which belong together.
    """
    counts = [len(rows) for rows in inputs]
    if len(set(counts)) > 1:
        raise DistilabelStepError(
            f"Step {step_name!r} was given {' and '.join(map(str, counts))} rows to put side by side: the steps before "
            "it must all keep the number of rows.",
        )
    return zip(*inputs, strict=True)


def merged_metadata(rows: Sequence[Row]) -> dict[str, Any]:
    """Give the metadata column of all `rows` in one; nothing when none has it.

    Examples:
        >>> merged_metadata([{"distilabel_metadata": {"a": 1}}, {"distilabel_metadata": {"b": 2}}])
        {'distilabel_metadata': {'a': 1, 'b': 2}}
    """
    merged: dict[str, Any] = {}
    for row in rows:
        merged |= row.get(DISTILABEL_METADATA_KEY) or {}
    return {DISTILABEL_METADATA_KEY: merged} if merged else {}
