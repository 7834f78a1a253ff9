"""What a task asks about a row, and what it makes of a scripted answer."""

from typing import Any

from distilabel.steps.tasks import Task
from tests.steps.fakes import EchoLLM


def scripted(answer: str | None) -> EchoLLM:
    """An LLM that always says the same."""
    return EchoLLM(answer=lambda _, count: {"generations": [answer] * count})


def prompt(task: Task, row: dict[str, Any]) -> str:
    """All that is asked about a row, as one text."""
    asked = task.format_input(row)
    chat = asked[0] if isinstance(asked, tuple) else asked
    return "\n".join(str(message["content"]) for message in chat)


def answered(cls: type[Task], answer: str | None, row: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The columns that the task adds to a row; `failure` says why they are None."""
    (made,) = next(cls(name="t", llm=scripted(answer), **fields).process([row]))
    failure = made.pop("distilabel_metadata").get("failure_t")
    assert made.pop("model_name") == "echo"
    columns = {name: value for name, value in made.items() if name not in row}
    return {**columns, **({"failure": failure["message"]} if failure else {})}
