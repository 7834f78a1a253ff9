"""Making a text, its label and one that misleads."""

from typing import Any, Optional

from distilabel.steps.tasks._core.parsing import texts_of, texts_schema
from distilabel.steps.tasks.base import Task
from distilabel.steps.tasks.improving_text_embeddings.choices import (
    Clarity,
    Difficulty,
    chance_of,
    chosen,
    json_prompt,
)
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["GenerateTextClassificationData"]

_FIELDS = {
    "input_text": "the text to classify",
    "label": "its right label in the task",
    "misleading_label": "another label of the task that seems right and is not",
}


class GenerateTextClassificationData(Task):
    """Make an example of a text classification task: a text, its label, and a label that misleads.

    What is left open is drawn for each row, and drawn the same when the row is processed again. The tasks may come
    from `EmbeddingTaskGenerator(category="text-classification", flatten_tasks=True)`.

    Attributes:
        language: The language of the example; "English" by default.
        difficulty: The education that it takes to understand it: "high school", "college" or "PhD".
        clarity: Of the text: "clear", "understandable with some effort" or "ambiguous".
        seed: Another seed draws other values.

    Columns:
        In: `task`, what the classification is for. Out: `input_text`, `label` and `misleading_label` (None where the
        answer lacks one of them), and `model_name`.

    References:
        Improving Text Embeddings with Large Language Models, https://arxiv.org/abs/2401.00368

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = '{"input_text": "I am off!", "label": "joy", "misleading_label": "anger"}'
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> task = GenerateTextClassificationData(llm=Scripted(), clarity="ambiguous")
        >>> row = next(task.process([{"task": "Tell the feeling of a message."}]))[0]
        >>> row["label"], row["misleading_label"]
        ('joy', 'anger')
    """

    language: str = "English"
    difficulty: Optional[Difficulty] = None
    clarity: Optional[Clarity] = None
    seed: int = 42

    @property
    def inputs(self) -> StepColumns:
        """The classification task."""
        return ["task"]

    @property
    def outputs(self) -> StepColumns:
        """The text, the two labels and the model's name."""
        return [*_FIELDS, "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Ask for an example; what is left open is drawn."""
        chance = chance_of(self.random, self.seed)
        clarity = chosen(self.clarity, Clarity, chance)
        difficulty = chosen(self.difficulty, Difficulty, chance)
        rules = [
            "The text is of any form and length that the task may meet, and does not name its label.",
            "The misleading label is one of the task's labels too, and has to do with the text.",
            f"Everything is in {self.language}.",
            f"The text is {clarity}, and to understand it takes {difficulty} education.",
            "Choose a subject that one would not think of first, and explain nothing beside the object.",
        ]
        return json_prompt(
            f"Make one example of this text classification task: {input['task']}", _FIELDS, rules
        )

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the three texts; raises DistilabelGenerationException where one is missing."""
        return texts_of(output, list(_FIELDS))

    def get_structured_output(self) -> dict[str, Any]:
        """Give the JSON schema of the answer."""
        return texts_schema("TextClassification", list(_FIELDS))
