"""Ranking responses by pairwise comparison, with the model of llm-blender in this process."""

from typing import Any, ClassVar, Optional

from pydantic import PrivateAttr

from distilabel._optional import require
from distilabel.config import RuntimeParameter
from distilabel.steps._core.row_errors import unusable_row
from distilabel.steps.base import Step, StepInput
from distilabel.typing import Row, StepColumns, StepOutput

__all__ = ["PairRM"]


class PairRM(Step):
    """Rank the candidates of each row by pairwise comparison; needs `distilabel[llm-blender]`.

    In a pipeline the step runs in a worker process; `StepResources(gpus=1)` gives it a GPU. A row without an input, or
    with a candidate that is not text, gets None, and `distilabel_metadata` holds the reason as `failure_<step>`. The tests
    use a stand-in for the package's interface, not the package itself.

    Attributes:
        model: The ranker's name on the Hub; `llm-blender/PairRM` by default.
        instructions: The criteria of the comparison, the same for all rows; None by default.

    Columns:
        In: `input` (the instruction), `candidates` (responses to it). Out: `ranks` (the rank of each candidate, 1 is the
        best), `ranked_candidates` (from the best to the worst), and `model_name`.

    Raises:
        DistilabelMissingPackageError: Install `distilabel[llm-blender]`.

    References:
        LLM-Blender: Ensembling Large Language Models with Pairwise Ranking and Generative Fusion,
        https://arxiv.org/abs/2306.02561

    Examples:
        >>> PairRM().outputs
        ['ranks', 'ranked_candidates', 'model_name']
    """

    in_process: ClassVar[bool] = True

    model: str = "llm-blender/PairRM"
    instructions: Optional[RuntimeParameter[str]] = None

    _ranker: Any = PrivateAttr(default=None)

    @property
    def inputs(self) -> StepColumns:
        """The input and the candidates."""
        return ["input", "candidates"]

    @property
    def outputs(self) -> StepColumns:
        """The ranks, the ranked candidates, and `model_name`."""
        return ["ranks", "ranked_candidates", "model_name"]

    def load(self) -> None:
        """Load the weights; raises DistilabelMissingPackageError."""
        super().load()
        self._ranker = require("llm_blender", "llm-blender").Blender()
        self._ranker.loadranker(self.model)

    def unload(self) -> None:
        """Release the weights."""
        super().unload()
        self._ranker = None

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with the ranks of their candidates."""
        rows = [unusable_row(self, row, "There is no question, or not a list of texts.") for row in inputs]
        groups: dict[int, list[int]] = {}
        for number, row in enumerate(inputs):
            if _is_usable(row):
                groups.setdefault(len(row["candidates"]), []).append(number)
        # The ranker accepts only rows with the same number of candidates in one call.
        for numbers in groups.values():
            places = self._ranks([inputs[number] for number in numbers])
            for number, ranks in zip(numbers, places, strict=True):
                rows[number] = self._row(inputs[number], ranks)
        yield rows

    def _ranks(self, rows: list[Row]) -> list[list[int]]:
        if len(rows[0]["candidates"]) == 1:
            return [[1] for _ in rows]
        ranks = self._ranker.rank(
            [row["input"] for row in rows],
            [row["candidates"] for row in rows],
            instructions=[self.instructions] * len(rows) if self.instructions else None,
            return_scores=False,
            batch_size=len(rows),
            disable_tqdm=True,
        )
        return [[int(rank) for rank in places] for places in ranks]

    def _row(self, row: Row, ranks: list[int]) -> Row:
        pairs = sorted(zip(ranks, row["candidates"], strict=True), key=lambda pair: pair[0])
        ordered = [candidate for _, candidate in pairs]
        return {**row, "ranks": ranks, "ranked_candidates": ordered, "model_name": self.model}


def _is_usable(row: Row) -> bool:
    question, candidates = row.get("input"), row.get("candidates")
    if not isinstance(question, str) or not isinstance(candidates, list):
        return False
    return bool(candidates) and all(isinstance(text, str) for text in candidates)
