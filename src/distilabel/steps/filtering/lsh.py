"""Locality-sensitive hashing (LSH): finding similar signatures by their bands."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["SignatureIndex", "Storage", "open_storage"]

_SCHEMA = """
create table signature (id integer primary key, bytes blob not null);
create table band (key blob not null, signature integer not null, primary key (key, signature)) without rowid;
"""
_ADD_SIGNATURE = "insert into signature (bytes) values (?)"
_ADD_BAND = "insert or ignore into band values (?, ?)"
_SELECT_SIMILAR = "select distinct signature.bytes from band join signature on id = signature where key = ?"


class Storage(Protocol):
    """Stores signatures under the keys of their bands."""

    def add(self, signature: bytes, keys: Iterable[bytes]) -> None:
        """Store a signature."""

    def with_key(self, key: bytes) -> Iterable[bytes]:
        """Return the signatures that have a band with this key."""


class _Memory:
    def __init__(self) -> None:
        self._by_key: defaultdict[bytes, list[bytes]] = defaultdict(list)

    def add(self, signature: bytes, keys: Iterable[bytes]) -> None:
        for key in keys:
            self._by_key[key].append(signature)

    def with_key(self, key: bytes) -> Iterable[bytes]:
        return self._by_key.get(key, ())


class _Disk:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("pragma synchronous = off")
        connection.executescript(_SCHEMA)

    def add(self, signature: bytes, keys: Iterable[bytes]) -> None:
        number = self._connection.execute(_ADD_SIGNATURE, (signature,)).lastrowid
        self._connection.executemany(_ADD_BAND, ((key, number) for key in keys))

    def with_key(self, key: bytes) -> Iterable[bytes]:
        return (found for (found,) in self._connection.execute(_SELECT_SIMILAR, (key,)))

    def close(self) -> None:
        self._connection.close()


def open_storage(kind: str) -> AbstractContextManager[Storage]:
    """Return an empty storage in memory ("dict") or in a temporary file ("disk")."""
    # With an empty name SQLite uses a temporary file, which it removes on closing.
    return closing(_Disk(sqlite3.connect(""))) if kind == "disk" else nullcontext(_Memory())


@dataclass(frozen=True, slots=True)
class SignatureIndex:
    """An index of signatures, arrays of numbers, that finds similar ones.

    Attributes:
        storage: The storage of the signatures.
        bands: The number of bands of a signature.
        width: The number of values in a band.
        threshold: The minimum share of equal values of two similar signatures.
    """

    storage: Storage
    bands: int
    width: int
    threshold: float

    def contains_similar(self, signature: Any) -> bool:
        """Return whether the index contains a similar signature."""
        import numpy as np  # noqa: PLC0415 - slow to import

        found = (other for key in self._keys(signature) for other in self.storage.with_key(key))
        equal = (np.mean(np.frombuffer(other, signature.dtype) == signature) for other in found)
        return any(share >= self.threshold for share in equal)

    def add(self, signature: Any) -> None:
        """Store a signature."""
        self.storage.add(signature.tobytes(), self._keys(signature))

    def _keys(self, signature: Any) -> Iterator[bytes]:
        for band in range(self.bands):
            part = signature[band * self.width : (band + 1) * self.width]
            yield band.to_bytes(2, "big") + part.tobytes()
