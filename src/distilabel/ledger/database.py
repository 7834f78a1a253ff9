"""The ledger's connection that writes: one thread at a time, each change whole or not at all."""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from distilabel.ledger.connection import LEDGER_NAME, connect, mapped_errors, query
from distilabel.records import Target

__all__ = ["SYNCHRONOUS", "Database", "joined", "json_array"]

SYNCHRONOUS = {True: "FULL", False: "NORMAL"}
"""By whether a change must be durable. In WAL mode only FULL waits for the disk at each commit:
https://www.sqlite.org/pragma.html#pragma_synchronous"""

_ROWS_AT_ONCE = 10_000


class Database:
    """One connection, its lock and its transactions.

    `SamplePool` and `JobLedger` share it, so a transaction of one may hold statements of the other. Safe to use from several
    threads: `lock` is held for a whole transaction, and for each read that fetches more than one row.

    Args:
        folder: The ledger's folder, made where it is missing.
        clock: Gives the time in seconds since 1970.

    Attributes:
        path: The SQLite file.
        lock: Reentrant. A query returns a cursor of the shared connection: read it within the lock.
    """

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self.folder = folder
        self.path = folder / LEDGER_NAME
        self.clock = clock
        self.lock = threading.RLock()
        self.connection = connect(self.path)
        self._scopes: dict[str, int] = {}
        self._targets: dict[Target, int] = {}

    def close(self) -> None:
        """Close the connection; the database cannot be used after."""
        with self.lock:
            self.connection.close()

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """Hold the lock and one transaction; within another transaction, be part of that one.

        Args:
            durable: Whether the commit waits for the disk. What has cost nothing yet need not.
        """
        with self.lock, mapped_errors(self.path):
            if self.connection.in_transaction:
                yield
                return
            self.connection.execute(f"PRAGMA synchronous = {SYNCHRONOUS[durable]}")
            # IMMEDIATE takes the write lock at once: a transaction that reads first and writes later would fail as "locked"
            # if another process wrote in between, and no busy timeout helps: https://www.sqlite.org/lang_transaction.html
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                self.connection.rollback()
                raise

    def execute(self, name: str, values: dict[str, Any]) -> sqlite3.Cursor:
        """Carry out the statement called `name` in queries.sql."""
        with mapped_errors(self.path):
            return self.connection.execute(query(name), values)

    def one(self, name: str, /, **values: Any) -> Any:
        """Return the first row of a query; None if there is none."""
        return self.execute(name, values).fetchone()

    def rows(self, name: str, /, **values: Any) -> Iterator[dict[str, Any]]:
        """Yield the rows of a query by column name."""
        cursor = self.execute(name, values)
        names = [column[0] for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in cursor)

    def many(self, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Carry out a statement once for each row of values."""
        with mapped_errors(self.path):
            self.connection.executemany(query(name), rows)

    def at_once(self, name: str, rows: Sequence[Any], /, **values: Any) -> None:
        """Carry out a statement on many rows, which it takes as the JSON array `:rows`.

        SQLite releases Python's interpreter lock during a statement: a few long ones let other threads run.
        """
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            self.execute(name, {**values, "rows": json_array(rows[start : start + _ROWS_AT_ONCE])})

    def scope_id(self, name: str) -> int:
        """Return the number of a scope, known or new."""
        if name not in self._scopes:
            self._scopes[name] = self.known_or_new("scope_id", "add_scope", name=name)
        return self._scopes[name]

    def target_id(self, target: Target) -> int:
        """Return the number of a target, known or new."""
        if target not in self._targets:
            self._targets[target] = self.known_or_new(
                "target_id",
                "add_target",
                platform=target.platform,
                base_url=target.base_url,
                endpoint=target.endpoint,
                model=target.model,
            )
        return self._targets[target]

    def known_or_new(self, find: str, add: str, /, **values: Any) -> int:
        """Return the number that query `find` gives; where it gives none, statement `add` makes the row first."""
        with self.lock:
            row = self.one(find, **values)
            if row is None:
                with self.transaction(durable=False):
                    self.execute(add, values)
                    row = self.one(find, **values)
            return int(row[0])


def json_array(values: Iterable[Any]) -> str:
    """Return values as a JSON array, which SQLite's `json_each` splits into rows."""
    return orjson.dumps(list(values)).decode()


def joined(keys: Iterable[str]) -> bytes:
    r"""Return the keys of requests as bytes, one after the other.

    Examples:
        >>> joined(["0" * 32, "f" * 32])[14:18]
        b'\x00\x00\xff\xff'
    """
    return bytes.fromhex("".join(keys))
