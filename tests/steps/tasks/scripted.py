"""LLMs that say what a test tells them to, and a short way to what a task makes of it."""

from typing import Any

from distilabel.models.llms.base import LLM

FAILURE = {"code": "http_400", "message": "too long", "attempts": 1, "job_id": "batch_1"}


class ScriptedLLM(LLM):
    """Gives `answer(text of the last message)` to each chat: a text, None, or a whole output."""

    answer: Any = None
    calls: list[Any] = []  # noqa: RUF012 - pydantic copies it

    @property
    def model_name(self) -> str:
        return "scripted"

    def generate(self, inputs, num_generations=1):
        self.calls.append(inputs)
        return [self._output(self.answer(last_of(chat)), num_generations) for chat in inputs]

    def _output(self, said, count):
        if isinstance(said, dict):
            return said
        counts = {"input_tokens": [10] * count, "output_tokens": [1] * count}
        return {"generations": [said] * count, "statistics": counts}

    @property
    def prompts(self) -> list[list[str]]:
        """The last message of each chat of each call."""
        return [[last_of(chat) for chat in call] for call in self.calls]


def last_of(chat: Any) -> str:
    messages = chat[0] if isinstance(chat, tuple) else chat
    return messages[-1]["content"] if messages else ""


def saying(*texts: Any) -> ScriptedLLM:
    """An LLM that says these, one after the other, whatever it is asked."""
    waiting = iter(texts)
    return ScriptedLLM(answer=lambda _prompt: next(waiting))


def run(task: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return next(task.process_applying_mappings(rows))


def failure_of(row: dict[str, Any], step: str) -> Any:
    return row["distilabel_metadata"].get(f"failure_{step}")
