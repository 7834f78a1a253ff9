"""Drops the None values that Arrow adds: it gives all dicts of a column the keys of all others."""

from typing import Any

from distilabel.typing import ChatType, FormattedInput

__all__ = ["without_padding"]

# Keywords of JSON Schema that hold values, not schemas: nulls within them stay. A null in place of the keyword is padding.
_VALUES = frozenset({"default", "examples", "enum"})


def without_padding(formatted: FormattedInput) -> FormattedInput:
    """Return an input of an LLM without the keys that have None only because another row has them.

    Examples:
        >>> without_padding([{"role": "user", "content": [{"type": "text", "text": "Hi", "image_url": None}]}])
        [{'role': 'user', 'content': [{'type': 'text', 'text': 'Hi'}]}]
    """
    if isinstance(formatted, tuple):
        chat, structure = formatted
        if isinstance(structure, dict) and isinstance(structure.get("schema"), dict):
            structure = {**structure, "schema": _schema(structure["schema"])}
        return _chat(chat), structure
    plain: ChatType = _chat(formatted)
    return plain


def _chat(chat: Any) -> Any:
    is_padded = isinstance(chat, list) and any(
        isinstance(message, dict) and len(message) > 1 for message in chat
    )
    return [_message(message) for message in chat] if is_padded else chat


def _message(message: Any) -> Any:
    if not isinstance(message, dict) or (len(message) == 2 and isinstance(message.get("content"), str)):  # noqa: PLR2004
        return message
    kept = {name: _part(value) for name, value in message.items() if value is not None}
    # The message with tool calls alone: all platforms take a content of null.
    return kept if "content" in kept else {"role": message.get("role"), "content": None, **kept}


def _part(value: Any) -> Any:
    if isinstance(value, list):
        return [_part(item) for item in value]
    if isinstance(value, dict):
        # The arguments of a call may hold null.
        return {
            name: inner if name == "arguments" else _part(inner)
            for name, inner in value.items()
            if inner is not None
        }
    return value


def _schema(value: Any) -> Any:
    if isinstance(value, list):
        return [_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    is_null = value.get("type") == "null" or all(inner is None for inner in value.values())
    return {
        name: inner if name in _VALUES else _schema(inner)
        for name, inner in value.items()
        if inner is not None or (name == "const" and is_null)
    }
