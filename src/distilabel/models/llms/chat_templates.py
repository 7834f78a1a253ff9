"""Rendering of chats with the chat template of a tokenizer."""

from typing import Any

from distilabel.models.llms.in_process import texts_only
from distilabel.models.llms.magpie import WritesUserMessages, add_pre_query, pre_query_of
from distilabel.typing import ChatType

__all__ = ["has_template", "prompt_of"]


def has_template(tokenizer: Any, chat_template: str | None = None) -> bool:
    """Return whether there is a chat template; a base model has none."""
    return bool(chat_template or getattr(tokenizer, "chat_template", None))


def prompt_of(
    tokenizer: Any, chat: ChatType, llm: WritesUserMessages, *, chat_template: str | None = None
) -> str:
    """Return the raw text for a chat.

    It ends with the start of an answer, or of a user message (see `Magpie`). Without a chat template it consists of the
    texts of the messages, with empty lines between them.

    Args:
        tokenizer: A tokenizer of transformers, or an object with `chat_template` and `apply_chat_template`.
        chat: A chat whose messages are texts.
        llm: The LLM, whose fields define whether and how a user message starts.
        chat_template: Overrides the tokenizer's own.
    """
    messages = texts_only(chat, type(llm).__name__)
    writes_user = pre_query_of(llm) is not None and not (chat and chat[-1]["role"] == "user")
    if not has_template(tokenizer, chat_template):
        text = "\n\n".join(message["content"] for message in messages)
        return add_pre_query(text, chat, llm)
    if not messages and writes_user:
        return add_pre_query("", chat, llm)
    more = {"chat_template": chat_template} if chat_template else {}
    prompt: str = tokenizer.apply_chat_template(
        messages, tokenize=False, add_generation_prompt=not writes_user, **more
    )
    return add_pre_query(prompt, chat, llm)
