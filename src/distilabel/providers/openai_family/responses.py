"""Reading one response of OpenAI's Responses API: its output items, what they cost, and why it ended.

Shape: https://platform.openai.com/docs/api-reference/responses/object, read in November 2026.
"""

from collections.abc import Iterator
from typing import Any

from distilabel.providers.parsing.errors import failure_of
from distilabel.providers.parsing.json_values import count_of, counted
from distilabel.records import Failure, Reply, Usage

__all__ = ["response_failure", "response_reply"]

# As Chat Completions calls the same.
_FINISH_REASONS = {"completed": "stop", "max_output_tokens": "length"}


def response_failure(body: dict[str, Any]) -> Failure | None:
    """Return why a response holds nothing; None where it may hold something."""
    if body.get("status") in ("failed", "cancelled"):
        return failure_of(500, {"error": body.get("error") or {"code": f"response_{body['status']}"}})
    return None


def response_reply(body: dict[str, Any]) -> Reply | None:
    """Read a response that went through, as a whole or cut off; None where there is nothing in it."""
    items = [item for item in body["output"] if isinstance(item, dict)]
    parts = [part for item in items if item.get("type") == "message" for part in _parts(item, "content")]
    texts = [part["text"] for part in parts if _is(part, "output_text", "text")]
    refusals = [part["refusal"] for part in parts if _is(part, "refusal", "refusal")]
    extras, finish = _extras(items, parts), _finish_reason(body)
    if not texts and not refusals and finish == "content_filter":
        refusals = ["content_filter"]
    if not texts and not refusals and "tool_calls" not in extras:
        return None
    return Reply(
        text="".join(texts) if texts else None,
        usage=_usage(body.get("usage")),
        finish_reason="tool_calls" if finish == "stop" and "tool_calls" in extras else finish,
        refusal="".join(refusals) or None,
        request_id=str(body["id"]) if body.get("id") else None,
        extras=extras,
    )


def _finish_reason(body: dict[str, Any]) -> str | None:
    details = body.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, dict) else None
    word = reason or body.get("status")
    return _FINISH_REASONS.get(str(word), str(word)) if word else None


def _extras(items: list[dict[str, Any]], parts: list[dict[str, Any]]) -> dict[str, Any]:
    found = {
        "tool_calls": [_tool_call(item) for item in items if item.get("type") == "function_call"],
        "reasoning": "\n".join(_thoughts(items)),
        "logprobs": [
            token for part in parts if isinstance(part.get("logprobs"), list) for token in part["logprobs"]
        ],
    }
    return {name: value for name, value in found.items() if value}


def _tool_call(item: dict[str, Any]) -> dict[str, Any]:
    """Return a call in the shape that Chat Completions gives it."""
    function = {"name": item.get("name"), "arguments": item.get("arguments")}
    return {"id": item.get("call_id"), "type": "function", "function": function}


def _thoughts(items: list[dict[str, Any]]) -> Iterator[str]:
    for item in items:
        if item.get("type") == "reasoning":
            for part in (*_parts(item, "summary"), *_parts(item, "content")):
                if isinstance(part.get("text"), str):
                    yield part["text"]


def _parts(item: dict[str, Any], name: str) -> list[dict[str, Any]]:
    parts = item.get(name)
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _is(part: dict[str, Any], kind: str, name: str) -> bool:
    return part.get("type") == kind and isinstance(part.get(name), str)


def _usage(value: Any) -> Usage:
    usage = value if isinstance(value, dict) else {}
    return Usage(
        input_tokens=count_of(usage, "input_tokens"),
        output_tokens=count_of(usage, "output_tokens"),
        cached_tokens=counted(usage.get("input_tokens_details"), "cached_tokens"),
        reasoning_tokens=counted(usage.get("output_tokens_details"), "reasoning_tokens"),
    )
