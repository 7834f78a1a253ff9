"""Raw text completions, with which a model on a server writes user messages."""

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
"""The format of one message for each model family; sources as for `PRE_QUERY_TEMPLATES`."""

_BEGIN = {"llama3": "<|begin_of_text|>", "qwen2": ""}
# Fields that chat completions accept and raw completions do not.
_FOR_CHATS = frozenset(
    {"messages", "logprobs", "top_logprobs", "reasoning_effort", "response_format", "tools", "tool_choice"}
)
_TOKENS = ("max_tokens", "max_completion_tokens")


def rendered(chat: ChatType, family: str | None) -> str:
    r"""Return a chat in the format of a model family, without the start of an answer.

    Args:
        chat: A chat whose messages are texts; "" is returned for an empty one.
        family: "llama3" or "qwen2".

    Raises:
        DistilabelUserError: The family is unknown.

    Examples:
        >>> rendered([{"role": "system", "content": "Be odd."}], "qwen2")
        '<|im_start|>system\nBe odd.<|im_end|>\n'
    """
    if not chat:
        return ""
    if family not in _MESSAGE:
        raise DistilabelUserError(
            "A user message after other messages, such as a system prompt, needs the whole chat template of the "
            f"model: set magpie_pre_query_template={' or '.join(map(repr, _MESSAGE))}, or use no system "
            "prompt and one turn only.",
        )
    message = _MESSAGE[family]
    return _BEGIN[family] + "".join(message.format(role=m["role"], content=m["content"]) for m in chat)


def as_completion(body: Mapping[str, Any], llm: WritesUserMessages) -> dict[str, Any]:
    r"""Return the body of a raw completion for a user message, else the chat's body.

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
    """Return the client for one body; raw text goes to the completions endpoint."""
    if "prompt" not in read_json(body):
        return client
    return replace(client, target=replace(client.target, endpoint=COMPLETIONS))
