"""Making three sentences of one language that differ in how close they are."""

from typing import Any, Optional

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

__all__ = ["MonolingualTripletGenerator"]

_NAMES = ["S1", "S2", "S3"]


class MonolingualTripletGenerator(GeneratorTask):
    """Make three sentences of one language, of which the second is closer in meaning to the first than the third is.

    What is left open is drawn, and drawn the same in the next run. There are `num_generations` rows.

    Attributes:
        language: The language of the sentences; "English" by default.
        unit: What they are: "sentence", "phrase" or "passage".
        difficulty: The education that it takes to understand them: "elementary school", "high school" or "college".
        high_score: How close the second is to the first, from 1 to 5: "4", "4.5" or "5".
        low_score: How close the third is to the first: "2.5", "3" or "3.5".
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
        ...         said = '{"S1": "It rains.", "S2": "Rain is falling.", "S3": "It may snow."}'
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> rows, is_last = next(MonolingualTripletGenerator(llm=Scripted()).process())
        >>> rows[0]["S2"], is_last
        ('Rain is falling.', True)
    """

    language: str = "English"
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
        """Ask for three sentences; what is left open is drawn."""
        chance = chance_of(self.random, self.seed)
        unit = chosen(self.unit, Unit, chance)
        high = chosen(self.high_score, HighScore, chance)
        low = chosen(self.low_score, LowScore, chance)
        difficulty = chosen(self.difficulty, SchoolLevel, chance)
        fields = dict(
            zip(_NAMES, (f"a {unit}", f"a {unit} close to S1", f"a {unit} less close to S1"), strict=True)
        )
        rules = [
            f"On a scale from 1 (nothing in common) to 5 (the same meaning) S2 deserves {high} for how close it is to S1.",
            f"On the same scale S3 deserves {low}.",
            "How close they are lies in their meaning: they are built differently and share few words.",
            f"All three are in {self.language}, and to understand them takes {difficulty} education.",
            "Choose a subject that one would not think of first, and explain nothing beside the object.",
        ]
        return json_prompt(
            f"Make three texts in {self.language} that differ in how close they are.", fields, rules
        )

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the three sentences; raises DistilabelGenerationException where one is missing."""
        return texts_of(output, _NAMES)

    def get_structured_output(self) -> dict[str, Any]:
        """Give the JSON schema of the answer."""
        return texts_schema("Triplet", _NAMES)
