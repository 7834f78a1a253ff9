"""Chats from the columns of a row; pure."""

import hashlib
from typing import Any

from distilabel.steps._core.row_errors import UnusableRowError, text_values
from distilabel.typing import ChatItem, ChatType, Row

__all__ = ["assistant", "assistant_message", "instruction_chat", "messages_chat", "prompt_columns", "user"]


def user(text: str) -> ChatItem:
    """Return a user message with this text."""
    return {"role": "user", "content": text}


def assistant(text: str) -> ChatItem:
    """Return an assistant message with this text."""
    return {"role": "assistant", "content": text}


def assistant_message(text: str | None, calls: Any) -> ChatItem:
    """Return an assistant message with a text, with tool calls as `llm_<step>_tool_calls` holds them, or with both.

    Examples:
        >>> assistant_message(None, [{"id": "1", "name": "f", "arguments": "{}"}])["tool_calls"]
        [{'id': '1', 'type': 'function', 'function': {'name': 'f', 'arguments': '{}'}}]
    """
    message: Any = {"role": "assistant", "content": text}
    if calls:
        functions = [{"name": call["name"], "arguments": call["arguments"]} for call in calls]
        message["tool_calls"] = [
            {"id": call["id"], "type": "function", "function": function}
            for call, function in zip(calls, functions, strict=True)
        ]
    one: ChatItem = message
    return one


def prompt_columns(prompt: str) -> Row:
    """Return a prompt and its id, the hexadecimal SHA-256 of its UTF-8 bytes.

    Examples:
        >>> prompt_columns("Hi")["prompt_id"][:8]
        '3639efcd'
    """
    return {"prompt": prompt, "prompt_id": hashlib.sha256(prompt.encode()).hexdigest()}


def instruction_chat(row: Row) -> tuple[str, ChatType]:
    """Return a row's instruction, and the chat of its optional system prompt and the instruction.

    Raises:
        UnusableRowError: There is no instruction, or the system prompt is not text.
    """
    (instruction,) = text_values(row, ["instruction"])
    if not row.get("system_prompt"):
        return instruction, [user(instruction)]
    (system_prompt,) = text_values(row, ["system_prompt"])
    return instruction, [{"role": "system", "content": system_prompt}, user(instruction)]


def messages_chat(row: Row) -> tuple[str, ChatType]:
    """Return the text of the first user message in a row's column `messages`, and the messages.

    Raises:
        UnusableRowError: They are not messages, there is no user text, or the last message is the assistant's.
    """
    messages = row.get("messages")
    if not isinstance(messages, list) or not all(_is_message(message) for message in messages):
        raise UnusableRowError(
            "Column 'messages' is not a list of messages, each a dict with `role` and `content`."
        )
    prompt = next((_text(message["content"]) for message in messages if message["role"] == "user"), "")
    if not prompt:
        raise UnusableRowError("Column 'messages' has no user message with text.")
    if messages[-1]["role"] == "assistant":
        raise UnusableRowError("The last message in column 'messages' is the assistant's already.")
    # Arrow gives all messages the keys of all others.
    chat: Any = [
        {
            name: value
            for name, value in {**message, "content": message.get("content")}.items()
            if name == "content" or value is not None
        }
        for message in messages
    ]
    whole: ChatType = chat
    return prompt, whole


def _is_message(message: Any) -> bool:
    is_one = isinstance(message, dict) and message.get("role")
    return bool(is_one) and ("content" in message or bool(message.get("tool_calls")))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and part.get("type") == "text")
