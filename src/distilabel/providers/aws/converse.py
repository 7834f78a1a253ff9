"""Reading a response of Bedrock's Converse, online or from a batch.

Shapes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html and the service model of botocore 1.44,
read in November 2026.
"""

from dataclasses import replace
from typing import Any

from distilabel.http import HttpResponse
from distilabel.providers.aws.common import normalize_error
from distilabel.providers.base import read_online_response
from distilabel.providers.parsing.errors import EMPTY_REPLY, parse_failure, response_failure, unquoted
from distilabel.providers.parsing.json_values import as_dict, as_dicts, as_number, as_text
from distilabel.providers.parsing.tool_calls import tool_call
from distilabel.records import Outcome, Reply, Usage

__all__ = ["converse_outcome", "read_converse_response", "record_outcome"]

_OK, _BAD_REQUEST = 200, 400
_REFUSED = frozenset({"guardrail_intervened", "content_filtered"})
# Stop reasons with which an empty text is a valid answer: a second request would end in the same way.
_CUT_OFF = frozenset({"max_tokens", "model_context_window_exceeded", "stop_sequence"})


def read_converse_response(response: HttpResponse) -> Outcome:
    """Read the response to one online request.

    Raises:
        DistilabelAuthenticationError: The platform rejected the credentials.
        DistilabelModelNotFoundError: The platform does not know the model.
    """
    response = normalize_error(response)
    unknown = response.status == _BAD_REQUEST and b"model identifier is invalid" in response.body
    remedy = "check the name given as `model`, and the region"
    return read_online_response(response, converse_outcome, unknown_model=unknown, remedy=remedy)


def converse_outcome(status: int, body: Any) -> Outcome:
    """Read the response to one request.

    Args:
        status: The HTTP status.
        body: Parsed JSON of any shape, or the bytes where they are not JSON.
    """
    return response_failure(status, body) or _read_reply(as_dict(unquoted(body))) or EMPTY_REPLY


def record_outcome(line: dict[str, Any]) -> Outcome:
    """Read a result line of a batch: a response or an error.

    The field `online` is ours: it holds the response to an online request.
    """
    if online := as_dict(line.get("online")):
        return converse_outcome(as_number(online.get("status_code")) or 0, online.get("body"))
    error = as_dict(line.get("error"))
    if not error:
        return converse_outcome(_OK, line.get("modelOutput"))
    code = error.get("errorCode")
    message = as_text(error.get("errorMessage")) or "no reason was given"
    failure = parse_failure(as_number(code) or 0, {"error": {"code": as_text(code), "message": message}})
    # Assumed: lines may carry `expired` and `retryable` too, which no page describes.
    retryable = error.get("expired") is True or error.get("retryable") is True
    return replace(failure, retryable=failure.retryable or retryable)


def _read_reply(body: dict[str, Any]) -> Reply | None:
    blocks = as_dicts(as_dict(as_dict(body.get("output")).get("message")).get("content"))
    reason = as_text(body.get("stopReason"))
    refused = reason if reason in _REFUSED else None
    texts = [text for block in blocks if isinstance(text := block.get("text"), str)]
    extras = {name: value for name, value in _extras(blocks).items() if value}
    text = "".join(texts) if texts else None
    if text is None and "tool_calls" not in extras and reason in _CUT_OFF:
        text = ""
    if text is None and "tool_calls" not in extras and not refused:
        return None
    return Reply(
        text=None if refused else text,
        usage=_usage(as_dict(body.get("usage"))),
        finish_reason=reason,
        # A guardrail puts its reason in the place of the answer.
        refusal=(text or refused) if refused else None,
        extras=extras,
    )


def _extras(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    thoughts = [as_dict(as_dict(block.get("reasoningContent")).get("reasoningText")) for block in blocks]
    calls = [use for block in blocks if isinstance(use := block.get("toolUse"), dict)]
    return {
        "tool_calls": [tool_call(use.get("toolUseId"), use.get("name"), use.get("input")) for use in calls],
        "reasoning": "\n".join(text for thought in thoughts if (text := as_text(thought.get("text")))),
    }


def _usage(usage: dict[str, Any]) -> Usage:
    # The three counts of input do not overlap: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
    # (November 2026).
    read, written = (as_number(usage.get(f"cache{kind}InputTokens")) for kind in ("Read", "Write"))
    return Usage(
        input_tokens=(as_number(usage.get("inputTokens")) or 0) + (read or 0) + (written or 0),
        output_tokens=as_number(usage.get("outputTokens")) or 0,
        cached_tokens=read,
    )
