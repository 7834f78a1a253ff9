"""Selecting rows by quality and diversity, after DEITA."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, PositiveInt

from distilabel.config import RuntimeParameter
from distilabel.steps.base import GlobalStep, StepInput
from distilabel.steps.filtering.vectors import vector_matrix
from distilabel.typing import Row, StepColumns, StepOutput

__all__ = ["DeitaFiltering"]

_SCORES = ("evol_instruction_score", "evol_response_score")


class DeitaFiltering(GlobalStep):
    """Select rows by score, best first, and skip those that are too similar to a selected one.

    The score of a row is the product of the scores of its instruction and its response. If one of them is None, it is the
    other. A row without any score, or without an embedding, cannot be ranked and is skipped. Rows with equal scores keep
    their order. The step holds all rows in memory, and the embeddings once more as float32 (4 bytes for each number).

    Attributes:
        data_budget: The maximum number of selected rows.
        diversity_threshold: The distance to each selected row that a row must exceed; 0.9 by default. The best row is
            always selected.
        normalize_embeddings: Whether to normalize embeddings to length 1 first; True by default.
        distance_metric: "cosine" (1 minus the cosine: 0 to 2; the default) or "manhattan" (the sum of the absolute
            differences).

    Columns:
        In: `evol_instruction_score`, `evol_response_score` (numbers) and `embedding` (a list of numbers, of the same
        length in all rows). Out, in the selected rows, best first: `deita_score`, `deita_score_computed_with` (the names
        of the scores used) and `nearest_neighbor_distance` (to the nearest row selected before; None in the first).

    Raises:
        DistilabelUserError: The embeddings are not lists of numbers of the same length.

    References:
        What Makes Good Data for Alignment? A Comprehensive Study of Automatic Data Selection in Instruction Tuning, https://arxiv.org/abs/2312.15685

    Examples:
        >>> step = DeitaFiltering(data_budget=2, diversity_threshold=0.5)
        >>> rows = [
        ...     {"evol_instruction_score": 2, "evol_response_score": 3, "embedding": [1.0, 0.0]},
        ...     {"evol_instruction_score": 4, "evol_response_score": 3, "embedding": [1.0, 0.1]},
        ...     {"evol_instruction_score": 1, "evol_response_score": 1, "embedding": [0.0, 1.0]},
        ... ]
        >>> [row["deita_score"] for row in next(step.process(rows))]
        [12, 1]
    """

    data_budget: RuntimeParameter[PositiveInt] = Field(
        default=None, description="The maximum number of selected rows."
    )
    diversity_threshold: RuntimeParameter[float] = Field(
        default=0.9, description="The distance to each selected row that a row must exceed."
    )
    normalize_embeddings: RuntimeParameter[bool] = Field(
        default=True, description="Whether to normalize embeddings to length 1 first."
    )
    distance_metric: RuntimeParameter[Literal["cosine", "manhattan"]] = Field(
        default="cosine", description="The distance metric."
    )

    @property
    def inputs(self) -> StepColumns:
        """The scores and the embeddings."""
        return [*_SCORES, "embedding"]

    @property
    def outputs(self) -> StepColumns:
        """The score, the scores it was computed with, and the distance."""
        return ["deita_score", "deita_score_computed_with", "nearest_neighbor_distance"]

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the selected rows."""
        scored = [_scored(row) for row in inputs]
        ranked = [row for row in scored if row["deita_score"] is not None and row["embedding"] is not None]
        ranked.sort(key=lambda row: -row["deita_score"])
        if skipped := len(inputs) - len(ranked):
            self._logger.warning("Step %r skips %d rows without score or embedding.", self.name, skipped)
        yield self._select(ranked) if ranked else []

    def _select(self, ranked: Sequence[Row]) -> list[Row]:
        import numpy as np  # noqa: PLC0415 - slow to import

        vectors = self._vectors(np, ranked)
        nearest = np.full(len(ranked), np.inf, dtype=np.float32)
        selected: list[Row] = []
        for number, row in enumerate(ranked):
            distance = float(nearest[number])
            if len(selected) == self.data_budget:
                break
            if not selected or distance > (self.diversity_threshold or 0.0):
                selected.append({**row, "nearest_neighbor_distance": distance if selected else None})
                nearest = np.minimum(nearest, self._distances(np, vectors, vectors[number]))
        return selected

    def _vectors(self, np: Any, ranked: Sequence[Row]) -> Any:
        vectors = vector_matrix(self.name, ranked, "embedding", range(len(ranked)))
        if self.normalize_embeddings or self.distance_metric == "cosine":
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            vectors = vectors / np.where(lengths > 0, lengths, 1)
        return vectors

    def _distances(self, np: Any, vectors: Any, one: Any) -> Any:
        if self.distance_metric == "manhattan":
            return np.abs(vectors - one).sum(axis=1)
        return 1 - vectors @ one


def _scored(row: Row) -> Row:
    given = {name: row[name] for name in _SCORES if row.get(name) is not None}
    score = None
    for value in given.values():
        score = value if score is None else score * value
    return {
        **row,
        "embedding": row.get("embedding"),
        "deita_score": score,
        "deita_score_computed_with": list(given),
    }
