"""Clustering points with DBSCAN."""

from pydantic import Field, PositiveInt

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.steps._core.artifacts import write_pickle
from distilabel.steps._core.row_errors import unusable_row
from distilabel.steps.base import GlobalStep, StepInput
from distilabel.steps.filtering.vectors import rows_with_vector, vector_matrix
from distilabel.typing import StepColumns, StepOutput

__all__ = ["DBSCAN"]


class DBSCAN(GlobalStep):
    """Number the dense clusters of points; points outside of all clusters get -1.

    The same rows give the same numbers. The step holds all rows in memory, and their points two more times as float32
    (4 bytes for each number). It saves the fitted model as the artifact `DBSCAN_model` (a pickle). A row without a point
    gets None, and `distilabel_metadata` holds the reason.

    Attributes:
        eps: The maximum distance of two neighbours, 0.3 by default.
        min_samples: How many neighbours, including itself, make a point the core of a cluster; 20 by default.
        metric: The distance metric, "euclidean" by default; see scikit-learn.
        n_jobs: The number of threads, 8 by default.

    Columns:
        In: `projection` (a list of numbers, of the same length in all rows). Out: `cluster_label` (an integer from 0,
        or -1 for no cluster).

    Raises:
        DistilabelMissingPackageError: Install `distilabel[scikit-learn]`.
        DistilabelUserError: The points are not lists of numbers of the same length.

    References:
        A Density-Based Algorithm for Discovering Clusters in Large Spatial Databases with Noise, https://dl.acm.org/doi/10.5555/3001460.3001507

    Examples:
        >>> step = DBSCAN(eps=1.0, min_samples=2, n_jobs=1)
        >>> rows = [{"projection": point} for point in ([0.0, 0.0], [0.5, 0.0], [9.0, 9.0])]
        >>> [row["cluster_label"] for row in next(step.process(rows))]
        [0, 0, -1]
    """

    eps: RuntimeParameter[float] = Field(
        default=0.3, gt=0, description="The maximum distance of two neighbours."
    )
    min_samples: RuntimeParameter[PositiveInt] = Field(
        default=20, description="How many neighbours make a point the core of a cluster."
    )
    metric: RuntimeParameter[str] = Field(default="euclidean", description="The distance metric.")
    n_jobs: RuntimeParameter[int] = Field(default=8, description="The number of threads.")

    @property
    def inputs(self) -> StepColumns:
        """The points."""
        return ["projection"]

    @property
    def outputs(self) -> StepColumns:
        """The cluster's number."""
        return ["cluster_label"]

    def load(self) -> None:
        """Check that the package is installed; raises DistilabelMissingPackageError."""
        super().load()
        require("sklearn.cluster", "scikit-learn")

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with the numbers of their clusters."""
        rows = [unusable_row(self, row, "There is no projection.") for row in inputs]
        numbers = rows_with_vector(inputs, "projection")
        if numbers:
            model = require("sklearn.cluster", "scikit-learn").DBSCAN(
                eps=self.eps, min_samples=self.min_samples, metric=self.metric, n_jobs=self.n_jobs
            )
            labels = model.fit_predict(vector_matrix(self.name, inputs, "projection", numbers))
            self.save_artifact("DBSCAN_model", write_pickle(model), {"eps": self.eps, "metric": self.metric})
            for number, label in zip(numbers, labels.tolist(), strict=True):
                rows[number] = {**inputs[number], "cluster_label": label}
        yield rows
