"""Making chats out of the columns of a row; pure."""

import hashlib
from typing import Any

from distilabel.steps._core.row_errors import UnusableRowError, text_values
from distilabel.typing import ChatItem, ChatType, Row

__all__ = ["asked_by", "assistant", "chat_of", "prompt_columns", "user"]


def user(text: str) -> ChatItem:
    """Give the user's message with this text."""
    return {"role": "user", "content": text}


def assistant(text: str) -> ChatItem:
    """Give the assistant's message with this text."""
    return {"role": "assistant", "content": text}


def prompt_columns(prompt: str) -> Row:
    """Give a prompt and its id: the SHA-256 of its UTF-8, in hexadecimal digits.

    Examples:
        >>> prompt_columns("Hi")["prompt_id"][:8]
        '3639efcd'
    """
    return {"prompt": prompt, "prompt_id": hashlib.sha256(prompt.encode()).hexdigest()}


def asked_by(row: Row) -> tuple[str, ChatType]:
    """Give a row's instruction, and the chat that asks it: after the system prompt, if the row has one.

    Raises:
        UnusableRowError: There is no instruction, or the system prompt is not text.
    """
    (instruction,) = text_values(row, ["instruction"])
    if not row.get("system_prompt"):
        return instruction, [user(instruction)]
    (system_prompt,) = text_values(row, ["system_prompt"])
    return instruction, [{"role": "system", "content": system_prompt}, user(instruction)]


def chat_of(row: Row) -> tuple[str, ChatType]:
    """Give the text of the first user message of a row's column `messages`, and the messages.

    Raises:
        UnusableRowError: They are not messages, the user says no text, or the assistant has had the last word.
    """
    messages = row.get("messages")
    if not isinstance(messages, list) or not all(_is_message(message) for message in messages):
        raise UnusableRowError(
            "Column 'messages' is not a list of messages, each a dict with `role` and `content`."
        )
    prompt = next((_text(message["content"]) for message in messages if message["role"] == "user"), "")
    if not prompt:
        raise UnusableRowError("There is no text by the user in column 'messages'.")
    if messages[-1]["role"] == "assistant":
        raise UnusableRowError("The assistant has the last word in column 'messages' already.")
    return prompt, [{"role": message["role"], "content": message["content"]} for message in messages]


def _is_message(message: Any) -> bool:
    return isinstance(message, dict) and {"role", "content"} <= message.keys()


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and part.get("type") == "text")
