"""Chunks on disk: one file per step, which is appended to and read at any place; and the keys by which runs reuse chunks.

The key of a chunk is a digest of what it was made from: the step's configuration and code, and the content of its input
chunks. A chunk also has a digest of its own content, which goes into the keys of the chunks that are made from it.
"""

import contextlib
import hashlib
import json
import os
import pickle
import struct
import threading
import zlib
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import orjson

from distilabel._files import unusable
from distilabel.exceptions import DistilabelStepError
from distilabel.typing import Row

__all__ = ["Chunk", "ChunkStore", "content_digest", "digest_of"]

# Mark, key, digest of the content, length of the body, rows, failures, whether it is the last, checksum of the body.
_HEADER = struct.Struct("<4s16s16sQII?I")
_MARK = b"dlc1"
# orjson would write a time as text, which is a different value.
_AS_JSON = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk on disk: its position in the file, and the facts in its header."""

    key: bytes
    digest: bytes
    start: int
    length: int
    rows: int
    failures: int
    last: bool
    checksum: int


def content_digest(rows: list[Row]) -> bytes:
    """Return a digest of 16 bytes of the content of rows.

    Equal rows have equal digests. Lists, tuples and arrays of the same entries are equal, because a dataset stores them in
    the same way; other values of different types differ.
    """
    return hashlib.blake2b(_canonical(rows), digest_size=16).digest()


def digest_of(*parts: bytes | str) -> bytes:
    """Return a digest of 16 bytes of a sequence of parts."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return digest.digest()


def _canonical(rows: list[Row]) -> bytes:
    with contextlib.suppress(TypeError):  # a lone surrogate, or an integer of more than 64 bits
        text = orjson.dumps(rows, default=_foreign, option=_AS_JSON)
        if b"null" not in text:  # orjson writes null for None, NaN and infinity
            return text
    try:
        return json.dumps(rows, default=_foreign).encode("ascii")
    except TypeError:  # a key that is neither text nor a number
        return json.dumps(_with_text_keys(rows), default=_foreign).encode("ascii")


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key if isinstance(key, str | int | float | None) else repr(key): _with_text_keys(item)
            for key, item in value.items()
        }
    return [_with_text_keys(item) for item in value] if isinstance(value, list | tuple) else value


def _foreign(value: Any) -> Any:
    """Return a JSON value for a value that JSON does not have."""
    if isinstance(value, bytes | bytearray | memoryview):
        return ["bytes", hashlib.blake2b(value, digest_size=16).hexdigest()]
    if isinstance(value, set | frozenset):  # its order differs between processes
        return [type(value).__qualname__, sorted(map(repr, value))]
    try:
        pickled = pickle.dumps(value, protocol=5)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise DistilabelStepError(
            f"A row has a value that cannot be pickled ({error}): use plain values, arrays or images."
        ) from error
    return [type(value).__qualname__, hashlib.blake2b(pickled, digest_size=16).hexdigest()]


