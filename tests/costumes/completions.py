"""What a completion of the embedded platform says, whole or damaged, for costumes to say it otherwise."""

from dataclasses import dataclass
from typing import Any

from tests.costumes.base import Value

__all__ = ["Hollow", "Said", "read"]


@dataclass(frozen=True)
class Said:
    """An answer: its text, or None; why it ended; what it cost."""

    text: str | None
    refusal: str | None
    finish: str
    usage: Value
    model: str


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
        message["content"], message.get("refusal"), choices[0]["finish_reason"], body["usage"], body["model"]
    )
