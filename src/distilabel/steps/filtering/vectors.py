"""The embeddings of rows as one matrix, and the kinds of neighbour scores."""

from collections.abc import Sequence
from typing import Any

from distilabel.exceptions import DistilabelUserError
from distilabel.typing import Row

__all__ = ["DISTANCES", "NN_SCORES", "SIMILARITIES", "rows_with_vector", "vector_matrix"]

NN_SCORES = "nn_scores"
"""The key in `distilabel_metadata` for the kind of scores: one of the two below."""

SIMILARITIES, DISTANCES = "similarities", "distances"


def rows_with_vector(rows: Sequence[Row], column: str) -> list[int]:
    """Return the positions of the rows that have a vector in a column."""
    return [number for number, row in enumerate(rows) if row.get(column) is not None]


def vector_matrix(step_name: str, rows: Sequence[Row], column: str, numbers: Sequence[int]) -> Any:
    """Return the vectors of some rows as a float32 matrix.

    Raises:
        DistilabelUserError: They are not vectors of numbers of the same length.
    """
    import numpy as np  # noqa: PLC0415 - slow to import

    try:
        made = np.asarray([rows[number][column] for number in numbers], dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise _not_vectors(step_name, column) from error
    if made.ndim != 2 or made.shape[1] == 0 or not np.isfinite(made).all():  # noqa: PLR2004 - a matrix
        raise _not_vectors(step_name, column)
    return made


def _not_vectors(step_name: str, column: str) -> DistilabelUserError:
    return DistilabelUserError(
        f"Column {column!r} of step {step_name!r} must hold lists of finite numbers of the same length: check the step "
        "that makes them."
    )