class ChunkStore:
    """The chunks of one step: found by key, read by their number in this run's stream.

    The file only grows. An incomplete chunk at its end, left by a process that died, is cut off when the file is opened.
    Rows are pickled, so that values keep their types: a cache folder must be trusted like code.

    Args:
        path: The file; created if it does not exist.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file = self._open()
        self._free: dict[bytes, list[Chunk]] = {}
        self._stream: dict[int, Chunk] = {}
        self._end = self._scan()

    def _open(self) -> FileIO:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Chunks are read and written whole, at changing positions: a buffer would be filled and discarded each time.
            return self.path.open("r+b" if self.path.exists() else "w+b", buffering=0)
        except OSError as error:
            raise unusable(self.path.parent, error) from error

    def _scan(self) -> int:
        """Read all headers; return the end of the last complete chunk."""
        size, end = os.fstat(self._file.fileno()).st_size, 0
        while end + _HEADER.size <= size:
            self._file.seek(end)
            mark, key, digest, length, rows, failures, last, checksum = _HEADER.unpack(
                self._file.read(_HEADER.size)
            )
            start = end + _HEADER.size
            if mark != _MARK or start + length > size:
                break
            chunk = Chunk(key, digest, start, length, rows, failures, last, checksum)
            self._free.setdefault(key, []).append(chunk)
            end = start + length
        if end < size:
            self._file.truncate(end)
        return end

    @property
    def empty(self) -> bool:
        """Whether the file holds no chunk."""
        return self._end == 0

    def reuse(self, index: int, key: bytes) -> Chunk | None:
        """Use a chunk with this key, not yet used in this run, as chunk `index`; return None if there is none."""
        with self._lock:
            while free := self._free.get(key):
                # If rows without an answer were asked for again, the chunk is there twice.
                chunk = min(free, key=lambda each: each.failures)
                free.remove(chunk)
                if zlib.crc32(self._read(chunk.start, chunk.length)) == chunk.checksum:
                    self._stream[index] = chunk
                    return chunk
        return None

    def put(
        self,
        index: int,
        key: bytes,
        rows: list[Row],
        *,
        digest: bytes | None = None,
        failures: int = 0,
        last: bool = False,
    ) -> Chunk:
        """Write rows as chunk `index` of this run's stream.

        Without `digest`, the digest of the pickled rows is used, which is the same for rows made in the same way.
        """
        body = _pickle(self.path.stem, rows)
        digest, checksum = digest or hashlib.blake2b(body, digest_size=16).digest(), zlib.crc32(body)
        with self._lock:
            start = self._end + _HEADER.size
            chunk = Chunk(key, digest, start, len(body), len(rows), failures, last, checksum)
            header = _HEADER.pack(_MARK, key, digest, len(body), len(rows), failures, last, checksum)
            self._write(header + body)
            self._end = start + len(body)
            self._stream[index] = chunk
        return chunk

    def _write(self, data: bytes) -> None:
        try:
            self._file.seek(self._end)
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise unusable(self.path.parent, error) from error

    def chunk(self, index: int) -> Chunk:
        """Return the header of chunk `index` of this run's stream."""
        return self._stream[index]

    def rows(self, index: int) -> list[Row]:
        """Read chunk `index` of this run's stream; each call returns new rows."""
        with self._lock:
            chunk = self._stream[index]
            body = self._read(chunk.start, chunk.length)
        rows: list[Row] = pickle.loads(body)  # noqa: S301 - written by this class; see its docstring
        return rows

    def _read(self, start: int, length: int) -> bytes:
        self._file.seek(start)
        found = self._file.read(length)
        # The system reads at most 2 GB at a time (https://man7.org/linux/man-pages/man2/read.2.html).
        while len(found) < length and (more := self._file.read(length - len(found))):
            found += more
        return found

    def drop_unused(self, least: int) -> None:
        """Remove all chunks that are not in this run's stream, if they take more space than those and more than `least` bytes.

        The store cannot be used afterwards.
        """
        used = sorted({chunk.start: chunk for chunk in self._stream.values()}.items())
        size = sum(_HEADER.size + chunk.length for _, chunk in used)
        if self._end - size <= max(size, least):
            return
        part = self.path.with_suffix(".part")
        with self._lock, part.open("wb") as file:
            for start, chunk in used:
                file.write(self._read(start - _HEADER.size, _HEADER.size + chunk.length))
        self.close()
        part.replace(self.path)

    def close(self) -> None:
        """Close the file."""
        # On a full disk, closing would fail once more for data whose write `put` has reported.
        with self._lock, contextlib.suppress(OSError):
            self._file.close()


def _pickle(step: str, rows: list[Row]) -> bytes:
    try:
        return pickle.dumps(rows, protocol=5)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise DistilabelStepError(
            f"Step {step!r} gave a row with a value that cannot be pickled ({error}): use plain values, arrays or images."
        ) from error
