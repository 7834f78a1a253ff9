"""Result files: recording what each line says, and reading single answers back."""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, TypeAlias

from distilabel.ledger.jobs import Ledger
from distilabel.providers.base import Provider
from distilabel.records import Decoded, Failure, Job, parse_custom_id

__all__ = ["BOM", "Indexed", "Place", "Reader", "index", "is_whole"]

Place: TypeAlias = tuple[str, int, int]
"""Where an answer lies: a file below the ledger's folder, start and length in bytes."""

_LINES_AT_ONCE = 2_000
_TAIL = 1 << 16
BOM = b"\xef\xbb\xbf"
"""The byte order mark that some servers put at the start of a file."""


@dataclass(slots=True)
class Indexed:
    """What the lines of a job's results said, beside answers and failures of single requests.

    Attributes:
        odd: How many lines were odd: duplicates, under a foreign id, or unreadable.
        refused: How many requests the platform refused because of the account.
        refusals: The first of these failures for each code.
    """

    odd: int = 0
    refused: int = 0
    refusals: dict[str, Failure] = field(default_factory=dict)


def index(ledger: Ledger, provider: Provider, job: Job) -> Indexed:
    """Record in the ledger what each line of a job's result files says. Done twice, it changes nothing."""
    said = Indexed()
    ledger.jobs.forget_anomalies(job)
    for number, path in ledger.jobs.files(job):
        if path.exists():
            lines = _lines(provider, path)
            while some := list(islice(lines, _LINES_AT_ONCE)):
                _settle(ledger, job, number, some, said)
    return said


def is_whole(ledger: Ledger, provider: Provider, job: Job, path: Path) -> bool:
    """Tell whether a file has a line of a job's, and does not break off in the middle of its last line."""
    if not path.exists() or not any(
        name is not None and ledger.jobs.has_sample(job, *name)
        for name in (_name_of(decoded) for decoded, _, _ in _lines(provider, path))
    ):
        return False
    last = _last_line(path)
    return not last.strip() or provider.decode(last).custom_id is not None


def _name_of(decoded: Decoded) -> tuple[str, int] | None:
    return parse_custom_id(decoded.custom_id) if decoded.custom_id is not None else None


def _last_line(path: Path) -> bytes:
    """Return what stands after the last newline of a file."""
    tail = b""
    with path.open("rb") as file:
        start = file.seek(0, os.SEEK_END)
        while start and b"\n" not in tail:
            size = min(start, _TAIL)
            start = file.seek(start - size)
            tail = file.read(size) + tail
    return tail.rpartition(b"\n")[2].removeprefix(BOM)


def _lines(provider: Provider, path: Path) -> Iterator[tuple[Decoded, int, int]]:
    """Yield each line with its place.

    Lines end at a newline byte only: `str.splitlines` would also split at U+2028, which is legal inside a JSON string. A byte
    order mark at the start belongs to no line.
    """
    with path.open("rb") as file:
        start = len(BOM) if file.read(len(BOM)) == BOM else 0
        file.seek(start)
        for line in file:
            if line.strip():
                yield provider.decode(line), start, len(line)
            start += len(line)


def _settle(
    ledger: Ledger, job: Job, file: int, lines: list[tuple[Decoded, int, int]], said: Indexed
) -> None:
    answered: list[tuple[int, int, int, str, int]] = []
    failed: list[tuple[str, str, str, int, bool]] = []
    unreadable = 0
    for decoded, start, length in lines:
        name = _name_of(decoded)
        if name is None:
            unreadable += 1
        elif isinstance(decoded.outcome, Failure):
            failure = decoded.outcome
            failed.append((failure.code, failure.message, *name, failure.retryable or failure.account))
            if failure.account:
                said.refused += 1
                said.refusals.setdefault(failure.code, failure)
        else:
            answered.append((file, start, length, *name))
    ledger.jobs.note_anomalies(job, unreadable)
    said.odd += unreadable + ledger.jobs.settle_lines(job, answered, failed)


class Reader:
    """Reads answers out of result files, a few files open at a time. Safe to use from several threads."""

    _MOST_OPEN = 32
    _AT_ONCE = 1 << 17

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: OrderedDict[str, IO[bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, places: Iterable[Place]) -> dict[Place, bytes]:
        """Return the bytes at each place; neighbours in one file are read together."""
        with self._lock:
            return dict(self._found(sorted(places)))

    def _found(self, places: Iterable[Place]) -> Iterator[tuple[Place, bytes]]:
        name, first, block = "", 0, b""
        for place in places:
            path, start, length = place
            at = start - first
            if path != name or at + length > len(block):
                name, first, at = path, start, 0
                file = self._open(path)
                file.seek(start)
                block = file.read(max(length, self._AT_ONCE))
            yield place, block[at : at + length]

    def _open(self, path: str) -> IO[bytes]:
        file = self._files.pop(path, None) or (self._folder / path).open("rb")
        self._files[path] = file
        if len(self._files) > self._MOST_OPEN:
            self._files.popitem(last=False)[1].close()
        return file

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            while self._files:
                self._files.popitem()[1].close()
