"""Training formats of labelled solutions for process reward models."""

from typing import Any, Literal

from pydantic import Field

from distilabel.steps.base import Step, StepInput
from distilabel.steps.tasks.math_shepherd.tags import check_tags, untagged
from distilabel.typing import Row, StepColumns, StepOutput

__all__ = ["FormatPRM"]


class FormatPRM(Step):
    """Convert a labelled solution to a training format of process reward models.

    Each row has one solution: expand the rows of `MathShepherdCompleter` with `ExpandColumns(columns=["solutions"])`.

    Attributes:
        format: "trl" for TRL's PRMTrainer, or "math-shepherd" for the format of the paper's dataset.
        step_token: With "math-shepherd", the token that replaces each tag in the input.
        tags: The tags after a good step and after a bad step.

    Columns:
        In: `instruction`, `solutions` (the steps of one solution, each with its tag). Out, with "trl": `prompt`,
        `completions` (the steps) and `labels` (whether each is good); with "math-shepherd": `input` and `label`. All are
        None if the solution is None.

    References:
        Math-Shepherd: Verify and Reinforce LLMs Step-by-step without Human Annotations,
        https://arxiv.org/abs/2312.08935; https://huggingface.co/docs/trl/prm_trainer

    Raises:
        ValueError: A step has no tag; in a pipeline only its row fails.

    Examples:
        >>> row = {"instruction": "What is 2 + 2?", "solutions": ["Step 1: 2 + 2 = 4. +", "Step 2: The answer is: 5 -"]}
        >>> made = next(FormatPRM().process([row]))[0]
        >>> made["prompt"], made["completions"], made["labels"]
        ('What is 2 + 2?', ['Step 1: 2 + 2 = 4.', 'Step 2: The answer is: 5'], [True, False])
    """

    format: Literal["math-shepherd", "trl"] = "trl"
    step_token: str = "ки"  # noqa: S105 - no secret, but a token of the paper
    tags: list[str] = Field(default_factory=lambda: ["+", "-"])

    @property
    def inputs(self) -> StepColumns:
        """The problem and a labelled solution."""
        return ["instruction", "solutions"]

    @property
    def outputs(self) -> StepColumns:
        """The columns of the chosen format."""
        return ["prompt", "completions", "labels"] if self.format == "trl" else ["input", "label"]

    def verify(self) -> None:
        """Check the tags; raises DistilabelUserError."""
        check_tags(self.name, self.tags)

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows in the training format."""
        yield [{**row, **self._formatted(row)} for row in inputs]

    def _formatted(self, row: Row) -> dict[str, Any]:
        solution, instruction = row["solutions"], row["instruction"]
        if solution is None:
            return dict.fromkeys(self.outputs)
        steps = [untagged(step, self.tags) for step in solution]
        if self.format == "trl":
            texts, labels = [text for text, _ in steps], [good for _, good in steps]
            return {"prompt": instruction, "completions": texts, "labels": labels}
        masked = "\n".join(f"{text} {self.step_token}" for text, _ in steps)
        labelled = "\n".join(f"{text} {self.tags[0 if good else 1]}" for text, good in steps)
        return {"input": f"{instruction} {masked}", "label": f"{instruction} {labelled}"}
