"""What a conversation with a platform is made of: requests and responses as values, and the flow that yields them."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

__all__ = ["Flow", "FromFile", "HttpRequest", "HttpResponse", "Signer", "Transport", "Upload"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent as multipart form data, streamed from disk."""

    path: Path
    name: str
    fields: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/jsonl"


@dataclass(frozen=True, slots=True)
class FromFile:
    r"""A body streamed from a file's bytes.

    Attributes:
        path: The file.
        head, tail: Bytes sent before and after it.
        joint: Sent in place of the newlines between the file's lines (that of the last line is left out), so that a
            file of JSON lines goes out as a JSON array; None sends the file as it is. One byte.
        content_type: As it is named in the header.
    """

    path: Path
    head: bytes = b""
    joint: bytes | None = None
    tail: bytes = b""
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A call that a flow asks for.

    Attributes:
        method: Such as `POST`.
        path: Appended to the base URL. A whole URL is sent only without key (see `keyless`), so that no key goes
            elsewhere.
        params: Query parameters.
        headers: Beside those of the platform.
        json: The body, already JSON.
        upload: Or a file to send as a form.
        content: Or a file to send as it is.
        save_to: Where the body of a success is streamed to, instead of into memory.
        most: How many bytes of the body are read at most; the rest is not fetched. None reads all.
        safe: Whether it may be sent twice; False for what costs money or makes something.
        keyless: Whether it goes out without the platform's headers: to an address that a response named, which
            carries its permission in itself.
        answers: Statuses that tell the flow something: they are not tried again, whatever they mean elsewhere.
        base_url: Another address of the same platform, in place of the transport's; chosen by the dialect, never taken
            from a response.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: bytes | None = None
    upload: Upload | None = None
    content: FromFile | None = None
    save_to: Path | None = None
    most: int | None = None
    safe: bool = True
    keyless: bool = False
    answers: frozenset[int] = frozenset()
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back; `body` is empty when it was saved to a file."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Signer(Protocol):
    """Proves who calls, anew for each call: for platforms whose key is more than a header."""

    account: str
    """Tells one account from another; no secret."""

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Mapping[str, str]:
        """Return the headers to add; `body` is None where it is streamed. May block."""


Flow = Generator[HttpRequest, HttpResponse, T]
"""A conversation with a platform: yields requests, is sent responses, returns its result."""


class Transport(Protocol):
    """What carries out flows: HTTP, or whatever can take its place."""

    async def run(self, flow: Flow[T]) -> T:
        """Carry out `flow` and return what it returns."""

    async def close(self) -> None:
        """Let go of what is held."""
