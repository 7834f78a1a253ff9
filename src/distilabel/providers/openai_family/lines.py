"""Reading and writing the lines of request and result files, as OpenAI shapes them."""

import json
from typing import Any

from distilabel.http import HttpResponse
from distilabel.providers.openai_family.bodies import body_outcome
from distilabel.providers.parsing.errors import failure_of
from distilabel.providers.parsing.json_values import as_number, read_json
from distilabel.records import Decoded, Failure, Outcome, canonical_json

__all__ = ["answer_line", "decode_line", "read_request"]

_OK = 200
_RETRYABLE_CODES = frozenset(
    {
        "batch_expired", "batch_cancelled", "rate_limit_exceeded", "server_error", "internal_error", "timeout",
        "request_timeout", "bad_gateway", "service_unavailable", "gateway_timeout", "overloaded",
    }
)  # fmt: skip


def read_request(line: bytes) -> tuple[str, bytes] | None:
    """Read custom_id and canonical body of a request line; None if it is none."""
    try:
        # Not orjson: it refuses unpaired surrogates and rounds large integers, and keys stand for the exact bytes.
        value = json.loads(line)
        return str(value["custom_id"]), canonical_json(value["body"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def answer_line(custom_id: str, response: HttpResponse) -> bytes:
    """Return an online response as the line of a result file."""
    try:
        body = read_json(response.body)
    except ValueError:
        body = None
    answer = {"status_code": response.status, "body": body}
    return canonical_json({"custom_id": custom_id, "response": answer, "error": None}) + b"\n"


def decode_line(line: bytes) -> Decoded:
    """Read a result line: any bytes in, a value out."""
    try:
        value = read_json(line)
    except ValueError:
        return Decoded(
            None, Failure("unreadable_line", "The platform sent a line that is not JSON.", retryable=True)
        )
    if not isinstance(value, dict) or not isinstance(value.get("custom_id"), str):
        return Decoded(
            None, Failure("unreadable_line", "The platform sent a line without a name.", retryable=True)
        )
    return Decoded(value["custom_id"], _outcome(value))


def _outcome(line: dict[str, Any]) -> Outcome:
    """Read a result line; a failure stands in `error` or in a response of another status than 200."""
    response, error = line.get("response"), line.get("error")
    if isinstance(response, dict):
        status = as_number(response.get("status_code")) or 0
        if status != _OK or not error:
            body = response.get("body")
            if error and body is None:  # vLLM's run-batch leaves the body out where it tells an error.
                body = error if isinstance(error, dict) else {"error": error}
            return body_outcome(status, body)
    if isinstance(error, str) and error:
        return Failure("error", error)
    if isinstance(error, dict):
        if given := as_number(error.get("status_code")) or as_number(error.get("code")):
            return failure_of(given, error)
        code = str(error.get("code") or "error")
        return Failure(code, str(error.get("message") or code), retryable=code in _RETRYABLE_CODES)
    return Failure("empty_line", "The platform sent a line with neither response nor error.", retryable=True)
