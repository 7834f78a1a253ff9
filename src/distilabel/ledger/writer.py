"""Writing to the ledger: one connection, one thread at a time, each change whole or not at all; and the names in it."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any

from distilabel.ledger.connection import LEDGER_NAME, connect, mapped_errors, query
from distilabel.ledger.rows import json_array, target_row
from distilabel.records import Target

__all__ = ["SYNCHRONOUS", "Writer"]

SYNCHRONOUS = {True: "FULL", False: "NORMAL"}
"""By whether a change must be durable; https://www.sqlite.org/pragma.html#pragma_synchronous: in WAL, FULL waits for the
disk at each commit."""

_ROWS_AT_ONCE = 10_000


class Writer:
    """A connection that writes.

    Args:
        folder: The ledger's folder, made where it is missing.
        clock: Gives the time in seconds since 1970.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time) -> None:
        self.folder = folder
        self.path = folder / LEDGER_NAME
        self.clock = clock
        self._lock = threading.RLock()
        self._connection = connect(self.path)
        self._scopes: dict[str, int] = {}
        self._targets: dict[Target, int] = {}

    def close(self) -> None:
        """Close the database; the ledger cannot be used after."""
        with self._lock:
            self._connection.close()

    def begin_run(self, name: str) -> int:
        """Note that a run begins and return its number."""
        with self._transaction(durable=False):
            return int(self._one("begin_run", name=name, now=self.clock())[0])

    def scope_id(self, name: str) -> int:
        """Return the number of a scope, known or new."""
        if name not in self._scopes:
            self._scopes[name] = self._known_or_new("scope_id", "add_scope", name=name)
        return self._scopes[name]

    def target_id(self, target: Target) -> int:
        """Return the number of a target, known or new."""
        if target not in self._targets:
            self._targets[target] = self._known_or_new("target_id", "add_target", **target_row(target))
        return self._targets[target]

    def _known_or_new(self, find: str, add: str, /, **values: Any) -> int:
        with self._lock:
            row = self._execute(find, values).fetchone()
            if row is None:
                with self._transaction(durable=False):
                    self._execute(add, values)
                    row = self._execute(find, values).fetchone()
            return int(row[0])

    @contextmanager
    def _transaction(self, *, durable: bool = True) -> Iterator[None]:
        with self._lock, mapped_errors(self.path):
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute(f"PRAGMA synchronous = {SYNCHRONOUS[durable]}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.rollback()
                raise

    def _execute(self, name: str, values: dict[str, Any]) -> sqlite3.Cursor:
        with mapped_errors(self.path):
            return self._connection.execute(query(name), values)

    def _one(self, name: str, /, **values: Any) -> Any:
        return self._execute(name, values).fetchone()

    def _rows(self, name: str, /, **values: Any) -> Iterator[dict[str, Any]]:
        cursor = self._execute(name, values)
        names = [column[0] for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in cursor)

    def _many(self, name: str, rows: Sequence[tuple[Any, ...]]) -> int:
        with mapped_errors(self.path):
            return self._connection.executemany(query(name), rows).rowcount if rows else 0

    def _at_once(self, name: str, rows: Sequence[Any], /, **values: Any) -> int:
        """Carry out a statement on many rows in one step, which lets other threads run meanwhile; return how many."""
        pieces = (rows[start : start + _ROWS_AT_ONCE] for start in range(0, len(rows), _ROWS_AT_ONCE))
        return sum(self._execute(name, {**values, "rows": json_array(piece)}).rowcount for piece in pieces)
