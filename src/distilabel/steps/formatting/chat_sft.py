"""Conversations with their replies, for supervised fine-tuning."""

from distilabel.steps._core.row_errors import add_columns, text_values
from distilabel.steps.base import Step, StepInput
from distilabel.steps.formatting.messages import assistant_message, messages_chat, prompt_columns
from distilabel.typing import Row, StepColumns, StepOutput

__all__ = ["FormatChatGenerationSFT"]


class FormatChatGenerationSFT(Step):
    """Append the generation to the conversation that it replies to.

    The generation must be text, and the last message must not be the assistant's. Any other row gets None in all
    columns, and `distilabel_metadata` holds the reason. `messages` is None too, so that no model is trained on a
    conversation without a reply.

    Columns:
        In: `messages` (a list of dicts with `role` and `content`; the last is not the assistant's; all other keys of a
        message, such as `tool_calls`, are kept), `generation`, and `tool_calls` (optional): the calls of the generation, which
        a task writes to `llm_<step>_tool_calls`. Name them with `input_mappings={"tool_calls": "llm_<step>_tool_calls"}`.
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
        """The conversation, and the generation or its tool calls."""
        return {"messages": True, "generation": True, "tool_calls": False}

    @property
    def outputs(self) -> StepColumns:
        """The prompt and the complete conversation."""
        return ["prompt", "prompt_id", "messages"]

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with the conversations."""
        yield add_columns(self, inputs, _formatted)


def _formatted(row: Row) -> Row:
    prompt, chat = messages_chat(row)
    calls = row.get("tool_calls")
    generation = row.get("generation")
    if not calls or generation is not None:
        (generation,) = text_values(row, ["generation"])
    return {**prompt_columns(prompt), "messages": [*chat, assistant_message(generation, calls)]}
