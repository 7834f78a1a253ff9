"""The ledger's database: its schema, migrations and queries, and the connection that writes.

One thread writes at a time, and each change is made as a whole or not at all.
"""

import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock

from distilabel._event_loop import renew_after_fork
from distilabel._files import unusable
from distilabel.exceptions import DistilabelCacheError
from distilabel.records import Target

__all__ = [
    "LEDGER_NAME",
    "SCHEMA_VERSION",
    "SYNCHRONOUS",
    "Database",
    "connect",
    "joined",
    "json_array",
    "mapped_errors",
    "query",
]

LEDGER_NAME = "ledger.db"
SCHEMA_VERSION = 5
_BUSY_MILLISECONDS = 60_000
# Keys are digests, so they lie anywhere in their index: a draw changes nearly as many pages of 4 KB as it has requests.
# Those of one draw must fit into memory, or they are written twice: 8 MB instead of SQLite's 2. The log is copied into the
# database only when it has this many pages, 64 MB instead of 4: by then most of them have changed several times.
_PAGES_IN_MEMORY = 2_000
_PAGES_IN_LOG = 16_000
# `Database` begins transactions itself, and its lock serialises threads.
_SHARED: dict[str, Any] = {"isolation_level": None, "check_same_thread": False}
SYNCHRONOUS = {True: "FULL", False: "NORMAL"}
"""By whether a change must be durable. In WAL mode only FULL waits for the disk at each commit:
https://www.sqlite.org/pragma.html#pragma_synchronous"""

_ROWS_AT_ONCE = 10_000


@cache
def _queries() -> dict[str, str]:
    text = files("distilabel.ledger").joinpath("queries.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)
    return {name: sql.strip() for name, sql in zip(parts[1::2], parts[2::2], strict=True)}


def query(name: str) -> str:
    """Return the statement called `name` in queries.sql."""
    return _queries()[name]


def connect(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    """Open the ledger at `path`; a writer creates a missing one and migrates an older one.

    Raises:
        DistilabelCacheError: It cannot be opened, or a newer version of this library wrote it.
    """
    with mapped_errors(path):
        if readonly:
            uri = f"{path.resolve().as_uri()}?mode=ro"
            with _closed_on_error(sqlite3.connect(uri, uri=True, **_SHARED)) as connection:
                _check_version(path, connection)
            return connection
        path.parent.mkdir(parents=True, exist_ok=True)
        # Processes that switch a new database to WAL at the same time fail as "locked", whatever the busy timeout.
        with (
            FileLock(path.with_suffix(".opening")),
            _closed_on_error(sqlite3.connect(path, **_SHARED)) as connection,
        ):
            _set_up(connection)
            if _version(connection) < SCHEMA_VERSION:
                _bring_up_to_date(connection)
            _check_version(path, connection)
        return connection


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    try:
        yield connection
    except BaseException:
        connection.close()
        raise


def _check_version(path: Path, connection: sqlite3.Connection) -> None:
    version = _version(connection)
    if version != SCHEMA_VERSION:
        raise DistilabelCacheError(
            f"The ledger {path} was written by another version of this library (schema {version}, here "
            f"{SCHEMA_VERSION}): {_remedy(version)}"
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _remedy(version: int) -> str:
    if version < SCHEMA_VERSION:
        return "run the pipeline once, which brings it up to date."
    return "use that version, or name another folder as cache_dir."


def _set_up(connection: sqlite3.Connection) -> None:
    """Set up a connection that writes; only the journal mode is stored in the database."""
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA cache_size = {_PAGES_IN_MEMORY}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_IN_LOG}")
    connection.execute("PRAGMA foreign_keys = ON")


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Create the tables, or migrate older ones step by step, in one transaction."""
    connection.execute("PRAGMA synchronous = FULL")
    # A table that others refer to can only be rebuilt with foreign keys off: https://www.sqlite.org/lang_altertable.html#otheralter
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.create_function("bytes_of", 1, bytes.fromhex, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        for script in _scripts_after(version):
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    except BaseException:
        connection.rollback()
        raise
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys = ON")


def _scripts_after(version: int) -> list[str]:
    """Return the scripts from a version to the present one: the whole schema from 0, else each later migration."""
    folder = files("distilabel.ledger")
    if version == 0:
        return [folder.joinpath("schema.sql").read_text(encoding="utf-8")]
    numbers = range(version + 1, SCHEMA_VERSION + 1)
    return [folder.joinpath("migrations", f"{number}.sql").read_text(encoding="utf-8") for number in numbers]


def _statements(script: str) -> Iterator[str]:
    """Split a script into statements; `executescript` would commit the open transaction first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def mapped_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors into one sentence that says what to do."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise  # a defect of this library, not of the folder
    except (sqlite3.DatabaseError, OSError) as error:
        raise _advice(path, error) from error


def _advice(path: Path, error: Exception) -> DistilabelCacheError:
    if "malformed" in str(error) or "not a database" in str(error):
        return DistilabelCacheError(
            f"The ledger {path} is damaged: move it aside, find the jobs that the platform still holds with "
            "`distilabel jobs recover`, and run again."
        )
    return unusable(path.parent, error)


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
        _ = self.connection  # errors of the file are raised here
        renew_after_fork(self)
        self._scopes: dict[str, int] = {}
        self._targets: dict[Target, int] = {}

    @cached_property
    def connection(self) -> sqlite3.Connection:
        """The connection of this process."""
        return connect(self.path)

    def renew(self) -> object:
        """Open another connection at the next use: https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_across_a_fork_."""
        self.lock = threading.RLock()
        return self.__dict__.pop("connection", None)

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
