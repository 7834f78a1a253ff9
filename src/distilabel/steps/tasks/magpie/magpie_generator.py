"""Writing instructions or conversations with an aligned LLM, as the first step of a pipeline."""

import random

from pydantic import Field, PositiveInt

from distilabel.config import RuntimeParameter
from distilabel.steps.tasks._core.trajectory import check_one_generation, start_trajectories
from distilabel.steps.tasks.base import GeneratorTask
from distilabel.steps.tasks.magpie.conversation import MagpieTask, SystemPrompt
from distilabel.typing import ChatType, GeneratorStepOutput, Row

__all__ = ["MagpieGenerator"]


class MagpieGenerator(MagpieTask, GeneratorTask):
    """Let an LLM write rows of instruction and response, or longer conversations, without a prompt.

    It is `Magpie` as the first step of a pipeline. See `Magpie` for what the LLM must support.

    Attributes:
        num_rows: How many rows to write.
        n_turns: How many pairs of user and assistant messages to write; 1 by default.
        end_with_user: Whether the conversation ends with a message of the user; needs more than one turn. False by
            default.
        include_system_prompt: Whether the system prompt is part of the conversation in the row; False by default.
        only_instruction: Whether to write an instruction without a response; False by default.
        system_prompt: Steers what the LLM writes: one text for all rows; a list from which one is drawn for each row; or
            a dict from which one is drawn, of key to prompt, or of key to prompt and probability.

    Columns:
        Out: those of `Magpie`.

    References:
        Magpie: Alignment Data Synthesis from Scratch by Prompting Aligned LLMs with Nothing,
        https://arxiv.org/abs/2406.08464

    Raises:
        DistilabelUserError: The LLM cannot write user messages, or the settings contradict each other.

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

    @property
    def total_rows(self) -> int:
        """The number of rows."""
        return self.num_rows or 0

    def verify(self) -> None:
        """Check the settings and the LLM; raises DistilabelUserError."""
        super().verify()
        check_one_generation(self, "num_rows")

    def format_input(self, input: Row) -> ChatType:  # noqa: ARG002 - nothing is given
        """Return the chat of the first message: the system prompt, if any."""
        return self._system_prompt_of(0).chat

    def process(self, offset: int = 0) -> GeneratorStepOutput:
        """Yield the rows from `offset` on, and whether they are the last."""
        size = self.batch_size or 1
        for first in range(offset, self.total_rows, size):
            numbers = range(first, min(first + size, self.total_rows))
            trajectories = start_trajectories(self, [{} for _ in numbers])
            rows = self._converse(trajectories, [self._system_prompt_of(number) for number in numbers])
            yield rows, first + size >= self.total_rows

    def _system_prompt_of(self, number: int) -> SystemPrompt:
        return self._pick_system_prompt(random.Random(f"{self.name}\0{number}"))  # noqa: S311 - repeatable on purpose
