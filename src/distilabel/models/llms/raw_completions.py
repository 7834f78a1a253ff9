"""Asking a server of OpenAI's shape to finish raw text, so that the model writes the user's message."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from distilabel.exceptions import DistilabelUserError
from distilabel.models.llms.magpie import WritesUserMessages, add_pre_query, pre_query_of
from distilabel.offline.client import ModelClient
from distilabel.providers.parsing.json_values import read_json
from distilabel.typing import ChatType

__all__ = ["as_completion", "rendered", "sent_to"]

COMPLETIONS = "/v1/completions"

_MESSAGE = {
    "llama3": "<|start_header_id|>{role}<|end_header_id|>\n\n{content}<|eot_id|>",
    "qwen2": "<|im_start|>{role}\n{content}<|im_end|>\n",
}
"""How a family of models writes one message; sources as for `PRE_QUERY_TEMPLATES`."""

_BEGIN = {"llama3": "<|begin_of_text|>", "qwen2": ""}
# What a chat may be asked with, and a raw text may not.
_FOR_CHATS = frozenset(
    {"messages", "logprobs", "top_logprobs", "reasoning_effort", "response_format", "tools", "tool_choice"}
)
_TOKENS = ("max_tokens", "max_completion_tokens")


def rendered(chat: ChatType, family: str | None) -> str:
    r"""Write a chat as a family of models does, without the beginning of an answer; "" for an empty one.

    Args:
        chat: Its messages are texts.
        family: "llama3" or "qwen2".

    Raises:
        DistilabelUserError: It is no such family.

    Examples:
        >>> rendered([{"role": "system", "content": "Be odd."}], "qwen2")
        '<|im_start|>system\nBe odd.<|im_end|>\n'
    """
    if not chat:
        return ""
    if family not in _MESSAGE:
        raise DistilabelUserError(
            "A message of the user's after other messages, such as a system prompt, needs the whole chat template of the "
            f"model: give magpie_pre_query_template={' or '.join(map(repr, _MESSAGE))}, or leave system prompts and "
            "further turns out.",
        )
    message = _MESSAGE[family]
    return _BEGIN[family] + "".join(message.format(role=m["role"], content=m["content"]) for m in chat)


def as_completion(body: Mapping[str, Any], llm: WritesUserMessages) -> dict[str, Any]:
    r"""Return a chat's body as it is, or, where the user's message is to be written, the body of a completion.

    Examples:
        >>> class Raw:
        ...     use_magpie_template = True
        ...     magpie_pre_query_template = "qwen2"
        >>> as_completion({"model": "m", "messages": [], "max_tokens": 9}, Raw())["prompt"]
        '<|im_start|>user\n'
    """
    chat = body["messages"]
    if pre_query_of(llm) is None or (chat and chat[-1]["role"] == "user"):
        return dict(body)
    kept = {name: value for name, value in body.items() if name not in _FOR_CHATS and name not in _TOKENS}
    kept["prompt"] = add_pre_query(rendered(chat, llm.magpie_pre_query_template), chat, llm)
    limit = next((body[name] for name in _TOKENS if name in body), None)
    return kept if limit is None else {**kept, "max_tokens": limit}


def sent_to(client: ModelClient, body: bytes) -> ModelClient:
    """Return the client for one body: that of completions where it holds a raw text."""
    if "prompt" not in read_json(body):
        return client
    return replace(client, target=replace(client.target, endpoint=COMPLETIONS))
