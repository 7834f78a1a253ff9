"""Single instructions with their generations, for supervised fine-tuning."""

from distilabel.steps._core.row_errors import add_columns, text_values
from distilabel.steps.base import Step, StepInput
from distilabel.steps.formatting.messages import assistant, instruction_chat, prompt_columns
from distilabel.typing import Row, StepColumns, StepOutput

__all__ = ["FormatTextGenerationSFT"]


class FormatTextGenerationSFT(Step):
    """Make a chat from an instruction and its generation.

    A row whose instruction or generation is not text gets None in all columns, and `distilabel_metadata` holds the
    reason.

    Columns:
        In: `instruction`, `generation`; optional: `system_prompt`. Out: `prompt` (the instruction), `prompt_id` (its
        SHA-256) and `messages` (a list of dicts with `role` and `content`).

    Examples:
        >>> step = FormatTextGenerationSFT()
        >>> next(step.process([{"instruction": "2 + 2?", "generation": "4"}]))[0]["messages"]
        [{'role': 'user', 'content': '2 + 2?'}, {'role': 'assistant', 'content': '4'}]
    """

    @property
    def inputs(self) -> StepColumns:
        """The instruction and its generation; the system prompt is optional."""
        return {"instruction": True, "generation": True, "system_prompt": False}

    @property
    def outputs(self) -> StepColumns:
        """The chat."""
        return ["prompt", "prompt_id", "messages"]

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with their chats."""
        yield add_columns(self, inputs, _formatted)


def _formatted(row: Row) -> Row:
    prompt, chat = instruction_chat(row)
    (generation,) = text_values(row, ["generation"])
    return {**prompt_columns(prompt), "messages": [*chat, assistant(generation)]}
