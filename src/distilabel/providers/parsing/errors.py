"""What a refusal means: an HTTP status and whatever stands beside it become a failure, or an error of our tree."""

from math import isfinite
from typing import Any

from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelModelNotFoundError,
    DistilabelPlatformError,
    DistilabelUncertainError,
)
from distilabel.http import HttpResponse
from distilabel.providers.parsing.json_values import read_json
from distilabel.records import Failure

__all__ = ["failure_of", "parse_error"]

_BODY_EXCERPT = 300
# Refusals after which a call may have been carried out all the same.
_UNCERTAIN_REFUSALS = frozenset({408, 409, 425, 499})


def parse_error(response: HttpResponse, *, safe: bool = True) -> DistilabelPlatformError:
    """Map an HTTP refusal to the error tree; a server's fault on an unsafe call leaves it uncertain."""
    failure = failure_of(response.status, response.body)
    status, message = response.status, failure.message
    if status in (401, 403):
        return DistilabelAuthenticationError(
            f"The platform did not accept the key (HTTP {status}: {message}): set the right key and run again.",
            status=status, code=failure.code,
        )  # fmt: skip
    if status == 404 and failure.code == "model_not_found":  # noqa: PLR2004
        return DistilabelModelNotFoundError(
            f"The platform does not know the model ({message}): check the name given as `model`.",
            status=status, code=failure.code,
        )  # fmt: skip
    certain = 400 <= status < 500 and status not in _UNCERTAIN_REFUSALS  # noqa: PLR2004
    kind = DistilabelPlatformError if safe or certain else DistilabelUncertainError
    return kind(
        f"The platform answered HTTP {status}: {message}",
        status=status, code=failure.code, retry_after=_retry_after(response),
    )  # fmt: skip


def _retry_after(response: HttpResponse) -> float | None:
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return max(seconds, 0.0) if isfinite(seconds) else None


def failure_of(status: int, body: Any) -> Failure:
    """Read a refused request: its code, a sentence, and whether asking again may help.

    Args:
        status: The HTTP status; 0 and other impossible ones count as the platform's fault.
        body: What stands in the response: bytes, or JSON already read, of any shape.
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
        try:
            body = read_json(body)
        except ValueError:
            return {}
    if isinstance(body, dict):
        error = body.get("error", body)
        return error if isinstance(error, dict) else {"message": error}
    return {}


def _excerpt(body: Any) -> str:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
    return " ".join(text.split())[:_BODY_EXCERPT] or "no text"
