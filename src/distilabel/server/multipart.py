"""A parser of multipart/form-data that never holds more than a chunk (RFC 7578, RFC 2046 section 5.1).

Sans-IO: bytes go in, events come out, so that an upload of any size is written to disk as it arrives.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

MAX_HEADERS = 16 * 1024


class MalformedError(ValueError):
    """The body is not multipart/form-data."""


@dataclass(frozen=True, slots=True)
class Part:
    """A new part begins."""

    name: str
    filename: str | None


@dataclass(frozen=True, slots=True)
class Data:
    """Some bytes of the part that began last."""

    bytes: bytes


class _State(Enum):
    PREAMBLE = auto()
    DELIMITER = auto()
    HEADERS = auto()
    BODY = auto()
    END = auto()


class Parser:
    """Feed it chunks as they come; call `close` when the body is over."""

    def __init__(self, content_type: str) -> None:
        found = re.search(r'boundary=(?:"([^"]+)"|([^;\s]+))', content_type, re.IGNORECASE)
        if not content_type.lower().startswith("multipart/form-data") or not found:
            raise MalformedError("the body must be multipart/form-data with a boundary")
        self._delimiter = b"\r\n--" + (found[1] or found[2]).encode("latin-1")
        # The first boundary has no line break before it; lend it one, and all boundaries look alike.
        self._buffer = bytearray(b"\r\n")
        self._state = _State.PREAMBLE

    def feed(self, chunk: bytes) -> Iterator[Part | Data]:
        """The events that this chunk completes."""
        self._buffer += chunk
        while True:
            before = self._state
            yield from self._step()
            if self._state is before:
                return

    def close(self) -> None:
        """Raise if the body broke off."""
        if self._state is not _State.END:
            raise MalformedError("the multipart body ended before its last boundary")

    def _step(self) -> Iterator[Part | Data]:
        match self._state:
            case _State.PREAMBLE | _State.BODY:
                yield from self._content()
            case _State.DELIMITER:
                self._after_delimiter()
            case _State.HEADERS:
                yield from self._headers()
            case _State.END:
                self._buffer.clear()

    def _content(self) -> Iterator[Data]:
        end = self._buffer.find(self._delimiter)
        ready = end if end >= 0 else max(0, len(self._buffer) - len(self._delimiter) + 1)
        if ready and self._state is _State.BODY:
            yield Data(bytes(self._buffer[:ready]))
        del self._buffer[:ready]
        if end >= 0:
            del self._buffer[: len(self._delimiter)]
            self._state = _State.DELIMITER

    def _after_delimiter(self) -> None:
        if self._buffer.startswith(b"--"):
            self._state = _State.END
        elif self._buffer.startswith(b"\r\n"):
            self._state = _State.HEADERS
        elif len(self._buffer) > 1:
            raise MalformedError("a multipart boundary is followed by neither a line break nor dashes")

    def _headers(self) -> Iterator[Part]:
        # The line break of the boundary is still in the buffer, so that a part without headers parses too.
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 and len(self._buffer) > MAX_HEADERS:
            raise MalformedError("the headers of a multipart part are too long")
        if end >= 0:
            text = self._buffer[:end].decode("utf-8", "replace")
            del self._buffer[: end + 4]
            self._state = _State.BODY
            yield _part(text)


def _part(headers: str) -> Part:
    disposition = re.search(r"^content-disposition:(.*)$", headers, re.IGNORECASE | re.MULTILINE)
    if not disposition:
        raise MalformedError("a multipart part has no Content-Disposition")
    name = _parameter("name", disposition[1])
    if name is None:
        raise MalformedError("a multipart part has no name")
    return Part(name, _parameter("filename", disposition[1]))


def _parameter(name: str, text: str) -> str | None:
    found = re.search(rf';\s*{name}=(?:"((?:\\.|[^"\\])*)"|([^;\s]+))', text)
    if not found:
        return None
    if found[1] is None:
        return found[2]
    # Browsers and httpx write a quote as %22 (https://html.spec.whatwg.org/#multipart-form-data), curl as \".
    return re.sub(r"\\(.)", r"\1", found[1]).replace("%22", '"')
