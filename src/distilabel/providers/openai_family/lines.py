"""The lines of request and result files, and the response bodies in them, in OpenAI's shape.

A result line does not say which endpoint gave it; the shape of its body does.

Shapes: https://platform.openai.com/docs/api-reference (batch, chat, responses, embeddings, images), read in November 2026.
"""

from typing import Any

from distilabel.http import HttpResponse
from distilabel.providers.openai_family.chat import chat_reply
from distilabel.providers.openai_family.images import image_outcome
from distilabel.providers.openai_family.responses import responses_outcome
from distilabel.providers.parsing.errors import (
    EMPTY_REPLY,
    concerns_account,
    is_passing,
    parse_failure,
    unquoted,
)
from distilabel.providers.parsing.json_values import as_dict, as_json, as_number
from distilabel.providers.parsing.lines import UNREADABLE_LINE
from distilabel.providers.parsing.vectors import as_vector
from distilabel.records import Decoded, Failure, Outcome, Reply, Usage, canonical_json

__all__ = ["body_outcome", "decode_line", "encode_response"]

_OK = 200


def encode_response(custom_id: str, response: HttpResponse) -> bytes:
    """Return the response to an online request as a line of a result file."""
    answer = {"status_code": response.status, "body": as_json(response.body)}
    return canonical_json({"custom_id": custom_id, "response": answer, "error": None}) + b"\n"


def decode_line(line: bytes) -> Decoded:
    """Read a result line. A failure stands in `error`, or in a response whose status is not 200. Accepts any bytes."""
    value = as_dict(as_json(line))
    custom_id, response, error = value.get("custom_id"), value.get("response"), value.get("error")
    if not isinstance(custom_id, str):
        return UNREADABLE_LINE
    response = unquoted(response)
    if isinstance(response, dict):
        status = as_number(response.get("status_code")) or 0
        if status != _OK or not error:
            body = response.get("body")
            if error and body is None:  # vLLM's run-batch leaves the body out where there is an error.
                body = error if isinstance(error, dict) else {"error": error}
            return Decoded(custom_id, body_outcome(status, body))
    return Decoded(custom_id, _line_failure(error))


def _line_failure(error: Any) -> Failure:
    """Read the `error` of a line without a response."""
    error = unquoted(error)
    if isinstance(error, str) and error:
        return Failure("error", error)
    if isinstance(error, dict):
        if status := as_number(error.get("status_code")) or as_number(error.get("code")):
            return parse_failure(status, error)
        code = str(error.get("code") or "error")
        message = str(error.get("message") or code)
        account = concerns_account((code, error.get("type")), message)
        return Failure(code, message, retryable=is_passing((code, error.get("type"))), account=account)
    return Failure("empty_line", "The platform sent a line with neither response nor error.", retryable=True)


def body_outcome(status: int, body: Any) -> Outcome:
    """Read the body of one response, from any of OpenAI's endpoints.

    Args:
        status: The HTTP status.
        body: Parsed JSON of any shape, or the bytes where they are not JSON. A string that holds JSON is parsed.
    """
    body = unquoted(body)
    if status != _OK or as_dict(body).get("error"):
        # A 200 that holds an error is the platform's fault.
        return parse_failure(status if status != _OK else 500, body)
    if not isinstance(body, dict):
        return EMPTY_REPLY
    outcome: Outcome | None
    if isinstance(body.get("output"), list):
        outcome = responses_outcome(body)
    elif isinstance(body.get("data"), list):
        outcome = _embedding(body) or image_outcome(body)
    else:
        outcome = chat_reply(body)
    return outcome or EMPTY_REPLY


def _embedding(body: dict[str, Any]) -> Reply | None:
    """Read an embedding: its text is None, and the vector stands in `extras` as the platform sent it."""
    vector = as_dict(body["data"][0] if body["data"] else None).get("embedding")
    if as_vector(vector) is None:
        return None
    tokens = as_number(as_dict(body.get("usage")).get("prompt_tokens")) or 0
    return Reply(None, Usage(input_tokens=tokens), extras={"embedding": vector})
