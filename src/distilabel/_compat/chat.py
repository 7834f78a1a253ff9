"""Telling whether a value is a chat."""

from typing import Any

__all__ = ["is_openai_format"]

_ROLES = frozenset({"system", "user", "assistant", "developer", "tool"})


def is_openai_format(input: Any) -> bool:
    """Tell whether a value is a list of messages, each with a `role`, and a `content` or `tool_calls`.

    Examples:
        >>> is_openai_format([{"role": "user", "content": "Hi"}])
        True
        >>> is_openai_format("Hi")
        False
    """
    return isinstance(input, list) and len(input) > 0 and all(map(_is_message, input))


def _is_message(value: Any) -> bool:
    is_one = isinstance(value, dict) and value.get("role") in _ROLES
    return is_one and ("content" in value or bool(value.get("tool_calls")))
