"""Reading generated content, embeddings and errors in the shape of the Gemini API and of Vertex AI.

Shapes: https://ai.google.dev/api/generate-content, https://ai.google.dev/api/embeddings,
https://cloud.google.com/apis/design/errors and the types of google-genai 3.4, read in November 2026.
"""

from dataclasses import replace
from typing import Any

from distilabel.http import HttpResponse
from distilabel.providers.base import read_online_response
from distilabel.providers.parsing.errors import EMPTY_REPLY, concerns_account, response_failure, unquoted
from distilabel.providers.parsing.json_values import as_dict, as_dicts, as_json, as_number, as_text
from distilabel.providers.parsing.logprobs import google_logprobs
from distilabel.providers.parsing.tool_calls import tool_call
from distilabel.providers.parsing.vectors import as_vector
from distilabel.records import Failure, Outcome, Reply, Usage

__all__ = ["content_outcome", "line_outcome", "read_content_response", "status_failure"]

_OK, _BAD_REQUEST = 200, 400
# https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
_CODES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
_RETRYABLE = frozenset(
    {"CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "INTERNAL", "UNAVAILABLE"}
)
# Finish reasons of a blocked candidate. Not retryable: a second request would be blocked too.
_BLOCKED = frozenset(
    {
        "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
    }
)  # fmt: skip


def read_content_response(response: HttpResponse) -> Outcome:
    """Read the response to one online request.

    Raises:
        DistilabelAuthenticationError: The platform rejected the key.
        DistilabelModelNotFoundError: The platform does not know the model.
    """
    if response.status == _BAD_REQUEST and b"API_KEY_INVALID" in response.body:
        response = replace(response, status=401)
    return read_online_response(response, content_outcome)


def content_outcome(status: int, body: Any) -> Outcome:
    """Read a GenerateContentResponse or an EmbedContentResponse.

    Args:
        status: The HTTP status.
        body: Parsed JSON of any shape, or the bytes where they are not JSON.
    """
    value = as_dict(unquoted(body))
    if failure := response_failure(status, body):
        code = as_text(as_dict(value.get("error")).get("status"))
        return replace(failure, code=code or failure.code)
    if reply := _embedding(value) if "embedding" in value else _content(value):
        return reply
    reasons = [as_text(candidate.get("finishReason")) for candidate in as_dicts(value.get("candidates"))]
    reason = f" (finishReason {reasons[0]})" if reasons and reasons[0] else ""
    return Failure(
        EMPTY_REPLY.code, f"The platform returned HTTP 200 with no answer in it{reason}.", retryable=True
    )


def line_outcome(line: dict[str, Any]) -> Outcome:
    """Read a result line of a batch. The field `online` is ours: it holds the response to an online request.

    A failed line of Vertex AI holds some words in `status`, and mostly an error as JSON after them; one of the Gemini API
    holds a google.rpc.Status.
    """
    if online := as_dict(line.get("online")):
        return content_outcome(as_number(online.get("status_code")) or 0, online.get("body"))
    status = as_dict(line.get("error")) or as_dict(line.get("status"))
    text = as_text(line.get("status"))
    if text and not line.get("response"):
        _, brace, rest = text.partition("{")
        status = as_dict(as_dict(as_json((brace + rest).encode())).get("error")) or {"message": text}
    return status_failure(status) if status else content_outcome(_OK, line.get("response"))


def status_failure(status: dict[str, Any]) -> Failure:
    """Read a google.rpc.Status. Its code is a number of gRPC, or an HTTP status beside the name of a gRPC code."""
    code, message = status.get("code"), str(status.get("message") or "no reason was given")[:2000]
    number = code if isinstance(code, int) else 0
    name = as_text(status.get("status")) or (_CODES[number] if 0 < number < len(_CODES) else None)
    if name is None:
        return Failure(f"error_{number}" if number else "failed", message, retryable=True)
    details = [detail.get("reason") for detail in as_dicts(status.get("details"))]
    account = concerns_account((name, *details), message)
    return Failure(name, message, retryable=name in _RETRYABLE, account=account)


def _embedding(body: dict[str, Any]) -> Reply | None:
    """Read an embedding: its text is None, and the vector stands in `extras`."""
    vector = as_dict(body["embedding"]).get("values")
    if as_vector(vector) is None:
        return None
    # `tokenCount` by the types of google-genai 3.4 (SingleEmbedContentResponse); the reference has `usageMetadata`.
    usage = as_dict(body.get("usageMetadata"))
    tokens = as_number(body.get("tokenCount")) or as_number(usage.get("promptTokenCount")) or 0
    return Reply(None, Usage(input_tokens=tokens), extras={"embedding": vector})


def _content(body: dict[str, Any]) -> Reply | None:
    candidate = next(iter(as_dicts(body.get("candidates"))), {})
    parts = as_dicts(as_dict(candidate.get("content")).get("parts"))
    reason = as_text(candidate.get("finishReason"))
    blocked = as_text(as_dict(body.get("promptFeedback")).get("blockReason"))
    refused = blocked or (reason if reason in _BLOCKED else None)
    texts = [text for part in parts if isinstance(text := part.get("text"), str) and not part.get("thought")]
    text = "".join(texts) if texts else "" if reason == "MAX_TOKENS" else None
    extras = {name: value for name, value in _extras(parts, candidate).items() if value}
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


def _extras(parts: list[dict[str, Any]], candidate: dict[str, Any]) -> dict[str, Any]:
    calls = [call for part in parts if isinstance(call := part.get("functionCall"), dict)]
    return {
        "tool_calls": [
            tool_call(as_text(call.get("id")) or f"call_{number}", call.get("name"), call.get("args"))
            for number, call in enumerate(calls)
        ],
        "reasoning": "\n".join(
            text for part in parts if part.get("thought") and (text := as_text(part.get("text")))
        ),
        "logprobs": google_logprobs(candidate.get("logprobsResult")),
    }


def _usage(usage: dict[str, Any]) -> Usage:
    count = {name: as_number(value) for name, value in usage.items()}
    # Thoughts are billed as output, and `candidatesTokenCount` does not include them:
    # https://ai.google.dev/gemini-api/docs/thinking (November 2026).
    thoughts = count.get("thoughtsTokenCount")
    return Usage(
        input_tokens=(count.get("promptTokenCount") or 0) + (count.get("toolUsePromptTokenCount") or 0),
        output_tokens=(count.get("candidatesTokenCount") or 0) + (thoughts or 0),
        cached_tokens=count.get("cachedContentTokenCount"),
        reasoning_tokens=thoughts,
    )
