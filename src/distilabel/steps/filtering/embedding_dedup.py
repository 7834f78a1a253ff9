"""Deduplicating rows by the similarity of their nearest neighbours."""

from collections import defaultdict
from collections.abc import Sequence

from pydantic import Field

from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.steps._core.row_errors import unusable_row
from distilabel.steps.base import GlobalStep, StepInput
from distilabel.steps.filtering.vectors import DISTANCES, NN_SCORES
from distilabel.typing import DISTILABEL_METADATA_KEY, Row, StepColumns, StepOutput

__all__ = ["EmbeddingDedup"]


class EmbeddingDedup(GlobalStep):
    """Mark rows that are near-duplicates of an earlier row; the first of several duplicates is kept.

    Two rows are duplicates if one has the other among its neighbours with a score of at least `threshold`. So the scores
    must be similarities, where higher means closer: the cosine, as `FaissNearestNeighbour` returns it with
    `metric_type=faiss.METRIC_INNER_PRODUCT` and embeddings of length 1 (its default metric is a distance). The step needs
    exactly the rows among which the neighbours were searched. It holds all rows in memory.

    A row without neighbours (None) gets None, and `distilabel_metadata` holds the reason.

    Attributes:
        threshold: The minimum score of two duplicates, 0.9 by default.

    Columns:
        In: `nn_indices` (the neighbours' positions among all rows, counted from 0) and `nn_scores` (their
        similarities). Out: `keep_row_after_embedding_filtering` (True or False).

    Raises:
        DistilabelUserError: `distilabel_metadata` says that the scores are distances, a neighbour's position is beyond
            the last row, or a row's numbers of scores and neighbours differ.

    Examples:
        >>> step = EmbeddingDedup(threshold=0.9)
        >>> rows = [{"nn_indices": [1], "nn_scores": [0.95]}, {"nn_indices": [0], "nn_scores": [0.95]}]
        >>> [row["keep_row_after_embedding_filtering"] for row in next(step.process(rows))]
        [True, False]
    """

    threshold: RuntimeParameter[float] = Field(
        default=0.9, description="The minimum score of two duplicates."
    )

    @property
    def inputs(self) -> StepColumns:
        """The neighbours and their scores."""
        return ["nn_indices", "nn_scores"]

    @property
    def outputs(self) -> StepColumns:
        """Whether to keep the row."""
        return ["keep_row_after_embedding_filtering"]

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows, each with the decision."""
        alike = self._alike(inputs)
        kept: set[int] = set()
        made: list[Row] = []
        for number, row in enumerate(inputs):
            if row.get("nn_indices") is None or row.get("nn_scores") is None:
                made.append(unusable_row(self, row, "There are no neighbours."))
                continue
            is_new = kept.isdisjoint(alike[number])
            if is_new:
                kept.add(number)
            made.append({**row, "keep_row_after_embedding_filtering": is_new})
        yield made

    def _alike(self, rows: Sequence[Row]) -> defaultdict[int, set[int]]:
        """Return the duplicates of each row, in both directions: a row need not be its neighbour's neighbour."""
        alike: defaultdict[int, set[int]] = defaultdict(set)
        least = 0.9 if self.threshold is None else self.threshold
        for number, row in enumerate(rows):
            places, scores = row.get("nn_indices") or [], row.get("nn_scores") or []
            self._check(row, places, scores, len(rows))
            for place, score in zip(places, scores, strict=True):
                if score >= least and place != number:
                    alike[number].add(place)
                    alike[place].add(number)
        return alike

    def _check(self, row: Row, places: Sequence[int], scores: Sequence[float], count: int) -> None:
        if (row.get(DISTILABEL_METADATA_KEY) or {}).get(NN_SCORES) == DISTANCES:
            raise DistilabelUserError(
                f"Step {self.name!r} received distances and needs similarities: set "
                "metric_type=faiss.METRIC_INNER_PRODUCT in the FaissNearestNeighbour before it, and use embeddings of "
                "length 1."
            )
        if len(places) != len(scores):
            raise DistilabelUserError(
                f"A row of step {self.name!r} has {len(places)} `nn_indices` and {len(scores)} `nn_scores`: the numbers "
                "must be equal."
            )
        if any(not 0 <= place < count for place in places):
            raise DistilabelUserError(
                f"A row of step {self.name!r} has a neighbour beyond its {count} rows: put the step right after the one "
                "that finds the neighbours."
            )
