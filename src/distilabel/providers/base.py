"""What a platform's dialect must offer, and the few helpers that all dialects share."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelModelNotFoundError,
    DistilabelPlatformError,
    DistilabelUncertainError,
)
from distilabel.records import Decoded, Failure, Job, Outcome, RemoteJob, Target
from distilabel.wire import Flow, HttpRequest, HttpResponse

__all__ = ["Limits", "Provider", "call", "call_json", "failure_of", "refusal"]

_BODY_EXCERPT = 300


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may hold: requests, and bytes of its file."""

    requests: int
    size: int


class Provider(Protocol):
    """A platform's dialect. It translates; it does not retry, sleep, log or know the ledger."""

    name: str
    limits: Limits

    def headers(self, key: str) -> Mapping[str, str]:
        """Return the headers that carry the key."""

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:
        """Return one request as a line of a job's file, newline included."""

    def decode(self, line: bytes) -> Decoded:
        """Read one line of a result file. Any bytes in, a value out; never an exception."""

    def answer(self, response: HttpResponse) -> Outcome:
        """Read the response to one online request."""

    def complete(self, target: Target, body: bytes) -> Flow[Outcome]:
        """Ask one request online."""

    def upload(self, job: Job, path: Path) -> Flow[str]:
        """Send a job's file; return the platform's id of it. Costs nothing; may be done again."""

    def create(self, job: Job) -> Flow[RemoteJob]:
        """Make the job on the platform. The one call that costs money."""

    def find(self, job: Job) -> Flow[list[RemoteJob]]:
        """Return the jobs on the platform that carry `job`'s tag."""

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        """Return the job as it is now; None if the platform does not know it any more."""

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        """Stream a result file to `path`; False if the platform does not have it any more."""

    def cancel(self, remote_id: str) -> Flow[None]:
        """Ask the platform to stop the job."""


def call(request: HttpRequest) -> Generator[HttpRequest, HttpResponse, HttpResponse]:
    """Make one call within a flow; a refusal becomes an exception of our tree."""
    response = yield request
    if not 200 <= response.status < 300:  # noqa: PLR2004
        raise refusal(response, safe=request.safe)
    return response


def call_json(request: HttpRequest) -> Generator[HttpRequest, HttpResponse, dict[str, Any]]:
    """Make one call whose answer must be a JSON object."""
    response = yield from call(request)
    try:
        value = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, dict):
        return value
    message = f"{request.method} {request.path} was answered with something else than a JSON object."
    if request.safe:
        raise DistilabelPlatformError(message, status=response.status)
    raise DistilabelUncertainError(message, status=response.status)


def refusal(response: HttpResponse, *, safe: bool = True) -> DistilabelPlatformError:
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
    kind = (
        DistilabelPlatformError if safe or status in (400, 404, 413, 422, 429) else DistilabelUncertainError
    )
    return kind(f"The platform answered HTTP {status}: {message}", status=status, code=failure.code)


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
            body = orjson.loads(body)
        except orjson.JSONDecodeError:
            return {}
    if isinstance(body, dict):
        error = body.get("error", body)
        return error if isinstance(error, dict) else {"message": error}
    return {}


def _excerpt(body: Any) -> str:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
    return " ".join(text.split())[:_BODY_EXCERPT] or "no text"
