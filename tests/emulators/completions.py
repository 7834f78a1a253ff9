"""Reading the embedded platform's completions, complete or damaged, so that emulators can translate them."""

import json
from dataclasses import dataclass
from typing import Any

from tests.emulators.base import Value

__all__ = ["Hollow", "Said", "arguments", "read"]


@dataclass(frozen=True)
class Said:
    """An answer: its id, its text or None, its finish reason, its usage, and its other fields, in OpenAI's shape."""

    id: str

    text: str | None
    refusal: str | None
    finish: str
    usage: Value
    model: str
    reasoning: str
    calls: list[Value]
    logprobs: list[Value]


@dataclass(frozen=True)
class Hollow:
    """A completion that is damaged: `choices` in it where its shape is right, else the whole in place of one."""

    inside: bool
    value: Any


def read(body: Any) -> Said | Hollow:
    """Read a completion of any shape."""
    if not isinstance(body, dict) or "choices" not in body:
        return Hollow(inside=False, value=body)
    choices = body["choices"]
    if not choices:
        return Hollow(inside=True, value=choices)
    message = choices[0]["message"]
    if message is None:
        return Hollow(inside=True, value=[None])
    return Said(
        body.get("id", "chatcmpl-1"), message["content"], message.get("refusal"), choices[0]["finish_reason"], body["usage"],
        body["model"], message.get("reasoning_content") or "", message.get("tool_calls") or [],
        (choices[0].get("logprobs") or {}).get("content") or [],
    )  # fmt: skip


def arguments(call: Value) -> tuple[str, Value]:
    """Return the name of what a call calls, and its arguments."""
    return call["function"]["name"], json.loads(call["function"]["arguments"])
