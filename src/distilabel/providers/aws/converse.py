"""Reading one answer of Bedrock's Converse, and the lines of its batches.

Shapes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html and the service model of botocore 1.44,
read in November 2026.
"""

from typing import Any

import orjson

from distilabel.exceptions import DistilabelModelNotFoundError
from distilabel.http import HttpResponse
from distilabel.providers.aws.common import spoken
from distilabel.providers.parsing.errors import failure_of, parse_error
from distilabel.providers.parsing.json_values import (
    as_dict,
    as_dicts,
    as_number,
    as_text,
    count_of,
    counted,
    read_json,
)
from distilabel.records import Failure, Outcome, Reply, Usage

__all__ = ["converse_answer", "converse_outcome", "record_outcome"]

_OK, _BAD_REQUEST, _NOT_FOUND = 200, 400, 404
_REFUSED = frozenset({"guardrail_intervened", "content_filtered"})
# Reasons for which an answer may be empty and yet is one: asked again, it would end there again.
_CUT_OFF = frozenset({"max_tokens", "model_context_window_exceeded", "stop_sequence"})


def converse_answer(response: HttpResponse) -> Outcome:
    """Read the response to one online request.

    Raises:
        DistilabelPlatformError: The credentials are not accepted, or the model is not known.
    """
    response = spoken(response)
    if response.status in (401, 403):
        raise parse_error(response)
    try:
        body = read_json(response.body)
    except ValueError:
        body = response.body
    outcome = converse_outcome(response.status, body)
    unknown = response.status == _BAD_REQUEST and b"model identifier is invalid" in response.body
    if isinstance(outcome, Failure) and (unknown or response.status == _NOT_FOUND):
        raise DistilabelModelNotFoundError(
            f"The platform does not know the model ({outcome.message}): check the name given as `model`, and the region.",
            status=response.status, code=outcome.code,
        )  # fmt: skip
    return outcome


def converse_outcome(status: int, body: Any) -> Outcome:
    """Read an answer of any shape: a reply, or why there is none.

    Args:
        status: The HTTP status that came with it.
        body: JSON already read, or bytes that are none.
    """
    if status != _OK or (isinstance(body, dict) and body.get("error")):
        return failure_of(status if status != _OK else 500, body)
    reply = _reply(body) if isinstance(body, dict) else None
    return reply or Failure("empty_reply", "The platform answered 200 with no answer in it.", retryable=True)


def record_outcome(line: dict[str, Any]) -> Outcome:
    """Read a result line: an answer, or an error in place of it; `online` is where we put what was asked online."""
    if online := as_dict(line.get("online")):
        return converse_outcome(as_number(online.get("status_code")) or 0, online.get("body"))
    error = as_dict(line.get("error"))
    if not error:
        return converse_outcome(_OK, line.get("modelOutput"))
    code = error.get("errorCode")
    message = as_text(error.get("errorMessage")) or "no reason was given"
    failure = failure_of(as_number(code) or 0, {"error": {"code": as_text(code), "message": message}})
    # Assumed: lines may carry `expired` and `retryable` too, which no page describes.
    again = error.get("expired") is True or error.get("retryable") is True
    return Failure(failure.code, failure.message, retryable=failure.retryable or again)


def _reply(body: dict[str, Any]) -> Reply | None:
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
        # A guardrail says in the answer's place why there is none.
        refusal=(text or refused) if refused else None,
        extras=extras,
    )


def _extras(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    thoughts = [as_dict(as_dict(block.get("reasoningContent")).get("reasoningText")) for block in blocks]
    calls = [use for block in blocks if isinstance(use := block.get("toolUse"), dict)]
    return {
        "tool_calls": [_tool_call(use) for use in calls],
        "reasoning": "\n".join(text for thought in thoughts if (text := as_text(thought.get("text")))),
    }


def _tool_call(use: dict[str, Any]) -> dict[str, Any]:
    """Return a tool's call in OpenAI's shape, which is what all our LLMs give."""
    arguments = orjson.dumps(use.get("input") or {}, option=orjson.OPT_NON_STR_KEYS).decode()
    function = {"name": str(use.get("name") or ""), "arguments": arguments}
    return {"id": use.get("toolUseId"), "type": "function", "function": function}


def _usage(usage: dict[str, Any]) -> Usage:
    # Of the three counts of input none holds another: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
    read = count_of(usage, "cacheReadInputTokens")
    written = count_of(usage, "cacheWriteInputTokens")
    return Usage(
        input_tokens=count_of(usage, "inputTokens") + read + written,
        output_tokens=count_of(usage, "outputTokens"),
        cached_tokens=counted(usage, "cacheReadInputTokens"),
    )
