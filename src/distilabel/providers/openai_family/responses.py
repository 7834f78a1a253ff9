"""Reading a response of OpenAI's Responses API: its output items, its token counts, and why it ended.

Shape: https://platform.openai.com/docs/api-reference/responses/object, read in November 2026.
"""

from collections.abc import Iterator
from typing import Any

from distilabel.providers.parsing.errors import parse_failure
from distilabel.providers.parsing.json_values import as_dict, as_dicts, as_list, as_number
from distilabel.records import Outcome, Reply, Usage

__all__ = ["responses_outcome"]

# The names that Chat Completions gives to the same reasons.
_FINISH_REASONS = {"completed": "stop", "max_output_tokens": "length"}


def responses_outcome(body: dict[str, Any]) -> Outcome | None:
    """Read a response, complete or cut off; None where it holds neither text, nor refusal, nor tool calls."""
    if body.get("status") in ("failed", "cancelled"):
        return parse_failure(500, {"error": body.get("error") or {"code": f"response_{body['status']}"}})
    items = as_dicts(body.get("output"))
    parts = [
        part for item in items if item.get("type") == "message" for part in as_dicts(item.get("content"))
    ]
    texts = [part["text"] for part in parts if _is(part, "output_text", "text")]
    refusals = [part["refusal"] for part in parts if _is(part, "refusal", "refusal")]
    extras, finish = _extras(items, parts), _finish_reason(body)
    if not texts and not refusals and finish == "content_filter":
        refusals = ["content_filter"]
    if not texts and not refusals and "tool_calls" not in extras and finish == "length":
        texts = [""]  # the limit cut the reasoning
    if not texts and not refusals and "tool_calls" not in extras:
        return None
    return Reply(
        text="".join(texts) if texts else None,
        usage=_usage(as_dict(body.get("usage"))),
        finish_reason="tool_calls" if finish == "stop" and "tool_calls" in extras else finish,
        refusal="".join(refusals) or None,
        request_id=str(body["id"]) if body.get("id") else None,
        extras=extras,
    )


def _finish_reason(body: dict[str, Any]) -> str | None:
    reason = as_dict(body.get("incomplete_details")).get("reason") or body.get("status")
    return _FINISH_REASONS.get(str(reason), str(reason)) if reason else None


def _extras(items: list[dict[str, Any]], parts: list[dict[str, Any]]) -> dict[str, Any]:
    found = {
        "tool_calls": [_tool_call(item) for item in items if item.get("type") == "function_call"],
        "reasoning": "\n".join(_thoughts(items)),
        "logprobs": [token for part in parts for token in as_list(part.get("logprobs"))],
    }
    return {name: value for name, value in found.items() if value}


def _tool_call(item: dict[str, Any]) -> dict[str, Any]:
    """Return a tool call in the shape of Chat Completions."""
    function = {"name": item.get("name"), "arguments": item.get("arguments")}
    return {"id": item.get("call_id"), "type": "function", "function": function}


def _thoughts(items: list[dict[str, Any]]) -> Iterator[str]:
    for item in items:
        if item.get("type") == "reasoning":
            for part in (*as_dicts(item.get("summary")), *as_dicts(item.get("content"))):
                if isinstance(part.get("text"), str):
                    yield part["text"]


def _is(part: dict[str, Any], kind: str, name: str) -> bool:
    return part.get("type") == kind and isinstance(part.get(name), str)


def _usage(usage: dict[str, Any]) -> Usage:
    return Usage(
        input_tokens=as_number(usage.get("input_tokens")) or 0,
        output_tokens=as_number(usage.get("output_tokens")) or 0,
        cached_tokens=as_number(as_dict(usage.get("input_tokens_details")).get("cached_tokens")),
        reasoning_tokens=as_number(as_dict(usage.get("output_tokens_details")).get("reasoning_tokens")),
    )
