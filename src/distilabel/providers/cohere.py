"""Cohere's dialect: its own chat API, version 2. Online only.

Shapes: https://docs.cohere.com/reference/chat and the types of the official SDK 7.3, read in November 2026.
"""

from typing import Any

from distilabel.http import HttpRequest, HttpResponse
from distilabel.providers.base import NOT_FOUND
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.providers.parsing.errors import EMPTY_REPLY, parse_error, parse_failure
from distilabel.providers.parsing.json_values import as_dict, as_dicts, as_json, as_number, as_text
from distilabel.records import Failure, Outcome, Reply, Target, Usage

__all__ = ["Cohere"]

_OK = 200
# Finish reasons that mean an error of the platform.
_ERROR_REASONS = frozenset({"ERROR", "TIMEOUT"})


class Cohere(OpenAI):
    """Cohere. It shares nothing with OpenAI's dialect but the header that carries the key."""

    name = "cohere"

    def online_request(self, target: Target, body: bytes) -> HttpRequest:
        return self.request("POST", target.endpoint, json=body)

    def read_response(self, response: HttpResponse) -> Outcome:
        no_model = response.status == NOT_FOUND and b"model" in response.body
        # 402: the account has no credit left, and 498: the token is blocked (https://docs.cohere.com/reference/errors,
        # November 2026).
        if response.status in (401, 402, 403, 498) or no_model:
            raise parse_error(response)
        body = as_json(response.body, response.body)
        if response.status != _OK:
            return parse_failure(response.status, body)
        return _read_reply(as_dict(body)) or EMPTY_REPLY


def _read_reply(body: dict[str, Any]) -> Reply | Failure | None:
    message, reason = as_dict(body.get("message")), as_text(body.get("finish_reason"))
    if reason in _ERROR_REASONS:
        return Failure(f"cohere_{reason.lower()}", f"Generation ended with {reason}.", retryable=True)
    parts = as_dicts(message.get("content"))
    texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    extras = {name: value for name, value in _extras(message, parts, body).items() if value}
    if not texts and "tool_calls" not in extras and reason != "MAX_TOKENS":
        return None
    usage = as_dict(body.get("usage"))
    # `tokens` are all that the model read and wrote, `billed_units` those that cost money.
    tokens = as_dict(usage.get("tokens")) or as_dict(usage.get("billed_units"))
    return Reply(
        text="".join(texts) if texts or "tool_calls" not in extras else None,
        usage=Usage(
            input_tokens=as_number(tokens.get("input_tokens")) or 0,
            output_tokens=as_number(tokens.get("output_tokens")) or 0,
            cached_tokens=as_number(usage.get("cached_tokens")),
        ),
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
