"""A sample of each task: how it is made, a row, what the model says to it, and what the row then holds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from distilabel.models.llms import OpenAILLM
from distilabel.steps.tasks import ChatGeneration, TextGeneration

Body = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """One task on one row.

    Attributes:
        name: The name of the pipeline and of the model; the platform knows by it who asks.
        make: Makes the task for an LLM.
        row: What it is asked about; None for a task that is a generator.
        answer: What the model says, or a function of the request's body that tells; a task of several turns needs one.
        rows: The columns that the task's rows must hold in the end, a dict a row.
    """

    name: str
    make: Callable[[OpenAILLM], Any]
    row: dict[str, Any] | None
    answer: str | Callable[[Body], str]
    rows: tuple[dict[str, Any], ...]

    def said(self, body: Body) -> str:
        """What the model says to a request."""
        return self.answer if isinstance(self.answer, str) else self.answer(body)


SAMPLES = (
    Sample(
        "ChatGeneration",
        lambda llm: ChatGeneration(llm=llm),
        {"messages": [{"role": "user", "content": "Hi"}]},
        "Hello!",
        ({"generation": "Hello!"},),
    ),
    Sample(
        "TextGeneration",
        lambda llm: TextGeneration(llm=llm),
        {"instruction": "Say hi."},
        lambda body: body["messages"][-1]["content"].upper(),
        ({"instruction": "Say hi.", "generation": "SAY HI."},),
    ),
)
