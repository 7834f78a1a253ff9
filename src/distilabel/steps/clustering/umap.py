"""Projecting embeddings into few dimensions with UMAP."""

from typing import Any, Optional

from pydantic import Field, PositiveInt

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.steps._core.artifacts import write_pickle
from distilabel.steps._core.row_errors import unusable_row
from distilabel.steps.base import GlobalStep, StepInput
from distilabel.steps.filtering.vectors import rows_with_vector, vector_matrix
from distilabel.typing import StepColumns, StepOutput

__all__ = ["UMAP"]

_NEIGHBOURS = 15


class UMAP(GlobalStep):
    """Project embeddings into few dimensions, so that similar ones stay close.

    The step holds all rows in memory, and their embeddings two more times as float32 (4 bytes for each number), because
    the fitted model contains them. It saves the model as the artifact `UMAP_model` (a pickle). A row without an embedding
    gets None, and `distilabel_metadata` holds the reason.

    Attributes:
        n_components: The number of dimensions, 2 by default.
        metric: The distance metric of the embeddings, "euclidean" by default; see umap-learn.
        n_jobs: The number of threads, 8 by default. It has an effect only with `random_state=None`.
        random_state: The seed, 42 by default: the same rows give the same projection, computed by one thread. None is
            faster and gives a different projection each time.

    Columns:
        In: `embedding` (a list of numbers, of the same length in all rows). Out: `projection` (a list of `n_components`
        numbers).

    Raises:
        DistilabelMissingPackageError: Install `distilabel[umap-learn]`.
        DistilabelUserError: There are fewer than `n_components + 2` embeddings, or they are not lists of numbers of the
            same length.

    References:
        UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction, https://arxiv.org/abs/1802.03426

    Examples:
        >>> step = UMAP(n_components=2, metric="cosine")
        >>> step.get_inputs(), step.get_outputs()
        ({'embedding': True}, {'projection': True})
    """

    n_components: RuntimeParameter[PositiveInt] = Field(default=2, description="The number of dimensions.")
    metric: RuntimeParameter[str] = Field(default="euclidean", description="The distance metric.")
    n_jobs: RuntimeParameter[int] = Field(
        default=8, description="The number of threads, without random_state."
    )
    random_state: Optional[RuntimeParameter[int]] = Field(
        default=42, description="The seed; None is faster and gives a different projection each time."
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
        """Check that the package is installed; raises DistilabelMissingPackageError."""
        super().load()
        require("umap", "umap-learn")

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their projections."""
        rows = [unusable_row(self, row, "There is no embedding.") for row in inputs]
        numbers = rows_with_vector(inputs, "embedding")
        if numbers:
            self._check(len(numbers))
            model = self._model(len(numbers))
            points = model.fit_transform(vector_matrix(self.name, inputs, "embedding", numbers))
            self.save_artifact("UMAP_model", write_pickle(model), {"metric": self.metric})
            for number, point in zip(numbers, points.tolist(), strict=True):
                rows[number] = {**inputs[number], "projection": point}
        yield rows

    def _check(self, count: int) -> None:
        least = (self.n_components or 2) + 2
        if count < least:
            raise DistilabelUserError(
                f"Step {self.name!r} has {count} embeddings to project into {self.n_components} dimensions: it needs at "
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
