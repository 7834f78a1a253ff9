"""Making a sentence, its translation, and one in the other language that is only near it."""

from typing import Any, Optional

from pydantic import Field

from distilabel.steps.tasks._core.parsing import texts_of, texts_schema
from distilabel.steps.tasks.base import GeneratorTask
from distilabel.steps.tasks.improving_text_embeddings.choices import (
    HighScore,
    LowScore,
    SchoolLevel,
    Unit,
    chance_of,
    chosen,
    json_prompt,
)
from distilabel.typing import ChatType, GeneratorStepOutput, Row, StepColumns

__all__ = ["BitextRetrievalGenerator"]

_NAMES = ["S1", "S2", "S3"]


class BitextRetrievalGenerator(GeneratorTask):
    """Make a sentence in one language and two in another, of which the first is the better translation.

    What is left open is drawn, and drawn the same in the next run. There are `num_generations` rows.

    Attributes:
        source_language: The language of the first sentence; "English" by default.
        target_language: The language of the other two.
        unit: What they are: "sentence", "phrase" or "passage".
        difficulty: The education that it takes to understand them: "elementary school", "high school" or "college".
        high_score: How well the second translates the first, from 1 to 5: "4", "4.5" or "5".
        low_score: How well the third translates it: "2.5", "3" or "3.5".
        seed: Another seed draws other values.

    Columns:
        Out: `S1`, `S2` and `S3` (None where the answer lacks one of them), and `model_name`.

    References:
        Improving Text Embeddings with Large Language Models, https://arxiv.org/abs/2401.00368

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = '{"S1": "It rains.", "S2": "Es regnet.", "S3": "Es schneit vielleicht."}'
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> task = BitextRetrievalGenerator(llm=Scripted(), target_language="German")
        >>> rows, is_last = next(task.process())
        >>> rows[0]["S2"], is_last
        ('Es regnet.', True)
    """

    source_language: str = Field(default="English")
    target_language: str
    unit: Optional[Unit] = None
    difficulty: Optional[SchoolLevel] = None
    high_score: Optional[HighScore] = None
    low_score: Optional[LowScore] = None
    seed: int = 42

    @property
    def outputs(self) -> StepColumns:
        """The three sentences and the model's name."""
        return [*_NAMES, "model_name"]

    def process(self, offset: int = 0) -> GeneratorStepOutput:  # noqa: ARG002 - one chunk holds all rows
        """Yield the rows of all generations."""
        yield self.answer([{}]), True

    def format_input(self, input: Row) -> ChatType:  # noqa: ARG002 - there is nothing to ask about
        """Ask for a sentence and two translations; what is left open is drawn."""
        chance = chance_of(self.random, self.seed)
        unit = chosen(self.unit, Unit, chance)
        high = chosen(self.high_score, HighScore, chance)
        low = chosen(self.low_score, LowScore, chance)
        difficulty = chosen(self.difficulty, SchoolLevel, chance)
        source, target = self.source_language, self.target_language
        fields = {
            "S1": f"a {unit} in {source}",
            "S2": f"a {unit} in {target} that is close to a translation of S1",
            "S3": f"a {unit} in {target} that is less close to one",
        }
        rules = [
            f"On a scale from 1 (nothing in common) to 5 (the same meaning) S2 deserves {high} as a translation of S1.",
            f"On the same scale S3 deserves {low}.",
            "S3 differs from S2 in what it adds, leaves out or changes of the meaning, not in its language.",
            f"To understand them takes {difficulty} education.",
            "Choose a subject that one would not think of first, and explain nothing beside the object.",
        ]
        return json_prompt(
            f"Make a text in {source} and two in {target} that translate it unequally well.", fields, rules
        )

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the three sentences; raises DistilabelGenerationException where one is missing."""
        return texts_of(output, _NAMES)

    def get_structured_output(self) -> dict[str, Any]:
        """Give the JSON schema of the answer."""
        return texts_schema("Bitext", _NAMES)
