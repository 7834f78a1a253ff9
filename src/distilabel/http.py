"""HTTP requests and responses as values, and the flows that yield and receive them. Nothing here does I/O."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

__all__ = [
    "PROXY_LOGIN",
    "REDIRECTS",
    "Flow",
    "FromFile",
    "HttpRequest",
    "HttpResponse",
    "Signer",
    "Transport",
    "Upload",
]

T = TypeVar("T")

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""The HTTP statuses that name another address."""

PROXY_LOGIN = 407
"""The HTTP status of a proxy that wants a login."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send as multipart form data, streamed from disk.

    Attributes:
        path: The file.
        name: The file's name in the form.
        fields: The form's other fields.
        content_type: The file's media type.
    """

    path: Path
    name: str
    fields: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/jsonl"


@dataclass(frozen=True, slots=True)
class FromFile:
    r"""A request body that is streamed from a file.

    Attributes:
        path: The file.
        head, tail: Bytes sent before and after the file.
        separator: One byte that replaces each newline between the file's lines; the last newline is left out. A comma
            sends a JSON lines file as a JSON array. None sends the file unchanged.
        content_type: The media type of the body.
    """

    path: Path
    head: bytes = b""
    separator: bytes | None = None
    tail: bytes = b""
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request that a flow yields.

    Attributes:
        method: Such as `POST`.
        path: Appended to the base URL. A whole URL is sent only with `keyless`, so that no key goes to another host.
        params: Query parameters.
        headers: Sent in addition to the platform's headers.
        json: The body, as JSON.
        upload: In place of `json`: a file to send as a form.
        content: In place of `json`: a file to send as it is.
        save_to: The file to which the body of a success is streamed; the response's `body` is then empty.
        max_bytes: How many bytes of the body are read; the rest is not fetched. None: all.
        safe: Whether the request may be sent twice. False for a request that costs money or creates something.
        keyless: Whether the platform's headers are left out, for a URL that a response named. Such a URL carries its
            permission itself.
        expected: Statuses that the flow handles, so they are not retried, whatever they mean elsewhere.
        base_url: Another base URL of the same platform, in place of the transport's. The dialect chooses it; it never
            comes from a response.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: bytes | None = None
    upload: Upload | None = None
    content: FromFile | None = None
    save_to: Path | None = None
    max_bytes: int | None = None
    safe: bool = True
    keyless: bool = False
    expected: frozenset[int] = frozenset()
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP response. The names of its headers are in lower case; `body` is empty where it was saved to a file."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Signer(Protocol):
    """Authenticates each request separately, for platforms whose credentials are more than one constant header.

    Attributes:
        account: An identifier that differs between accounts; it is not secret.
    """

    account: str

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Mapping[str, str]:
        """Return the headers to add. `body` is None where it is streamed. The call may block."""


Flow = Generator[HttpRequest, HttpResponse, T]
"""An exchange with a platform: it yields requests, is sent responses, and returns its result."""


class Transport(Protocol):
    """Carries out flows: over HTTP, or in another way that gives the same responses."""

    async def run(self, flow: Flow[T]) -> T:
        """Carry out `flow` and return its result."""

    async def close(self) -> None:
        """Release connections and other resources."""
