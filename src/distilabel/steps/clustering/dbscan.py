"""Finding groups of points that lie close together, by DBSCAN."""

from pydantic import Field, PositiveInt

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.steps._core.row_errors import unusable_row
from distilabel.steps.base import GlobalStep, StepInput
from distilabel.steps.clustering.keeping import pickled
from distilabel.steps.filtering.vectors import matrix, with_vector
from distilabel.typing import StepColumns, StepOutput

__all__ = ["DBSCAN"]


class DBSCAN(GlobalStep):
    """Number the dense groups of points; points in no group get -1.

    The same rows give the same numbers. All rows are held in memory, and their points a second and third time as
    float32 (4 bytes a number); the fitted model is left as the artifact `DBSCAN_model` (a pickle). A row without a
    point gets None, and `distilabel_metadata` says why.

    Attributes:
        eps: The greatest distance of two neighbours, 0.3 by default.
        min_samples: How many neighbours, itself counted, make a point the core of a group; 20 by default.
        metric: How distances are measured, "euclidean" by default; see scikit-learn.
        n_jobs: Threads, 8 by default.

    Columns:
        In: `projection` (a list of numbers, as long in all rows). Out: `cluster_label` (a number from 0 on, -1 for
        none).

    Raises:
        DistilabelMissingPackageError: Install `distilabel[scikit-learn]`.
        DistilabelUserError: Points are not lists of numbers of one length.

    References:
        A Density-Based Algorithm for Discovering Clusters in Large Spatial Databases with Noise, https://dl.acm.org/doi/10.5555/3001460.3001507

    Examples:
        >>> step = DBSCAN(eps=1.0, min_samples=2, n_jobs=1)
        >>> rows = [{"projection": point} for point in ([0.0, 0.0], [0.5, 0.0], [9.0, 9.0])]
        >>> [row["cluster_label"] for row in next(step.process(rows))]
        [0, 0, -1]
    """

    eps: RuntimeParameter[float] = Field(
        default=0.3, gt=0, description="The greatest distance of two neighbours."
    )
    min_samples: RuntimeParameter[PositiveInt] = Field(
        default=20, description="How many neighbours make a point the core of a group."
    )
    metric: RuntimeParameter[str] = Field(default="euclidean", description="How distances are measured.")
    n_jobs: RuntimeParameter[int] = Field(default=8, description="Threads.")

    @property
    def inputs(self) -> StepColumns:
        """The points."""
        return ["projection"]

    @property
    def outputs(self) -> StepColumns:
        """The group."""
        return ["cluster_label"]

    def load(self) -> None:
        """Check that the package is there; raises DistilabelMissingPackageError."""
        super().load()
        require("sklearn.cluster", "scikit-learn")

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with the numbers of their groups."""
        rows = [unusable_row(self, row, "There is no projection.") for row in inputs]
        numbers = with_vector(inputs, "projection")
        if numbers:
            model = require("sklearn.cluster", "scikit-learn").DBSCAN(
                eps=self.eps, min_samples=self.min_samples, metric=self.metric, n_jobs=self.n_jobs
            )
            labels = model.fit_predict(matrix(self.name, inputs, "projection", numbers))
            self.save_artifact("DBSCAN_model", pickled(model), {"eps": self.eps, "metric": self.metric})
            for number, label in zip(numbers, labels.tolist(), strict=True):
                rows[number] = {**inputs[number], "cluster_label": label}
        yield rows
