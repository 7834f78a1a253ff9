"""Generating the next message of a conversation."""

from typing import Any, ClassVar

from distilabel.exceptions import DistilabelUserError
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["ChatGeneration"]


class ChatGeneration(Task):
    """Generate the next message of the conversation in the column `messages`.

    Columns:
        In: `messages`, a list of dicts with `role` and `content`; the last is not the assistant's. Out: `generation`
        (None where there is no answer) and `model_name`.

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Counting(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "counting"
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"generations": [f"{len(chat)} messages"] * num_generations} for chat in inputs]
        >>> task = ChatGeneration(llm=Counting())
        >>> next(task.process([{"messages": [{"role": "user", "content": "Hi"}]}]))[0]["generation"]
        '1 messages'
    """

    not_text: ClassVar[frozenset[str]] = frozenset({"messages"})

    @property
    def inputs(self) -> StepColumns:
        """The conversation."""
        return ["messages"]

    @property
    def outputs(self) -> StepColumns:
        """The next message and the model's name."""
        return ["generation", "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Return the conversation.

        Raises:
            DistilabelUserError: It is not a list of messages, or the last message is the assistant's.
        """
        messages = input.get("messages")
        is_list = isinstance(messages, list) and len(messages) > 0
        if not is_list or not all(
            isinstance(m, dict) and m.get("role") and ("content" in m or m.get("tool_calls"))
            for m in messages or ()
        ):
            raise DistilabelUserError(
                f"Column 'messages' of {self.name!r} must be a list of dicts with `role` and `content`; only a message "
                "with `tool_calls` needs no content.",
            )
        chat: ChatType = list(messages or ())
        if chat[-1]["role"] == "assistant":
            raise DistilabelUserError(
                f"The last message for {self.name!r} must be the user's, not the assistant's."
            )
        return chat

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Return the unchanged text of the message."""
        return {"generation": output}

    def sample_input(self) -> Row:
        """Return a conversation of one placeholder."""
        return {"messages": [{"role": "user", "content": "<MESSAGE>"}]}
