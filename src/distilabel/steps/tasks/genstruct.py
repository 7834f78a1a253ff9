"""Generating a question and its answer from a document, with the Genstruct model."""

import re
from typing import Any

from distilabel.exceptions import DistilabelGenerationException
from distilabel.steps.tasks._core.parsing import as_text
from distilabel.steps.tasks.base import Task
from distilabel.typing import ChatType, Row, StepColumns

__all__ = ["Genstruct"]

# Exactly the form that the model was trained with: https://huggingface.co/NousResearch/Genstruct-7B
_PROMPT = """\
[[[Title]]] {title}
[[[Content]]] {content}

The following is an interaction between a user and an AI assistant that is related to the above text.

[[[User]]] """
_MARK = re.compile(r"\[\[\[(\w+)\]\]\]")


class Genstruct(Task):
    """Generate a question and its answer from a document, with the Genstruct model.

    The prompt is exactly the one that https://huggingface.co/NousResearch/Genstruct-7B was trained with; other models may
    not understand it.

    Columns:
        In: `title` and `content` of a document. Out: `user`, a question about it; `assistant`, the answer (both None if
        the answer has another form); and `model_name`.

    References:
        The model: https://huggingface.co/NousResearch/Genstruct-7B. Ada-Instruct, from which it comes:
        https://arxiv.org/abs/2310.04484

    Examples:
        >>> from distilabel.models.llms.base import LLM
        >>> class Scripted(LLM):
        ...     @property
        ...     def model_name(self):
        ...         return "scripted"
        ...     def generate(self, inputs, num_generations=1):
        ...         said = "What makes tides? [[[Assistant]]] The moon, in the main."
        ...         return [{"generations": [said] * num_generations} for _ in inputs]
        >>> task = Genstruct(llm=Scripted())
        >>> row = next(task.process([{"title": "Tides", "content": "The moon pulls at the sea."}]))[0]
        >>> row["user"], row["assistant"]
        ('What makes tides?', 'The moon, in the main.')
    """

    @property
    def inputs(self) -> StepColumns:
        """The document."""
        return ["title", "content"]

    @property
    def outputs(self) -> StepColumns:
        """The question, the answer and the model's name."""
        return ["user", "assistant", "model_name"]

    def format_input(self, input: Row) -> ChatType:
        """Return the prompt that the model was trained with."""
        prompt = _PROMPT.format(title=input["title"], content=input["content"])
        return [{"role": "user", "content": prompt}]

    def format_output(self, output: str | None, input: Row) -> dict[str, Any]:  # noqa: ARG002 - public API
        """Read the first question and its answer; raises DistilabelGenerationException where one is missing."""
        before, *marked = _MARK.split(as_text(output))
        turns = list(zip(marked[::2], map(str.strip, marked[1::2]), strict=True))
        if before.strip():
            turns.insert(0, ("User", before.strip()))
        match turns:
            case [("User", user), ("Assistant", assistant), *_] if user and assistant:
                return {"user": user, "assistant": assistant}
        raise DistilabelGenerationException("The answer is not a question, [[[Assistant]]] and an answer.")
