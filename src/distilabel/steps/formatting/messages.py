"""Chats from the columns of a row; pure."""

import hashlib
from typing import Any

from distilabel.steps._core.row_errors import UnusableRowError, text_values
from distilabel.typing import ChatItem, ChatType, Row

__all__ = ["assistant", "instruction_chat", "messages_chat", "prompt_columns", "user"]


def user(text: str) -> ChatItem:
    """Return a user message with this text."""
    return {"role": "user", "content": text}


def assistant(text: str) -> ChatItem:
    """Return an assistant message with this text."""
    return {"role": "assistant", "content": text}


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
    return prompt, [{"role": message["role"], "content": message["content"]} for message in messages]


def _is_message(message: Any) -> bool:
    return isinstance(message, dict) and {"role", "content"} <= message.keys()


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and part.get("type") == "text")
