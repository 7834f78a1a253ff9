"""Reading a message in Anthropic's shape, online or from a batch.

Shape: https://platform.claude.com/docs/en/api/messages and the types of the official SDK 2.12, read in November 2026.
"""

from typing import Any

from distilabel.providers.parsing.errors import EMPTY_REPLY, concerns_account, response_failure, unquoted
from distilabel.providers.parsing.json_values import as_dict, as_dicts, as_number, as_text
from distilabel.providers.parsing.tool_calls import tool_call
from distilabel.records import Failure, Outcome, Reply, Usage

__all__ = ["message_outcome", "result_outcome"]

# Stop reasons with which an empty text is a valid answer: a second request would end in the same way.
_CUT_OFF = frozenset({"max_tokens", "model_context_window_exceeded", "stop_sequence"})
_RETRYABLE = frozenset({"api_error", "overloaded_error", "rate_limit_error", "timeout_error", "empty_line"})


def message_outcome(status: int, body: Any) -> Outcome:
    """Read the response to one request.

    Args:
        status: The HTTP status.
        body: Parsed JSON of any shape, or the bytes where they are not JSON.
    """
    if failure := response_failure(status, body):
        return failure
    message = as_dict(unquoted(body))
    content = message.get("content")
    reply = _read_reply(message, as_dicts(content)) if isinstance(content, list) else None
    return reply or EMPTY_REPLY


def result_outcome(result: dict[str, Any]) -> Outcome:
    """Read the `result` of a result line. The type `online` is ours: it marks the response to an online request."""
    kind = result.get("type")
    if kind == "online":
        return message_outcome(as_number(result.get("status_code")) or 0, result.get("message"))
    if kind == "succeeded":
        return message_outcome(200, result.get("message"))
    if kind in ("expired", "canceled"):
        return Failure(
            f"batch_{kind}", f"The batch was {kind} before this request was processed.", retryable=True
        )
    error = as_dict(unquoted(result.get("error")))
    error = as_dict(error.get("error")) or error
    # A line without a result is the platform's fault, so it may be retried.
    code = str(error.get("type") or "empty_line")
    message = str(error.get("message") or code)
    account = concerns_account([code], message)
    return Failure(code, message, retryable=code in _RETRYABLE, account=account)


def _read_reply(body: dict[str, Any], blocks: list[dict[str, Any]]) -> Reply | None:
    reason = as_text(body.get("stop_reason"))
    texts = [text for block in blocks if isinstance(text := block.get("text"), str)]
    extras = {name: value for name, value in _extras(blocks).items() if value}
    text = "".join(texts) if texts else None
    if text is None and "tool_calls" not in extras and reason in _CUT_OFF:
        text = ""
    refused = reason == "refusal"
    if text is None and "tool_calls" not in extras and not refused:
        return None
    explanation = as_text(as_dict(body.get("stop_details")).get("explanation"))
    return Reply(
        # The platform's page on refusals says that the text before a refusal must be discarded.
        text=None if refused else text,
        usage=_usage(as_dict(body.get("usage"))),
        finish_reason=reason,
        refusal=(explanation or "refusal") if refused else None,
        request_id=as_text(body.get("id")),
        extras=extras,
    )


def _extras(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "tool_calls": [
            tool_call(block.get("id"), block.get("name"), block.get("input"))
            for block in blocks
            if block.get("type") == "tool_use"
        ],
        "reasoning": "\n".join(text for block in blocks if (text := as_text(block.get("thinking")))),
    }


def _usage(usage: dict[str, Any]) -> Usage:
    # The three counts of input do not overlap: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
    # (November 2026).
    read = as_number(usage.get("cache_read_input_tokens"))
    written = as_number(usage.get("cache_creation_input_tokens")) or 0
    return Usage(
        input_tokens=(as_number(usage.get("input_tokens")) or 0) + (read or 0) + written,
        output_tokens=as_number(usage.get("output_tokens")) or 0,
        cached_tokens=read,
        reasoning_tokens=as_number(as_dict(usage.get("output_tokens_details")).get("thinking_tokens")),
    )
