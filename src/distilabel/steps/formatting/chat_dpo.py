"""Preference pairs from conversations, for direct preference optimization."""

from distilabel.steps._core.row_errors import add_columns
from distilabel.steps.base import Step, StepInput
from distilabel.steps.formatting.messages import messages_chat
from distilabel.steps.formatting.preference import OUTPUTS, preference_columns
from distilabel.typing import StepColumns, StepOutput

__all__ = ["FormatChatGenerationDPO"]


class FormatChatGenerationDPO(Step):
    """Make a preference pair from rated replies to a conversation: the best is chosen, the worst is rejected.

    The selection of the pair, and the values of a row without a pair, are those of `FormatTextGenerationDPO`.

    Columns:
        In: `messages` (a list of dicts with `role` and `content`; the last is not the assistant's), `generations`
        (texts), `ratings` (numbers, one for each generation); optional: `generation_models` (one for each generation).
        Out: `prompt` (the user's first message), `prompt_id` (its SHA-256), `chosen` and `rejected` (the conversation
        with the generation as its last message), `chosen_rating`, `rejected_rating`; with `generation_models` also
        `chosen_model` and `rejected_model`.

    References:
        Direct Preference Optimization: Your Language Model is Secretly a Reward Model, https://arxiv.org/abs/2305.18290

    Examples:
        >>> step = FormatChatGenerationDPO()
        >>> chat = [{"role": "user", "content": "2 + 2?"}]
        >>> row = next(step.process([{"messages": chat, "generations": ["5", "4"], "ratings": [1, 5]}]))[0]
        >>> row["prompt"], row["chosen"][-1]["content"], row["rejected"][-1]["content"]
        ('2 + 2?', '4', '5')
    """

    @property
    def inputs(self) -> StepColumns:
        """The conversation, the generations and their ratings; the models are optional."""
        needed = dict.fromkeys(("messages", "generations", "ratings"), True)
        return {**needed, "generation_models": False}

    @property
    def outputs(self) -> StepColumns:
        """The columns of the preference pair."""
        return OUTPUTS

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their preference pairs."""
        yield add_columns(self, inputs, lambda row: preference_columns(row, messages_chat))
