"""From chats to the raw text that a model continues, by the chat template of its tokenizer."""

from typing import Any

from distilabel.models.llms.in_process import texts_only
from distilabel.models.llms.magpie import WritesUserMessages, add_pre_query, pre_query_of
from distilabel.typing import ChatType

__all__ = ["has_template", "prompt_of"]


def has_template(tokenizer: Any, chat_template: str | None = None) -> bool:
    """Tell whether chats can be written as the model wants them; if not, it is one that continues texts."""
    return bool(chat_template or getattr(tokenizer, "chat_template", None))


def prompt_of(
    tokenizer: Any, chat: ChatType, llm: WritesUserMessages, *, chat_template: str | None = None
) -> str:
    """Return the raw text for a chat, with the beginning of an answer, or of a message of the user's (see `Magpie`).

    Without a chat template it is the texts of the messages, with empty lines between.

    Args:
        tokenizer: One of transformers, or what has its `chat_template` and `apply_chat_template`.
        chat: Its messages are texts.
        llm: Says whether, and with what, a message of the user's begins.
        chat_template: Goes before the tokenizer's own.
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
