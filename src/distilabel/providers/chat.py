"""Reading one chat completion, as OpenAI shapes it.

Shape: https://platform.openai.com/docs/api-reference/chat/object, read in November 2026.
"""

from typing import Any

from distilabel.providers.base import failure_of
from distilabel.records import Failure, Outcome, Reply, Usage

__all__ = ["chat_outcome"]


def chat_outcome(status: int, body: Any) -> Outcome:
    """Read a chat completion of any shape: a reply, or why there is none.

    Args:
        status: The HTTP status that came with it.
        body: JSON already read, or bytes that are none.
    """
    if status != 200 or (isinstance(body, dict) and body.get("error")):  # noqa: PLR2004
        # A 200 that carries an error is the platform's fault, as is a status that is none.
        return failure_of(status if status != 200 else 500, body)  # noqa: PLR2004
    reply = _reply(body) if isinstance(body, dict) else None
    return reply or Failure("empty_reply", "The platform answered 200 with no answer in it.", retryable=True)


def _reply(body: dict[str, Any]) -> Reply | None:
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        return None
    text, refusal_text = _text(message.get("content")), message.get("refusal")
    finish = choice.get("finish_reason")
    if text is None and not refusal_text and finish == "content_filter":
        refusal_text = "content_filter"
    extras = _extras(message, choice)
    if text is None and not refusal_text and "tool_calls" not in extras:
        return None
    return Reply(
        text=text,
        usage=_usage(body.get("usage")),
        finish_reason=str(finish) if finish else None,
        refusal=str(refusal_text) if refusal_text else None,
        request_id=str(body["id"]) if body.get("id") else None,
        extras=extras,
    )


def _text(content: Any) -> str | None:
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str)) if parts else None
    return content if isinstance(content, str) else None


def _extras(message: dict[str, Any], choice: dict[str, Any]) -> dict[str, Any]:
    logprobs = choice.get("logprobs")
    found = {
        "tool_calls": message.get("tool_calls"),
        "reasoning": message.get("reasoning_content"),
        "logprobs": logprobs.get("content") if isinstance(logprobs, dict) else None,
    }
    return {name: value for name, value in found.items() if value}


def _usage(value: Any) -> Usage:
    usage = value if isinstance(value, dict) else {}
    return Usage(
        input_tokens=_count(usage, "prompt_tokens"),
        output_tokens=_count(usage, "completion_tokens"),
        cached_tokens=_count(usage.get("prompt_tokens_details"), "cached_tokens"),
        reasoning_tokens=_count(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )


def _count(value: Any, name: str) -> int:
    number = value.get(name) if isinstance(value, dict) else None
    return number if isinstance(number, int) and number >= 0 else 0
