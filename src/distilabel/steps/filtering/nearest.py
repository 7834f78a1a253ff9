"""Finding nearest neighbours with faiss."""

from pathlib import Path
from typing import Any, Optional

from pydantic import Field, PositiveInt

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.steps._core.row_errors import unusable_row
from distilabel.steps.base import GlobalStep, StepInput
from distilabel.steps.filtering.vectors import (
    DISTANCES,
    NN_SCORES,
    SIMILARITIES,
    rows_with_vector,
    vector_matrix,
)
from distilabel.typing import DISTILABEL_METADATA_KEY, Row, StepColumns, StepOutput

__all__ = ["FaissNearestNeighbour"]


class FaissNearestNeighbour(GlobalStep):
    """Find the rows with the nearest embeddings for each row; a row is not its own neighbour.

    The step holds all rows in memory, and their embeddings two more times as float32 (4 bytes for each number). It saves
    the index as the artifact `faiss_index`, which contains only the rows that have an embedding. A row without an
    embedding gets None, and `distilabel_metadata` holds the reason.

    Attributes:
        device: The index of a GPU, a list of them, or -1 for all; None (the default) for the CPU.
        string_factory: The index to build, as a faiss factory string such as "IVF100,Flat"; by default "Flat", an
            exhaustive search.
        metric_type: The metric, one of `faiss.METRIC_...`. The default is `faiss.METRIC_L2`, the squared distance, where
            0 is nearest. `faiss.METRIC_INNER_PRODUCT` with embeddings of length 1 is the cosine, where 1 is nearest.
        k: How many neighbours to find, 1 by default.
        search_batch_size: How many rows to search at once, 50 by default.
        train_size: How many rows to train an index on, if it needs training; all by default.

    Columns:
        In: `embedding` (a list of numbers, of the same length in all rows). Out: `nn_indices` (the neighbours' positions
        among all rows, counted from 0, nearest first) and `nn_scores` (their scores); fewer than `k` if there are fewer
        other rows, or the index finds fewer. In `distilabel_metadata`, `nn_scores` is "similarities" (higher is closer)
        or "distances".

    Raises:
        DistilabelMissingPackageError: Install `distilabel[faiss-cpu]`.
        DistilabelUserError: The embeddings are not lists of numbers of the same length, or faiss cannot use the GPU.

    References:
        The Faiss library, https://arxiv.org/abs/2401.08281

    Examples:
        >>> step = FaissNearestNeighbour()
        >>> rows = [{"embedding": [0.0, 0.0]}, {"embedding": [5.0, 0.0]}, {"embedding": [0.0, 1.0]}]
        >>> [(row["nn_indices"], row["nn_scores"]) for row in next(step.process(rows))]
        [([2], [1.0]), ([0], [25.0]), ([0], [1.0])]
    """

    device: Optional[RuntimeParameter[int | list[int]]] = Field(
        default=None, description="The index of a GPU, a list of them, or -1 for all."
    )
    string_factory: Optional[RuntimeParameter[str]] = Field(
        default=None, description="The index to build, as a faiss factory string."
    )
    metric_type: Optional[RuntimeParameter[int]] = Field(
        default=None, description="The metric, one of faiss.METRIC_..."
    )
    k: RuntimeParameter[PositiveInt] = Field(default=1, description="How many neighbours to find.")
    search_batch_size: RuntimeParameter[PositiveInt] = Field(
        default=50, description="How many rows to search at once."
    )
    train_size: Optional[RuntimeParameter[PositiveInt]] = Field(
        default=None, description="How many rows to train an index on, if it needs training."
    )

    @property
    def inputs(self) -> StepColumns:
        """The embeddings."""
        return ["embedding"]

    @property
    def outputs(self) -> StepColumns:
        """The neighbours and their scores."""
        return ["nn_indices", "nn_scores"]

    def load(self) -> None:
        """Check that the package is installed; raises DistilabelMissingPackageError."""
        super().load()
        require("faiss", "faiss-cpu")

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their neighbours."""
        rows = [unusable_row(self, row, "There is no embedding.") for row in inputs]
        numbers = rows_with_vector(inputs, "embedding")
        if numbers:
            vectors = vector_matrix(self.name, inputs, "embedding", numbers)
            index, kind = self._index(vectors), self._kind_of_scores()
            for number, found in self._search(index, vectors, numbers):
                noted = {**(inputs[number].get(DISTILABEL_METADATA_KEY) or {}), NN_SCORES: kind}
                rows[number] = {**inputs[number], **found, DISTILABEL_METADATA_KEY: noted}
        yield rows

    @property
    def _metric(self) -> int:
        metric: int = (
            require("faiss", "faiss-cpu").METRIC_L2 if self.metric_type is None else self.metric_type
        )
        return metric

    def _kind_of_scores(self) -> str:
        # https://github.com/facebookresearch/faiss/blob/main/faiss/MetricType.h (read in November 2026)
        faiss = require("faiss", "faiss-cpu")
        is_similarity = self._metric in (faiss.METRIC_INNER_PRODUCT, faiss.METRIC_Jaccard)
        return SIMILARITIES if is_similarity else DISTANCES

    def _index(self, vectors: Any) -> Any:
        faiss, metric = require("faiss", "faiss-cpu"), self._metric
        index = faiss.index_factory(vectors.shape[1], self.string_factory or "Flat", metric)
        placed = index if self.device is None else _on_gpu(faiss, self.name, index, self.device)
        if not placed.is_trained:
            placed.train(vectors[: self.train_size])
        placed.add(vectors)
        self.save_artifact(
            "faiss_index",
            lambda folder: _write(faiss, placed, folder, on_gpu=self.device is not None),
            {"metric_type": metric, "string_factory": self.string_factory or "Flat"},
        )
        return placed

    def _search(self, index: Any, vectors: Any, numbers: list[int]) -> Any:
        step, wanted = self.search_batch_size or 50, min((self.k or 1) + 1, len(numbers))
        for start in range(0, len(numbers), step):
            scores, found = index.search(vectors[start : start + step], wanted)
            for own, (near, places) in enumerate(
                zip(scores.tolist(), found.tolist(), strict=True), start=start
            ):
                yield numbers[own], self._neighbours(own, near, places, numbers)

    def _neighbours(self, own: int, scores: list[float], places: list[int], numbers: list[int]) -> Row:
        # If several rows have the same embedding, faiss may return any of them instead of the row itself.
        pairs = zip(places, scores, strict=True)
        others = [(place, score) for place, score in pairs if place not in (own, -1)][: self.k]
        return {
            "nn_indices": [numbers[place] for place, _ in others],
            "nn_scores": [score for _, score in others],
        }


def _on_gpu(faiss: Any, step_name: str, index: Any, device: int | list[int]) -> Any:
    if not hasattr(faiss, "StandardGpuResources"):
        raise DistilabelUserError(
            f"Step {step_name!r} has a `device`, but this faiss has no GPU support: install a faiss with GPU support, or "
            "remove `device`."
        )
    if isinstance(device, list):
        return faiss.index_cpu_to_gpus_list(index, gpus=device)
    if device < 0:
        return faiss.index_cpu_to_all_gpus(index)
    return faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), device, index)


def _write(faiss: Any, index: Any, folder: Path, *, on_gpu: bool) -> None:
    faiss.write_index(faiss.index_gpu_to_cpu(index) if on_gpu else index, str(folder / "index.faiss"))
