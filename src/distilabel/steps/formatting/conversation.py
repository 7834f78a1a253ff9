"""Conversations of two messages."""

from distilabel.steps._core.row_errors import add_columns, text_values
from distilabel.steps.base import Step, StepInput
from distilabel.steps.formatting.messages import assistant, user
from distilabel.typing import Row, StepColumns, StepOutput

__all__ = ["ConversationTemplate"]


class ConversationTemplate(Step):
    """Make a conversation from an instruction and its response.

    A row in which one of them is not text gets None, and `distilabel_metadata` holds the reason.

    Columns:
        In: `instruction` and `response`. Out: `conversation`, a list of dicts with `role` and `content`.

    Examples:
        >>> next(ConversationTemplate().process([{"instruction": "Hello", "response": "Hi"}]))[0]["conversation"]
        [{'role': 'user', 'content': 'Hello'}, {'role': 'assistant', 'content': 'Hi'}]
    """

    @property
    def inputs(self) -> StepColumns:
        """The two messages."""
        return ["instruction", "response"]

    @property
    def outputs(self) -> StepColumns:
        """The conversation."""
        return ["conversation"]

    def process(self, inputs: StepInput) -> StepOutput:
        """Yield the rows with the conversations."""
        yield add_columns(self, inputs, _conversation)


def _conversation(row: Row) -> Row:
    instruction, response = text_values(row, ["instruction", "response"])
    return {"conversation": [user(instruction), assistant(response)]}
