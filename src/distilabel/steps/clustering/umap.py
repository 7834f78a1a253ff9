"""Laying embeddings out in few dimensions, by UMAP."""

from typing import Any, Optional

from pydantic import Field, PositiveInt

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.steps._core.row_errors import unusable_row
from distilabel.steps.base import GlobalStep, StepInput
from distilabel.steps.clustering.keeping import pickled
from distilabel.steps.filtering.vectors import matrix, with_vector
from distilabel.typing import StepColumns, StepOutput

__all__ = ["UMAP"]

_NEIGHBOURS = 15


class UMAP(GlobalStep):
    """Project embeddings into few dimensions such that near ones stay near.

    All rows are held in memory, and their embeddings a second and third time as float32 (4 bytes a number), since the
    fitted model, left as the artifact `UMAP_model` (a pickle), keeps them. A row without embedding gets None, and
    `distilabel_metadata` says why.

    Attributes:
        n_components: The number of dimensions, 2 by default.
        metric: How distances between embeddings are measured, "euclidean" by default; see umap-learn.
        n_jobs: Threads, 8 by default. They count only without `random_state`.
        random_state: The seed, 42 by default: the same rows give the same projection, by one thread. None is faster
            and gives another projection each time.

    Columns:
        In: `embedding` (a list of numbers, as long in all rows). Out: `projection` (a list of `n_components` numbers).

    Raises:
        DistilabelMissingPackageError: Install `distilabel[umap-learn]`.
        DistilabelUserError: There are not more than `n_components + 1` embeddings, or they are not lists of numbers of
            one length.

    References:
        UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction, https://arxiv.org/abs/1802.03426

    Examples:
        >>> step = UMAP(n_components=2, metric="cosine")
        >>> step.get_inputs(), step.get_outputs()
        ({'embedding': True}, {'projection': True})
    """

    n_components: RuntimeParameter[PositiveInt] = Field(default=2, description="The number of dimensions.")
    metric: RuntimeParameter[str] = Field(default="euclidean", description="How distances are measured.")
    n_jobs: RuntimeParameter[int] = Field(default=8, description="Threads, without random_state.")
    random_state: Optional[RuntimeParameter[int]] = Field(
        default=42, description="The seed; None is faster and gives another projection each time."
    )

    @property
    def inputs(self) -> StepColumns:
        """The embeddings."""
        return ["embedding"]

    @property
    def outputs(self) -> StepColumns:
        """The projections."""
        return ["projection"]

    def load(self) -> None:
        """Check that the package is there; raises DistilabelMissingPackageError."""
        super().load()
        require("umap", "umap-learn")

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their projections."""
        rows = [unusable_row(self, row, "There is no embedding.") for row in inputs]
        numbers = with_vector(inputs, "embedding")
        if numbers:
            self._check(len(numbers))
            model = self._model(len(numbers))
            points = model.fit_transform(matrix(self.name, inputs, "embedding", numbers))
            self.save_artifact("UMAP_model", pickled(model), {"metric": self.metric})
            for number, point in zip(numbers, points.tolist(), strict=True):
                rows[number] = {**inputs[number], "projection": point}
        yield rows

    def _check(self, count: int) -> None:
        least = (self.n_components or 2) + 2
        if count < least:
            raise DistilabelUserError(
                f"Step {self.name!r} has {count} embeddings to project into {self.n_components} dimensions: give it at "
                f"least {least}."
            )

    def _model(self, count: int) -> Any:
        kind = require("umap", "umap-learn").UMAP
        return kind(
            n_components=self.n_components,
            metric=self.metric,
            n_neighbors=min(_NEIGHBOURS, count - 1),
            n_jobs=self.n_jobs if self.random_state is None else 1,
            random_state=self.random_state,
        )
