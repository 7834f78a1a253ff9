"""What a conversation with a platform is made of: requests and responses as values, and the flow that yields them."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

__all__ = ["Flow", "HttpRequest", "HttpResponse", "Upload"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent as multipart form data, streamed from disk."""

    path: Path
    name: str
    fields: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/jsonl"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A call that a flow asks for.

    Attributes:
        method: Such as `POST`.
        path: Appended to the base URL; an absolute URL is refused, so that a key never goes elsewhere.
        params: Query parameters.
        json: The body, already JSON.
        upload: Or a file to send.
        save_to: Where the body of a success is streamed to, instead of into memory.
        safe: Whether it may be sent twice; False for what costs money or makes something.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    json: bytes | None = None
    upload: Upload | None = None
    save_to: Path | None = None
    safe: bool = True


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back; `body` is empty when it was saved to a file."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


Flow = Generator[HttpRequest, HttpResponse, T]
"""A conversation with a platform: yields requests, is sent responses, returns its result."""
