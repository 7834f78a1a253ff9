"""Reading one generated content or embedding, as the Gemini API and Vertex AI shape it, and Google's errors.

Shapes: https://ai.google.dev/api/generate-content, https://ai.google.dev/api/embeddings, https://cloud.google.com/apis/design/errors and the types of
google-genai 3.4, read in November 2026.
"""

from dataclasses import replace
from typing import Any

import orjson

from distilabel.exceptions import DistilabelModelNotFoundError
from distilabel.http import HttpResponse
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
from distilabel.providers.parsing.logprobs import google_logprobs
from distilabel.providers.parsing.vectors import vector_of
from distilabel.records import Failure, Outcome, Reply, Usage

__all__ = ["content_answer", "content_outcome", "status_failure"]

_OK = 200
_BAD_REQUEST, _NOT_FOUND = 400, 404
# https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
_CODES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
_RETRYABLE = frozenset(
    {"CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "INTERNAL", "UNAVAILABLE"}
)
# Why a candidate holds nothing: the model was stopped, and would be again.
_BLOCKED = frozenset(
    {
        "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
    }
)  # fmt: skip


def content_answer(response: HttpResponse) -> Outcome:
    """Read the response to one online request.

    Raises:
        DistilabelPlatformError: The key is not accepted, or the model is not known.
    """
    if response.status in (401, 403):
        raise parse_error(response)
    if response.status == _BAD_REQUEST and b"API_KEY_INVALID" in response.body:
        raise parse_error(replace(response, status=401))
    try:
        body = read_json(response.body)
    except ValueError:
        body = response.body
    outcome = content_outcome(response.status, body)
    if response.status == _NOT_FOUND and isinstance(outcome, Failure):
        raise DistilabelModelNotFoundError(
            f"The platform does not know the model ({outcome.message}): check the name given as `model`.",
            status=_NOT_FOUND, code=outcome.code,
        )  # fmt: skip
    return outcome


def content_outcome(status: int, body: Any) -> Outcome:
    """Read a GenerateContentResponse or EmbedContentResponse of any shape: a reply, or why there is none.

    Args:
        status: The HTTP status that came with it.
        body: JSON already read, or bytes that are none.
    """
    if status != _OK or (isinstance(body, dict) and body.get("error")):
        failure = failure_of(status if status != _OK else 500, body)
        word = as_text(as_dict(as_dict(body).get("error")).get("status"))
        return Failure(word or failure.code, failure.message, failure.retryable)
    reply = _read(body) if isinstance(body, dict) else None
    return reply or _empty(as_dict(body))


def status_failure(status: dict[str, Any]) -> Failure:
    """Read a google.rpc.Status; its code is one of gRPC's, or an HTTP status with gRPC's word beside it."""
    code, message = status.get("code"), str(status.get("message") or "no reason was given")[:2000]
    number = code if isinstance(code, int) else 0
    word = as_text(status.get("status")) or (_CODES[number] if 0 < number < len(_CODES) else None)
    if word is None:
        return Failure(f"error_{number}" if number else "failed", message, retryable=True)
    return Failure(word, message, retryable=word in _RETRYABLE)


def _empty(body: dict[str, Any]) -> Failure:
    reasons = [as_text(candidate.get("finishReason")) for candidate in as_dicts(body.get("candidates"))]
    why = f" (finishReason {reasons[0]})" if reasons and reasons[0] else ""
    return Failure("empty_reply", f"The platform answered with no answer in it{why}.", retryable=True)


def _read(body: dict[str, Any]) -> Reply | None:
    return _embedding(body) if "embedding" in body else _reply(body)


def _embedding(body: dict[str, Any]) -> Reply | None:
    """Read an embedding: no text, and the vector in `extras`."""
    vector = as_dict(body["embedding"]).get("values")
    if vector_of(vector) is None:
        return None
    # `tokenCount` by the types of google-genai 3.4 (SingleEmbedContentResponse); the reference has `usageMetadata`.
    tokens = as_number(body.get("tokenCount")) or count_of(
        as_dict(body.get("usageMetadata")), "promptTokenCount"
    )
    return Reply(None, Usage(input_tokens=tokens), extras={"embedding": vector})


def _reply(body: dict[str, Any]) -> Reply | None:
    candidate = next(iter(as_dicts(body.get("candidates"))), {})
    parts = as_dicts(as_dict(candidate.get("content")).get("parts"))
    reason = as_text(candidate.get("finishReason"))
    blocked = as_text(as_dict(body.get("promptFeedback")).get("blockReason"))
    refused = blocked or (reason if reason in _BLOCKED else None)
    text, extras = _said(parts), {name: value for name, value in _extras(parts, candidate).items() if value}
    if text is None and reason == "MAX_TOKENS":
        text = ""
    if text is None and not refused and "tool_calls" not in extras:
        return None
    return Reply(
        text=None if refused else text,
        usage=_usage(as_dict(body.get("usageMetadata"))),
        finish_reason=reason or blocked,
        refusal=as_text(candidate.get("finishMessage")) or refused if refused else None,
        request_id=as_text(body.get("responseId")),
        extras=extras,
    )


def _said(parts: list[dict[str, Any]]) -> str | None:
    texts = [text for part in parts if isinstance(text := part.get("text"), str) and not part.get("thought")]
    return "".join(texts) if texts else None


def _extras(parts: list[dict[str, Any]], candidate: dict[str, Any]) -> dict[str, Any]:
    thoughts = [text for part in parts if part.get("thought") and (text := as_text(part.get("text")))]
    calls = [call for part in parts if isinstance(call := part.get("functionCall"), dict)]
    return {
        "tool_calls": [_tool_call(number, call) for number, call in enumerate(calls)],
        "reasoning": "\n".join(thoughts),
        "logprobs": google_logprobs(candidate.get("logprobsResult")),
    }


def _tool_call(number: int, call: dict[str, Any]) -> dict[str, Any]:
    """Return a function's call in OpenAI's shape, which is what all our LLMs give."""
    arguments = orjson.dumps(call.get("args") or {}, option=orjson.OPT_NON_STR_KEYS).decode()
    function = {"name": str(call.get("name") or ""), "arguments": arguments}
    return {"id": as_text(call.get("id")) or f"call_{number}", "type": "function", "function": function}


def _usage(usage: dict[str, Any]) -> Usage:
    # Thoughts are billed as output, and are not in the candidates' count: https://ai.google.dev/gemini-api/docs/thinking
    thoughts = count_of(usage, "thoughtsTokenCount")
    return Usage(
        input_tokens=count_of(usage, "promptTokenCount") + count_of(usage, "toolUsePromptTokenCount"),
        output_tokens=count_of(usage, "candidatesTokenCount") + thoughts,
        cached_tokens=counted(usage, "cachedContentTokenCount"),
        reasoning_tokens=counted(usage, "thoughtsTokenCount"),
    )
