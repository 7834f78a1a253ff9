"""Finding signatures like a given one without comparing it to all: bands of a signature as keys."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Signatures", "Storage", "opened"]

_SCHEMA = """
create table signature (id integer primary key, bytes blob not null);
create table band (key blob not null, signature integer not null, primary key (key, signature)) without rowid;
"""
_ADD_SIGNATURE = "insert into signature (bytes) values (?)"
_ADD_BAND = "insert or ignore into band values (?, ?)"
_ALIKE = "select distinct signature.bytes from band join signature on id = signature where key = ?"


class Storage(Protocol):
    """Keeps signatures under the keys of their bands."""

    def add(self, signature: bytes, keys: Iterable[bytes]) -> None:
        """Keep a signature."""

    def under(self, key: bytes) -> Iterable[bytes]:
        """Give the signatures that have a band with this key."""


class _Memory:
    def __init__(self) -> None:
        self._under: defaultdict[bytes, list[bytes]] = defaultdict(list)

    def add(self, signature: bytes, keys: Iterable[bytes]) -> None:
        for key in keys:
            self._under[key].append(signature)

    def under(self, key: bytes) -> Iterable[bytes]:
        return self._under.get(key, ())


class _Disk:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("pragma synchronous = off")
        connection.executescript(_SCHEMA)

    def add(self, signature: bytes, keys: Iterable[bytes]) -> None:
        number = self._connection.execute(_ADD_SIGNATURE, (signature,)).lastrowid
        self._connection.executemany(_ADD_BAND, ((key, number) for key in keys))

    def under(self, key: bytes) -> Iterable[bytes]:
        return (found for (found,) in self._connection.execute(_ALIKE, (key,)))

    def close(self) -> None:
        self._connection.close()


def opened(kind: str) -> AbstractContextManager[Storage]:
    """Give an empty storage in memory ("dict") or in a file that goes with it ("disk")."""
    # An empty name makes SQLite take a file of its own, which it removes on closing.
    return closing(_Disk(sqlite3.connect(""))) if kind == "disk" else nullcontext(_Memory())


@dataclass(frozen=True, slots=True)
class Signatures:
    """Signatures, each a row of numbers, that can be asked for one like another.

    Attributes:
        storage: Where they are kept.
        bands: Into how many bands a signature is cut.
        width: How many numbers a band has.
        threshold: The share of equal numbers from which on two are alike.
    """

    storage: Storage
    bands: int
    width: int
    threshold: float

    def has_like(self, signature: Any) -> bool:
        """Tell whether one of them is like this one."""
        import numpy as np  # noqa: PLC0415 - slow to import

        found = (other for key in self._keys(signature) for other in self.storage.under(key))
        equal = (np.mean(np.frombuffer(other, signature.dtype) == signature) for other in found)
        return any(share >= self.threshold for share in equal)

    def add(self, signature: Any) -> None:
        """Keep a signature."""
        self.storage.add(signature.tobytes(), self._keys(signature))

    def _keys(self, signature: Any) -> Iterator[bytes]:
        for band in range(self.bands):
            part = signature[band * self.width : (band + 1) * self.width]
            yield band.to_bytes(2, "big") + part.tobytes()
