"""Writing instructions or conversations with an aligned LLM, one for each row."""

import random

from distilabel.steps.base import StepInput
from distilabel.steps.tasks._core.trajectory import start_trajectories
from distilabel.steps.tasks.base import Task
from distilabel.steps.tasks.magpie.conversation import MagpieTask, SystemPrompt
from distilabel.typing import ChatType, Row, StepColumns, StepOutput

__all__ = ["Magpie"]


class Magpie(MagpieTask, Task):
    """Let an LLM write an instruction and its response, or a longer conversation, without a prompt.

    The LLM gets only the beginning of a user's message, so it writes what users write. This needs an LLM that sends
    raw text (`distilabel.models.llms.magpie.WritesUserMessages`), with `use_magpie_template=True`. Platforms that accept
    only chats do not support it.

    Attributes:
        n_turns: How many pairs of user and assistant messages to write; 1 by default.
        end_with_user: Whether the conversation ends with a message of the user; needs more than one turn. False by
            default.
        include_system_prompt: Whether the system prompt is part of the conversation in the row; False by default.
        only_instruction: Whether to write an instruction without a response; False by default.
        system_prompt: Steers what the LLM writes: one text for all rows; a list from which one is drawn for each row; or
            a dict from which one is drawn, of key to prompt, or of key to prompt and probability. The row's column
            `system_prompt` takes precedence. By default, only conversations of several turns get a built-in prompt.

    Columns:
        In: `system_prompt`, optional. Out: `instruction` and `response`; with `only_instruction` only the first; with
        more than one turn `conversation`, a list of messages; with a dict of prompts also `system_prompt_key`; and
        `model_name`. A value that was not generated is None, with the reason in `distilabel_metadata`.

    References:
        Magpie: Alignment Data Synthesis from Scratch by Prompting Aligned LLMs with Nothing,
        https://arxiv.org/abs/2406.08464

    Raises:
        DistilabelUserError: The LLM cannot write user messages, or the settings contradict each other.

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

    @property
    def inputs(self) -> StepColumns:
        """An optional system prompt."""
        return {"system_prompt": False}

    def format_input(self, input: Row) -> ChatType:
        """Return the chat of the first message: the system prompt, if any."""
        return self._system_prompt_of(input, random.Random(self.name)).chat  # noqa: S311 - repeatable on purpose

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with the conversations; see `Task.process`."""
        trajectories = start_trajectories(self, inputs)
        yield self._converse(
            trajectories, [self._system_prompt_of(one.row, self.random) for one in trajectories]
        )

    def _system_prompt_of(self, row: Row, randomness: random.Random) -> SystemPrompt:
        # Drawn for each row, whether it is used or not: a row's prompt must not depend on its neighbours.
        drawn = self._pick_system_prompt(randomness)
        given = row.get("system_prompt")
        return SystemPrompt(given) if isinstance(given, str) and given else drawn
