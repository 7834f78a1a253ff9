"""Conversations with their continuations, for supervised fine-tuning."""

from distilabel.steps._core.row_errors import add_columns, text_values
from distilabel.steps.base import Step, StepInput
from distilabel.steps.formatting.messages import assistant, chat_of, prompt_columns
from distilabel.typing import Row, StepColumns, StepOutput

__all__ = ["FormatChatGenerationSFT"]


class FormatChatGenerationSFT(Step):
    """Append the generation to the conversation that it continues.

    A row whose generation is not text, or whose messages are not a conversation that the assistant may continue, gets
    None in all columns, and `distilabel_metadata` says why. Its `messages` are None then too, so that nobody trains on
    a conversation without an answer.

    Columns:
        In: `messages` (a list of dicts with `role` and `content`, the last not the assistant's) and `generation`. Out:
        `prompt` (the user's first message), `prompt_id` (its SHA-256) and `messages`, with the generation at the end.

    Examples:
        >>> step = FormatChatGenerationSFT()
        >>> row = {"messages": [{"role": "user", "content": "2 + 2?"}], "generation": "4"}
        >>> next(step.process([row]))[0]["messages"]
        [{'role': 'user', 'content': '2 + 2?'}, {'role': 'assistant', 'content': '4'}]
    """

    @property
    def inputs(self) -> StepColumns:
        """The conversation and its continuation."""
        return ["messages", "generation"]

    @property
    def outputs(self) -> StepColumns:
        """The whole conversation."""
        return ["prompt", "prompt_id", "messages"]

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their conversations."""
        yield add_columns(self, inputs, _formatted)


def _formatted(row: Row) -> Row:
    prompt, chat = chat_of(row)
    (generation,) = text_values(row, ["generation"])
    return {**prompt_columns(prompt), "messages": [*chat, assistant(generation)]}
