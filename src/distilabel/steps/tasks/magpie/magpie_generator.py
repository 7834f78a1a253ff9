"""Having a model write instructions or conversations from nothing."""

import random

from pydantic import Field, PositiveInt

from distilabel.config import RuntimeParameter
from distilabel.steps.tasks._core.trajectory import check_one_generation, start
from distilabel.steps.tasks.base import GeneratorTask
from distilabel.steps.tasks.magpie.conversation import Choice, SystemPrompts, check, choose, columns, converse
from distilabel.typing import ChatType, GeneratorStepOutput, Row, StepColumns

__all__ = ["MagpieGenerator"]


class MagpieGenerator(GeneratorTask):
    """Have a model write rows of instruction and answer, or longer conversations, out of its own head.

    It is `Magpie` at the start of a pipeline; see there for what the LLM must be able to do.

    Attributes:
        num_rows: How many rows to write.
        n_turns: How many pairs of messages, of the user's and the assistant's.
        end_with_user: Whether the conversation ends with a message of the user's; for more than one turn.
        include_system_prompt: Whether the system prompt is part of the conversation in the row.
        only_instruction: Whether to write an instruction alone.
        system_prompt: Steers what is written: one for all, a list of which one is picked for each row, or a dict of
            which one is picked, of key to prompt, or of key to prompt and probability.

    Columns:
        Out: those of `Magpie`.

    References:
        Magpie: Alignment Data Synthesis from Scratch by Prompting Aligned LLMs with Nothing,
        https://arxiv.org/abs/2406.08464

    Raises:
        DistilabelUserError: The LLM cannot write the user's messages, or the settings do not go together.

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Raw(LLM):
        ...     use_magpie_template: bool = True
        ...     magpie_pre_query_template: str = "qwen2"
        ...     @property
        ...     def model_name(self):
        ...         return "raw"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ["Why is the sky blue?"]} for _ in inputs]
        >>> rows, is_last = next(MagpieGenerator(llm=Raw(), num_rows=2, only_instruction=True).process())
        >>> [row["instruction"] for row in rows], is_last
        (['Why is the sky blue?', 'Why is the sky blue?'], True)
    """

    num_rows: RuntimeParameter[PositiveInt] = Field(default=None, description="How many rows to write.")
    n_turns: RuntimeParameter[PositiveInt] = Field(
        default=1, description="How many pairs of messages to write."
    )
    end_with_user: RuntimeParameter[bool] = Field(
        default=False, description="Whether the conversation ends with a message of the user's."
    )
    include_system_prompt: RuntimeParameter[bool] = Field(
        default=False, description="Whether the system prompt is part of the conversation in the row."
    )
    only_instruction: RuntimeParameter[bool] = Field(
        default=False, description="Whether to write an instruction alone."
    )
    system_prompt: SystemPrompts = None

    @property
    def outputs(self) -> StepColumns:
        """What was written, and the model's name."""
        return columns(self)

    @property
    def total_rows(self) -> int:
        """How many rows there will be."""
        return self.num_rows or 0

    def verify(self) -> None:
        """Check the settings and the LLM; raises DistilabelUserError."""
        check(self)
        check_one_generation(self, "num_rows")

    def format_input(self, input: Row) -> ChatType:  # noqa: ARG002 - nothing is given
        """Give the chat of the first message: the system prompt, if any."""
        text = self._chosen(0).text
        return [{"role": "system", "content": text}] if text else []

    def process(self, offset: int = 0) -> GeneratorStepOutput:
        """Yield the rows from `offset` on, and whether they are the last."""
        size = self.batch_size or 1
        for first in range(offset, self.total_rows, size):
            numbers = range(first, min(first + size, self.total_rows))
            paths = start(self, [{} for _ in numbers])
            yield (
                converse(self, paths, [self._chosen(number) for number in numbers]),
                first + size >= self.total_rows,
            )

    def _chosen(self, number: int) -> Choice:
        return choose(self, random.Random(f"{self.name}\0{number}"))  # noqa: S311 - repeatable on purpose
