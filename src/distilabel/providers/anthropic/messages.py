"""Reading one message, as Anthropic shapes it.

Shape: https://platform.claude.com/docs/en/api/messages and the types of the official SDK 2.12, read in November 2026.
"""

from typing import Any

import orjson

from distilabel.providers.parsing.errors import failure_of
from distilabel.providers.parsing.json_values import as_dict, as_dicts, as_number, as_text, count_of, counted
from distilabel.records import Failure, Outcome, Reply, Usage

__all__ = ["message_outcome", "result_outcome"]

_OK = 200
# Reasons for which an answer may be empty and yet is one: asked again, it would end there again.
_CUT_OFF = frozenset({"max_tokens", "model_context_window_exceeded", "stop_sequence"})
_RETRYABLE = frozenset({"api_error", "overloaded_error", "rate_limit_error", "timeout_error", "empty_line"})


def message_outcome(status: int, body: Any) -> Outcome:
    """Read a message of any shape: a reply, or why there is none.

    Args:
        status: The HTTP status that came with it.
        body: JSON already read, or bytes that are none.
    """
    if status != _OK or (isinstance(body, dict) and body.get("error")):
        return failure_of(status if status != _OK else 500, body)
    content = body.get("content") if isinstance(body, dict) else None
    reply = _reply(body, as_dicts(content)) if isinstance(content, list) else None
    return reply or Failure("empty_reply", "The platform answered 200 with no answer in it.", retryable=True)


def result_outcome(result: dict[str, Any]) -> Outcome:
    """Read the result of one request of a batch; `online` is the type of those that were asked online."""
    kind = result.get("type")
    if kind == "online":
        return message_outcome(as_number(result.get("status_code")) or 0, result.get("message"))
    if kind == "succeeded":
        return message_outcome(200, result.get("message"))
    if kind in ("expired", "canceled"):
        return Failure(
            f"batch_{kind}", f"The request had not been run when the batch was {kind}.", retryable=True
        )
    error = as_dict(result.get("error"))
    error = as_dict(error.get("error")) or error
    code = str(error.get("type") or "empty_line")
    # A line that says nothing is the platform's fault.
    return Failure(code, str(error.get("message") or code), retryable=code in _RETRYABLE)


def _reply(body: dict[str, Any], blocks: list[dict[str, Any]]) -> Reply | None:
    reason = as_text(body.get("stop_reason"))
    texts = [text for block in blocks if isinstance(text := block.get("text"), str)]
    extras = {name: value for name, value in _extras(blocks).items() if value}
    text = "".join(texts) if texts else None
    if text is None and "tool_calls" not in extras and reason in _CUT_OFF:
        text = ""
    refused = reason == "refusal"
    if text is None and "tool_calls" not in extras and not refused:
        return None
    return Reply(
        # What was said before a refusal is to be thrown away, says the platform's page on refusals.
        text=None if refused else text,
        usage=_usage(as_dict(body.get("usage"))),
        finish_reason=reason,
        refusal=as_text(as_dict(body.get("stop_details")).get("explanation")) or "refusal"
        if refused
        else None,
        request_id=as_text(body.get("id")),
        extras=extras,
    )


def _extras(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    thoughts = [text for block in blocks if (text := as_text(block.get("thinking")))]
    calls = [_tool_call(block) for block in blocks if block.get("type") == "tool_use"]
    return {"tool_calls": calls, "reasoning": "\n".join(thoughts)}


def _tool_call(block: dict[str, Any]) -> dict[str, Any]:
    """Return a tool's call in OpenAI's shape, which is what all our LLMs give."""
    arguments = orjson.dumps(block.get("input") or {}, option=orjson.OPT_NON_STR_KEYS).decode()
    name = str(block.get("name") or "")
    return {"id": block.get("id"), "type": "function", "function": {"name": name, "arguments": arguments}}


def _usage(usage: dict[str, Any]) -> Usage:
    # Of the three counts of input none holds another: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
    read = count_of(usage, "cache_read_input_tokens")
    written = count_of(usage, "cache_creation_input_tokens")
    return Usage(
        input_tokens=count_of(usage, "input_tokens") + read + written,
        output_tokens=count_of(usage, "output_tokens"),
        cached_tokens=counted(usage, "cache_read_input_tokens"),
        reasoning_tokens=counted(usage.get("output_tokens_details"), "thinking_tokens"),
    )
