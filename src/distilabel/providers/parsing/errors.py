"""Mapping of HTTP errors: a status and a body become a failure of one request, or an exception."""

from math import isfinite
from typing import Any

from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelModelNotFoundError,
    DistilabelPlatformError,
    DistilabelUncertainError,
)
from distilabel.http import HttpResponse
from distilabel.providers.parsing.json_values import as_json
from distilabel.records import Failure

__all__ = ["EMPTY_REPLY", "parse_error", "parse_failure", "response_failure"]

EMPTY_REPLY = Failure("empty_reply", "The platform returned HTTP 200 with no answer in it.", retryable=True)
"""The failure of a request whose response is a success without text, refusal, tool call, vector or image."""

_OK = 200
_BODY_EXCERPT = 300
# Errors after which an unsafe request may have been carried out all the same.
_UNCERTAIN_STATUSES = frozenset({408, 409, 425, 499})


def parse_error(response: HttpResponse, *, safe: bool = True) -> DistilabelPlatformError:
    """Return the exception for an error response.

    Args:
        response: A response whose status is no success.
        safe: Whether the request may be sent twice. After an unsafe one, a server error leaves open whether it was
            carried out: the exception is then a `DistilabelUncertainError`.
    """
    failure = parse_failure(response.status, response.body)
    status, message = response.status, failure.message
    if status in (401, 403):
        return DistilabelAuthenticationError(
            f"The platform rejected the key (HTTP {status}: {message}): set the right key and run again.",
            status=status, code=failure.code,
        )  # fmt: skip
    if status == 404 and failure.code == "model_not_found":  # noqa: PLR2004
        return DistilabelModelNotFoundError(
            f"The platform does not know the model ({message}): check the name given as `model`.",
            status=status, code=failure.code,
        )  # fmt: skip
    certain = 400 <= status < 500 and status not in _UNCERTAIN_STATUSES  # noqa: PLR2004
    kind = DistilabelPlatformError if safe or certain else DistilabelUncertainError
    return kind(
        f"The platform returned HTTP {status}: {message}",
        status=status, code=failure.code, retry_after=_retry_after(response),
    )  # fmt: skip


def _retry_after(response: HttpResponse) -> float | None:
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return max(seconds, 0.0) if isfinite(seconds) else None


def response_failure(status: int, body: Any) -> Failure | None:
    """Return the failure that the response to one request holds; None for a success.

    Args:
        status: The HTTP status. Impossible ones count as a server error.
        body: Parsed JSON of any shape, or the bytes where they are not JSON.
    """
    if status == _OK and not (isinstance(body, dict) and body.get("error")):
        return None
    # A 200 that holds an error is the platform's fault.
    return parse_failure(500 if status == _OK else status, body)


def parse_failure(status: int, body: Any) -> Failure:
    """Read an error response: its code, its message, and whether a retry may help.

    Args:
        status: The HTTP status. 0 and other impossible ones count as a server error.
        body: The response's bytes, or parsed JSON of any shape.
    """
    detail = _error_detail(body)
    code = detail.get("code") or detail.get("type")
    message = detail.get("message")
    return Failure(
        code=str(code) if code else f"http_{status}",
        message=str(message)[:2000] if message else f"HTTP {status}: {_excerpt(body)}",
        retryable=status in (408, 409, 425, 429) or not 200 <= status < 500,  # noqa: PLR2004
    )


def _error_detail(body: Any) -> dict[str, Any]:
    if isinstance(body, bytes):
        body = as_json(body)
    if isinstance(body, dict):
        error = body.get("error", body)
        return error if isinstance(error, dict) else {"message": error}
    return {}


def _excerpt(body: Any) -> str:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
    return " ".join(text.split())[:_BODY_EXCERPT] or "no text"
