"""Reading a chat completion, or a completion of a raw prompt, in OpenAI's shape.

Shapes: https://platform.openai.com/docs/api-reference/chat/object and
https://platform.openai.com/docs/api-reference/completions/object, read in November 2026.
"""

from typing import Any

from distilabel.providers.parsing.json_values import as_dict, as_number
from distilabel.providers.parsing.logprobs import openai_logprobs
from distilabel.records import Reply, Usage

__all__ = ["chat_reply"]


def chat_reply(body: dict[str, Any]) -> Reply | None:
    """Read a chat completion; None where it holds neither text, nor refusal, nor tool calls."""
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return None
    # The completion of a raw prompt has `text` in place of a message.
    message = choice["message"] if "message" in choice else {"content": choice.get("text")}
    if not isinstance(message, dict):
        return None
    text, refusal = _text(message.get("content")), message.get("refusal")
    finish, name = choice.get("finish_reason"), body.get("id")
    if text is None and not refusal and finish == "content_filter":
        refusal = "content_filter"
    extras = _extras(message, choice)
    if text is None and not refusal and "tool_calls" not in extras and finish == "length":
        # vLLM sends no content where the limit cut the reasoning: a second request would end in the same way.
        text = ""
    if text is None and not refusal and "tool_calls" not in extras:
        return None
    return Reply(
        text,
        _usage(as_dict(body.get("usage"))),
        str(finish) if finish else None,
        str(refusal) if refusal else None,
        str(name) if name else None,
        extras,
    )


def _text(content: Any) -> str | None:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str)) if parts else None
    return None


def _extras(message: dict[str, Any], choice: dict[str, Any]) -> dict[str, Any]:
    found = {}
    if calls := message.get("tool_calls"):
        found["tool_calls"] = calls
    # Which of the two names depends on the platform; OpenAI itself has neither.
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    content = message.get("content")
    if not reasoning and isinstance(content, list):
        # Mistral's reasoning is a part of the message: https://docs.mistral.ai/capabilities/reasoning (November 2026).
        thoughts = [_text(part.get("thinking")) for part in content if isinstance(part, dict)]
        reasoning = "".join(thought for thought in thoughts if thought)
    if reasoning:
        found["reasoning"] = reasoning
    if (given := choice.get("logprobs")) and (logprobs := openai_logprobs(given)):
        found["logprobs"] = logprobs
    return found


def _usage(usage: dict[str, Any]) -> Usage:
    prompt, completion = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    return Usage(
        as_number(usage.get("prompt_tokens")) or 0,
        as_number(usage.get("completion_tokens")) or 0,
        as_number(prompt.get("cached_tokens")) if isinstance(prompt, dict) else None,
        as_number(completion.get("reasoning_tokens")) if isinstance(completion, dict) else None,
    )
