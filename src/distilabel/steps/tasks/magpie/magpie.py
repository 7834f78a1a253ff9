"""Having a model write instructions or conversations, one for each row."""

import random

from pydantic import Field, PositiveInt

from distilabel.config import RuntimeParameter
from distilabel.steps.base import StepInput
from distilabel.steps.tasks._core.trajectory import start
from distilabel.steps.tasks.base import Task
from distilabel.steps.tasks.magpie.conversation import Choice, SystemPrompts, check, choose, columns, converse
from distilabel.typing import ChatType, Row, StepColumns, StepOutput

__all__ = ["Magpie"]


class Magpie(Task):
    """Have a model write an instruction and the answer to it, or a longer conversation, out of its own head.

    The model is given the beginning of a user's message and nothing to go with it, so it writes what users write. That
    takes an LLM that sends raw text (`distilabel.models.llms.magpie.WritesUserMessages`), with
    `use_magpie_template=True`; platforms that take chats alone cannot do it.

    Attributes:
        n_turns: How many pairs of messages, of the user's and the assistant's.
        end_with_user: Whether the conversation ends with a message of the user's; for more than one turn.
        include_system_prompt: Whether the system prompt is part of the conversation in the row.
        only_instruction: Whether to write an instruction alone.
        system_prompt: Steers what is written: one for all, a list of which one is picked for each row, or a dict of
            which one is picked, of key to prompt, or of key to prompt and probability. A row's own column
            `system_prompt` goes first. Without any, conversations of several turns get one of ours.

    Columns:
        In: `system_prompt`, if there is one. Out: `instruction` and `response`; with `only_instruction` the first alone;
        with more than one turn `conversation`, a list of messages; with a dict of prompts `system_prompt_key` too; and
        `model_name`. None where there is none, with the reason in `distilabel_metadata`.

    References:
        Magpie: Alignment Data Synthesis from Scratch by Prompting Aligned LLMs with Nothing,
        https://arxiv.org/abs/2406.08464

    Raises:
        DistilabelUserError: The LLM cannot write the user's messages, or the settings do not go together.

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Raw(LLM):
        ...     use_magpie_template: bool = True
        ...     magpie_pre_query_template: str = "llama3"
        ...     @property
        ...     def model_name(self):
        ...         return "raw"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": ["Four." if chat else "What is 2 + 2?"]} for chat in inputs]
        >>> row = next(Magpie(llm=Raw()).process([{"id": 1}]))[0]
        >>> row["instruction"], row["response"]
        ('What is 2 + 2?', 'Four.')
    """

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
    def inputs(self) -> StepColumns:
        """A system prompt, which need not be there."""
        return {"system_prompt": False}

    @property
    def outputs(self) -> StepColumns:
        """What was written, and the model's name."""
        return columns(self)

    def verify(self) -> None:
        """Check the settings and the LLM; raises DistilabelUserError."""
        check(self)

    def format_input(self, input: Row) -> ChatType:
        """Give the chat of the first message: the system prompt, if any."""
        text = self._chosen(input, random.Random(self.name)).text  # noqa: S311 - repeatable on purpose
        return [{"role": "system", "content": text}] if text else []

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with what was written; see `Task.process`."""
        paths = start(self, inputs)
        yield converse(self, paths, [self._chosen(path.row, self.random) for path in paths])

    def _chosen(self, row: Row, chance: random.Random) -> Choice:
        # Picked for each row, whether it is used or not: a row's prompt must not depend on its neighbours'.
        picked = choose(self, chance)
        own = row.get("system_prompt")
        return Choice(own) if isinstance(own, str) and own else picked
