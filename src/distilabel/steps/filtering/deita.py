"""Picking the best rows that are not much like a better one, after DEITA."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, PositiveInt

from distilabel.config import RuntimeParameter
from distilabel.steps.base import GlobalStep, StepInput
from distilabel.steps.filtering.vectors import matrix
from distilabel.typing import Row, StepColumns, StepOutput

__all__ = ["DeitaFiltering"]

_SCORES = ("evol_instruction_score", "evol_response_score")


class DeitaFiltering(GlobalStep):
    """Pick rows by score, best first, and leave out those that are too near to one picked before.

    The score of a row is the product of its instruction's and its response's; where one is None, the other alone. A
    row without any score, or without an embedding, cannot be ranked and is left out. Rows with the same score go in
    their order. All rows are held in memory, and the embeddings a second time as float32 (4 bytes a number).

    Attributes:
        data_budget: How many rows to pick at most.
        diversity_threshold: How far a row must be from each one picked before: further than this; 0.9 by default. The
            best row is always picked.
        normalize_embeddings: Whether embeddings are brought to length 1 first, as they are by default.
        distance_metric: "cosine" (1 minus the cosine: 0 to 2) or "manhattan" (the sum of the differences).

    Columns:
        In: `evol_instruction_score`, `evol_response_score` (numbers) and `embedding` (a list of numbers, as long in
        all rows). Out, in the rows picked, best first: `deita_score`, `deita_score_computed_with` (the names of the
        scores that there were) and `nearest_neighbor_distance` (to the nearest row picked before; None in the first).

    Raises:
        DistilabelUserError: Embeddings are not lists of numbers of one length.

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
        default=None, description="How many rows to pick at most."
    )
    diversity_threshold: RuntimeParameter[float] = Field(
        default=0.9, description="How far a row must be from each one picked before."
    )
    normalize_embeddings: RuntimeParameter[bool] = Field(
        default=True, description="Whether embeddings are brought to length 1 first."
    )
    distance_metric: RuntimeParameter[Literal["cosine", "manhattan"]] = Field(
        default="cosine", description="How distances are measured."
    )

    @property
    def inputs(self) -> StepColumns:
        """Scores and embeddings."""
        return [*_SCORES, "embedding"]

    @property
    def outputs(self) -> StepColumns:
        """The score, what it was made of, and the distance."""
        return ["deita_score", "deita_score_computed_with", "nearest_neighbor_distance"]

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows picked."""
        scored = [_scored(row) for row in inputs]
        ranked = [row for row in scored if row["deita_score"] is not None and row["embedding"] is not None]
        ranked.sort(key=lambda row: -row["deita_score"])
        self._say_left_out(len(inputs) - len(ranked))
        yield self._picked(ranked) if ranked else []

    def _say_left_out(self, count: int) -> None:
        if count:
            self._logger.warning("Step %r leaves out %d rows without score or embedding.", self.name, count)

    def _picked(self, ranked: Sequence[Row]) -> list[Row]:
        import numpy as np  # noqa: PLC0415 - slow to import

        vectors = self._vectors(np, ranked)
        nearest = np.full(len(ranked), np.inf, dtype=np.float32)
        picked: list[Row] = []
        for number, row in enumerate(ranked):
            distance = float(nearest[number])
            if len(picked) == self.data_budget:
                break
            if not picked or distance > (self.diversity_threshold or 0.0):
                picked.append({**row, "nearest_neighbor_distance": distance if picked else None})
                nearest = np.minimum(nearest, self._distances(np, vectors, vectors[number]))
        return picked

    def _vectors(self, np: Any, ranked: Sequence[Row]) -> Any:
        vectors = matrix(self.name, ranked, "embedding", range(len(ranked)))
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
