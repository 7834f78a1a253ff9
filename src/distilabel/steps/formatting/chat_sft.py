"""Conversations with their replies, for supervised fine-tuning."""

from distilabel.steps._core.row_errors import add_columns, text_values
from distilabel.steps.base import Step, StepInput
from distilabel.steps.formatting.messages import assistant, messages_chat, prompt_columns
from distilabel.typing import Row, StepColumns, StepOutput

__all__ = ["FormatChatGenerationSFT"]


class FormatChatGenerationSFT(Step):
    """Append the generation to the conversation that it replies to.

    The generation must be text, and the last message must not be the assistant's. Any other row gets None in all
    columns, and `distilabel_metadata` holds the reason. `messages` is None too, so that no model is trained on a
    conversation without a reply.

    Columns:
        In: `messages` (a list of dicts with `role` and `content`; the last is not the assistant's) and `generation`.
        Out: `prompt` (the user's first message), `prompt_id` (its SHA-256) and `messages`, with the generation at the
        end.

    Examples:
        >>> step = FormatChatGenerationSFT()
        >>> row = {"messages": [{"role": "user", "content": "2 + 2?"}], "generation": "4"}
        >>> next(step.process([row]))[0]["messages"]
        [{'role': 'user', 'content': '2 + 2?'}, {'role': 'assistant', 'content': '4'}]
    """

    @property
    def inputs(self) -> StepColumns:
        """The conversation and the generation."""
        return ["messages", "generation"]

    @property
    def outputs(self) -> StepColumns:
        """The prompt and the complete conversation."""
        return ["prompt", "prompt_id", "messages"]

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with the conversations."""
        yield add_columns(self, inputs, _formatted)


def _formatted(row: Row) -> Row:
    prompt, chat = messages_chat(row)
    (generation,) = text_values(row, ["generation"])
    return {**prompt_columns(prompt), "messages": [*chat, assistant(generation)]}
