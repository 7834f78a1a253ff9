"""Labelling clusters of texts."""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, PositiveInt

from distilabel._optional import require
from distilabel.exceptions import DistilabelUserError
from distilabel.steps._core.row_errors import text_values
from distilabel.steps.base import StepInput
from distilabel.steps.tasks.base import GlobalTask
from distilabel.typing import DISTILABEL_METADATA_KEY, ChatType, Row, StepColumns, StepOutput

__all__ = ["TextClustering"]

_SYSTEM = (
    "You name groups of texts. You are shown texts that a clustering has put into one group. Find out what they have in "
    "common and what sets them apart from other texts, and say it as briefly and as specifically as a label on a drawer."
)
_ASKED = """{context}These are {count} texts of one group:

{texts}

Answer with a JSON list that holds {wanted} of at most five words for the whole group, and with nothing else."""
_SAMPLES = "texts"


class TextClustering(GlobalTask):
    """Generate labels for each cluster of texts, and write them into all rows of the cluster.

    There is one prompt for each cluster. It shows a random sample of the texts, which is the same at each replay. Rows
    outside of all clusters (`cluster_label` -1 or None) get None. The step holds all rows in memory.

    The prompt, the raw answer and the token counts are in the `distilabel_metadata` of the cluster's first row only, so
    that sums over all rows are right. The reason of a missing label is in all rows.

    Attributes:
        samples_per_cluster: How many texts of a cluster the prompt shows, 10 by default.
        n: How many labels to request, 1 by default.
        context: A description of the texts for the LLM, such as "Reviews of a film."; empty by default.
        savefig: Whether to save a plot of the clusters as the artifact `Text clusters`; True by default. It needs
            `distilabel[matplotlib]`, and a column `projection`, of which it plots the first two numbers.

    Columns:
        In: `text`, `cluster_label`; optional: `projection`. Out: `summary_label` (a text, or with `n` above 1 a list of
        texts; None where there is no label) and `model_name`.

    Raises:
        DistilabelUserError: `num_generations` is not 1, or `group_generations` is set: each cluster has one answer.
        DistilabelMissingPackageError: `savefig` is set: install `distilabel[matplotlib]`.

    References:
        Text Clustering, https://github.com/huggingface/text-clustering

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Namer(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "namer"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ['["Greetings"]']} for _ in inputs]
        >>> task = TextClustering(llm=Namer(), savefig=False)
        >>> rows = [{"text": "Hi", "cluster_label": 0}, {"text": "x", "cluster_label": -1}]
        >>> [row["summary_label"] for row in next(task.process(rows))]
        ['Greetings', None]
    """

    # A prompt is about a cluster, not about a row.
    takes_none: ClassVar[bool] = True

    samples_per_cluster: PositiveInt = 10
    n: PositiveInt = 1
    context: str = ""
    savefig: bool = Field(default=True)

    @property
    def inputs(self) -> StepColumns:
        """The texts and their clusters; the points are optional."""
        return {"text": True, "cluster_label": True, "projection": False}

    @property
    def outputs(self) -> StepColumns:
        """The label or labels, and the model's name."""
        return ["summary_label", "model_name"]

    def verify(self) -> None:
        """Check that each cluster has one answer; raises DistilabelUserError."""
        super().verify()
        if self.num_generations != 1 or self.group_generations:
            raise DistilabelUserError(
                f"Step {self.name!r} has one answer for each cluster: leave num_generations at 1 and group_generations off, "
                "and set `n` for more labels."
            )

    def load(self) -> None:
        """Check that matplotlib is installed if `savefig` is set, and load the LLM."""
        if self.savefig:
            require("matplotlib", "matplotlib")
        super().load()

    def format_input(self, input: Row) -> ChatType:
        """Return the chat that shows the texts of a cluster."""
        texts = "\n".join(json.dumps(text, ensure_ascii=False) for text in input[_SAMPLES])
        wanted = "one label" if self.n == 1 else f"{self.n} different labels, the most fitting first, each"
        context = f"{self.context.strip()}\n\n" if self.context.strip() else ""
        asked = _ASKED.format(context=context, count=len(input[_SAMPLES]), texts=texts, wanted=wanted)
        return [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": asked}]

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Parse the labels in the answer: a JSON list, also within other text.

        Raises:
            ValueError: There is no such list, or no label in it.
        """
        text = output or ""
        found = json.loads(text[text.index("[") : text.rindex("]") + 1])
        labels = [label.strip() for label in found if isinstance(label, str) and label.strip()][: self.n]
        if not labels:
            raise ValueError("there is no label in the answer")
        return {"summary_label": labels[0] if self.n == 1 else labels}

    def sample_input(self) -> Row:
        """Return a cluster of two placeholders."""
        return {_SAMPLES: ["<TEXT 1>", "<TEXT 2>"]}

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with the labels of their clusters.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Batch jobs are still running; process the same rows
                again later.
        """
        groups = _groups(inputs)
        questions = [{_SAMPLES: self._shown(inputs, numbers)} for numbers in groups.values()]
        answers = dict(zip(groups, self._answer_rows(questions), strict=True))
        nothing = dict.fromkeys(("summary_label", "model_name"))
        rows = [{**row, **nothing} for row in inputs]
        for label, numbers in groups.items():
            for number in numbers:
                rows[number] |= self._label_columns(
                    inputs[number], answers[label], is_first=number == numbers[0]
                )
        if self.savefig and groups and self.artifacts_directory is not None:
            self.save_artifact("Text clusters", lambda folder: _draw(rows, folder))
        yield rows

    def _shown(self, rows: Sequence[Row], numbers: Sequence[int]) -> list[str]:
        drawn = self.random.sample(numbers, min(self.samples_per_cluster, len(numbers)))
        return [text for number in drawn for text in text_values(rows[number], ["text"])]

    def _label_columns(self, row: Row, answered: Row, *, is_first: bool) -> Row:
        noted = answered[DISTILABEL_METADATA_KEY]
        failure = f"failure_{self.name}"
        kept = noted if is_first else {name: value for name, value in noted.items() if name == failure}
        columns = {"summary_label": answered["summary_label"], "model_name": answered["model_name"]}
        return {**columns, DISTILABEL_METADATA_KEY: {**(row.get(DISTILABEL_METADATA_KEY) or {}), **kept}}


def _groups(rows: Sequence[Row]) -> dict[Any, list[int]]:
    """Return the positions of each cluster's rows that have a text."""
    groups: defaultdict[Any, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        if row.get("cluster_label") not in (None, -1) and isinstance(row.get("text"), str):
            groups[row["cluster_label"]].append(number)
    return dict(groups)


def _draw(rows: Sequence[Row], folder: Path) -> None:
    # Not pyplot: it works in the main thread only, and a step runs in another thread.
    figure = require("matplotlib.figure", "matplotlib").Figure(figsize=(12, 10))
    axes = figure.subplots()
    named: defaultdict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        if isinstance(row.get("projection"), list | tuple) and len(row["projection"]) > 1:
            named[str(row["summary_label"] or "in no group")].append(row["projection"][:2])
    for label, points in named.items():
        axes.scatter(*zip(*points, strict=True), s=4, label=label)
    if named:
        axes.legend(fontsize="small", markerscale=3)
    figure.savefig(folder / "figure.png")
