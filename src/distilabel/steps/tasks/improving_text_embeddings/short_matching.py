"""Making two short texts that match."""

from typing import Any

from distilabel.steps.tasks._core.parsing import texts_of, texts_schema
from distilabel.steps.tasks.base import Task
from distilabel.steps.tasks.improving_text_embeddings.choices import json_prompt
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["GenerateShortTextMatchingData"]

_FIELDS = {
    "input": "a short text that the task starts from",
    "positive_document": "a short text that matches it, in the sense of the task",
}


class GenerateShortTextMatchingData(Task):
    """Make an example of a text matching task whose texts are short: two texts that match.

    The tasks may come from `EmbeddingTaskGenerator(category="text-matching-short", flatten_tasks=True)`.

    Attributes:
        language: The language of the example; "English" by default.
        seed: Has no effect: nothing is drawn here. It is there so that all tasks of this family take the same.

    Columns:
        In: `task`, what the matching is for. Out: `input` and `positive_document` (None where the answer lacks one of
        them), and `model_name`.

    References:
        Improving Text Embeddings with Large Language Models, https://arxiv.org/abs/2401.00368

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = '{"input": "big", "positive_document": "large"}'
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> task = GenerateShortTextMatchingData(llm=Scripted())
        >>> row = next(task.process([{"task": "Match words that mean the same."}]))[0]
        >>> row["input"], row["positive_document"]
        ('big', 'large')
    """

    language: str = "English"
    seed: int = 42

    @property
    def inputs(self) -> StepColumns:
        """The matching task."""
        return ["task"]

    @property
    def outputs(self) -> StepColumns:
        """The two texts and the model's name."""
        return [*_FIELDS, "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Ask for an example."""
        rules = [
            "Both texts are very short, a sentence or a phrase, and differ in most of their words.",
            f"Both are in {self.language}.",
            "Choose a subject that one would not think of first, and explain nothing beside the object.",
        ]
        return json_prompt(f"Make one example of this text matching task: {input['task']}", _FIELDS, rules)

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the two texts; raises DistilabelGenerationException where one is missing."""
        return texts_of(output, list(_FIELDS))

    def get_structured_output(self) -> dict[str, Any]:
        """Give the JSON schema of the answer."""
        return texts_schema("ShortTextMatching", list(_FIELDS))
