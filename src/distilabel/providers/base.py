"""What a platform's dialect must offer, and the few helpers that all dialects share."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from distilabel.exceptions import DistilabelPlatformError, DistilabelUncertainError
from distilabel.http import Flow, HttpRequest, HttpResponse
from distilabel.providers.parsing.errors import parse_error
from distilabel.providers.parsing.json_values import read_json
from distilabel.records import Decoded, Found, Job, Outcome, RemoteJob, Target

__all__ = ["DAY", "INLINE", "Limits", "Provider", "call", "call_json"]

DAY = 86_400.0
"""Seconds."""

INLINE = "inline"
"""In place of a file's id, where the requests go out within `create`."""

_BAD_GATEWAY = 502


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may hold, and for how long its results are kept.

    Attributes:
        requests: The most requests.
        size: The most bytes of its file.
        tokens: The most prompt tokens, estimated; None: as many as fit.
        kept: Seconds after its end for which a job's results can be fetched; None where no page of the platform says.
    """

    requests: int
    size: int
    tokens: int | None = None
    kept: float | None = None


class Provider(Protocol):
    """A platform's dialect. It translates; it does not retry, sleep, log or know the ledger."""

    name: str
    limits: Limits
    tags_ids: bool
    """Whether the custom_ids must carry the job's tag, since the platform keeps it nowhere else."""

    def headers(self, key: str) -> Mapping[str, str]:
        """Return the headers that carry the key."""

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:
        """Return one request as a line of a job's file, newline included."""

    def decode(self, line: bytes) -> Decoded:
        """Read one line of a result file. Any bytes in, a value out; never an exception."""

    def answer(self, response: HttpResponse) -> Outcome:
        """Read the response to one online request."""

    def online(self, target: Target, body: bytes) -> HttpRequest:
        """Return the call that asks one request online."""

    def line(self, custom_id: str, response: HttpResponse) -> bytes:
        """Return the response to an online request as the line of a result file that `decode` reads."""

    def decode_request(self, line: bytes) -> tuple[str, bytes] | None:
        """Read back custom_id and body from a line that `encode` gave; None if it is not one."""

    def upload(self, job: Job, path: Path) -> Flow[str]:
        """Send a job's file; return the platform's id of it. Costs nothing; may be done again.

        A platform that takes the requests within `create` needs no file: the flow returns `INLINE`.
        """

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:
        """Make the job on the platform, from what was uploaded or from the file at `path`. The one call that costs."""

    def find(self, job: Job | None) -> Flow[Found]:
        """Look for a job that may have been made; None: for every job of ours."""

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        """Return the job as it is now; None if the platform does not know it any more."""

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        """Stream a result file to `path`; False if the platform does not have it any more."""

    def cancel(self, remote_id: str) -> Flow[None]:
        """Ask the platform to stop the job."""


def complete(provider: Provider, target: Target, body: bytes) -> Flow[Outcome]:
    """Ask one request online and read its answer."""
    response = yield provider.online(target, body)
    return provider.answer(response)


def ask(request: HttpRequest) -> Flow[HttpResponse]:
    """Make one call and return its response, whatever it is."""
    response = yield request
    return response


def call(request: HttpRequest) -> Generator[HttpRequest, HttpResponse, HttpResponse]:
    """Make one call within a flow; a refusal becomes an exception of our tree."""
    response = yield request
    if not 200 <= response.status < 300:  # noqa: PLR2004
        raise parse_error(response, safe=request.safe)
    if request.save_to is not None and response.body:
        message = f"{_named(request)} was answered with a page where a file is wanted."
        raise DistilabelPlatformError(message, status=_BAD_GATEWAY)
    return response


def call_json(
    request: HttpRequest, *, having: str | None = None
) -> Generator[HttpRequest, HttpResponse, dict[str, Any]]:
    """Make one call whose answer must be a JSON object, with something under the name `having`."""
    response = yield from call(request)
    try:
        value = read_json(response.body)
    except ValueError:
        value = None
    if isinstance(value, dict) and (having is None or value.get(having)):
        return value
    what = f"a JSON object with `{having}`" if having else "a JSON object"
    message = f"{_named(request)} was answered with something else than {what}."
    if request.safe:
        raise DistilabelPlatformError(message, status=response.status)
    raise DistilabelUncertainError(message, status=response.status)


def _named(request: HttpRequest) -> str:
    """Name a call; the query of a whole URL is a signature, which nobody else may see."""
    return f"{request.method} {request.path.partition('?')[0]}"
