"""Writing instructions that users might give to an application, about a text."""

from typing import Any

from pydantic import Field, PositiveInt

from distilabel.exceptions import DistilabelGenerationException
from distilabel.steps.tasks._core.parsing import as_text, listed_lines
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["SelfInstruct"]

_CRITERIA = """\
- Let the queries differ in verb, in form (question, command, problem) and in length.
- Let them ask for different kinds of work, such as explaining, comparing, planning, writing, classifying or solving.
- Each must make sense to somebody who has not seen the other queries, and be possible to answer in text."""
_PROMPT = """\
Write {count} queries that a user might give to the following AI application.

[Application]
{application}

[Criteria]
{criteria}

[Context: the queries must have to do with it]
{context}

Answer with a numbered list of exactly {count} queries and nothing else:
1. <query>
2. ..."""


class SelfInstruct(Task):
    r"""Write instructions that users might give to an application, each related to a text.

    Attributes:
        num_instructions: How many instructions to request; 5 by default.
        criteria_for_query_generation: The criteria for the instructions; by default they differ in form and in task.
        application_description: The application that receives the instructions; "AI assistant" by default.

    Columns:
        In: `input`, a text for context. Out: `instructions`, a list of texts (None if the answer contains no list), and
        `model_name`.

    References:
        Self-Instruct: Aligning Language Models with Self-Generated Instructions, https://arxiv.org/abs/2212.10560

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ["1. What is a tide?\n2. Draw one."] * num_generations} for _ in inputs]
        >>> task = SelfInstruct(llm=Scripted(), num_instructions=2)
        >>> next(task.process([{"input": "The sea"}]))[0]["instructions"]
        ['What is a tide?', 'Draw one.']
    """

    num_instructions: PositiveInt = 5
    criteria_for_query_generation: str = Field(default=_CRITERIA)
    application_description: str = "AI assistant"

    @property
    def inputs(self) -> StepColumns:
        """The context."""
        return ["input"]

    @property
    def outputs(self) -> StepColumns:
        """The instructions and the model's name."""
        return ["instructions", "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Return the chat that requests the instructions."""
        prompt = _PROMPT.format(
            count=self.num_instructions,
            application=self.application_description,
            criteria=self.criteria_for_query_generation,
            context=input["input"],
        )
        return [{"role": "user", "content": prompt}]

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Parse the list; raises DistilabelGenerationException if the answer marks no instructions."""
        text = as_text(output)
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        instructions = listed_lines(text) or (lines if len(lines) == self.num_instructions else [])
        if not instructions:
            raise DistilabelGenerationException("The answer contains no list of instructions.")
        return {"instructions": instructions}
