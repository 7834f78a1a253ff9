"""Cohere's dialect: its own chat API, version 2; online only.

Shapes: https://docs.cohere.com/reference/chat and the types of the official SDK 7.3, read in November 2026.
"""

from typing import Any

from distilabel.http import HttpRequest, HttpResponse
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.providers.parsing.errors import failure_of, parse_error
from distilabel.providers.parsing.json_values import as_dict, as_dicts, as_text, read_json
from distilabel.records import Failure, Outcome, Reply, Target, Usage

__all__ = ["Cohere"]

_OK = 200
# Reasons that tell of a mistake of the platform's.
_BROKEN = frozenset({"ERROR", "TIMEOUT"})


class Cohere(OpenAI):
    """Cohere. Of OpenAI's dialect only the header with the key is the same."""

    name = "cohere"

    def online(self, target: Target, body: bytes) -> HttpRequest:
        return self.request("POST", target.endpoint, json=body)

    def answer(self, response: HttpResponse) -> Outcome:
        no_model = response.status == 404 and b"model" in response.body  # noqa: PLR2004
        # 402: the account has no credit left, and 498: the token is blocked (https://docs.cohere.com/reference/errors).
        if response.status in (401, 402, 403, 498) or no_model:
            raise parse_error(response)
        try:
            body = read_json(response.body)
        except ValueError:
            body = response.body
        if response.status != _OK:
            return failure_of(response.status, body)
        reply = _reply(as_dict(body))
        return reply or Failure(
            "empty_reply", "The platform answered 200 with no answer in it.", retryable=True
        )


def _reply(body: dict[str, Any]) -> Reply | Failure | None:
    message, reason = as_dict(body.get("message")), as_text(body.get("finish_reason"))
    if reason in _BROKEN:
        return Failure(f"cohere_{reason.lower()}", f"Generating ended with {reason}.", retryable=True)
    parts = as_dicts(message.get("content"))
    texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    extras = {name: value for name, value in _extras(message, parts, body).items() if value}
    if not texts and "tool_calls" not in extras and reason != "MAX_TOKENS":
        return None
    return Reply(
        text="".join(texts) if texts or "tool_calls" not in extras else None,
        usage=_usage(as_dict(body.get("usage"))),
        finish_reason=reason,
        request_id=as_text(body.get("id")),
        extras=extras,
    )


def _extras(message: dict[str, Any], parts: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    thoughts = [thought for part in parts if (thought := as_text(part.get("thinking")))]
    plan = as_text(message.get("tool_plan"))
    return {
        "tool_calls": as_dicts(message.get("tool_calls")),
        "reasoning": "\n".join([*thoughts, *([plan] if plan else [])]),
        "logprobs": as_dicts(body.get("logprobs")),
    }


def _usage(usage: dict[str, Any]) -> Usage:
    # `tokens` are all that the model read and wrote, `billed_units` those that cost; numbers may come as 5.0.
    tokens = as_dict(usage.get("tokens")) or as_dict(usage.get("billed_units"))
    return Usage(
        input_tokens=_whole(tokens.get("input_tokens")) or 0,
        output_tokens=_whole(tokens.get("output_tokens")) or 0,
        cached_tokens=_whole(usage.get("cached_tokens")),
    )


def _whole(value: Any) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value < float("inf") else None
