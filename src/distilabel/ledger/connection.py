"""Opens the ledger's database: settings, schema and migrations, named queries, and errors that say what to do."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from filelock import FileLock

from distilabel._files import unusable
from distilabel.exceptions import DistilabelCacheError

__all__ = ["LEDGER_NAME", "SCHEMA_VERSION", "connect", "mapped_errors", "query"]

LEDGER_NAME = "ledger.db"
SCHEMA_VERSION = 4
_BUSY_MILLISECONDS = 60_000
# Keys are digests, so they lie anywhere in their index: a draw changes nearly as many pages of 4 KB as it has requests.
# Those of one draw must fit into memory, or they are written twice: 8 MB instead of SQLite's 2. The log is copied into the
# database only when it has this many pages, 64 MB instead of 4: by then most of them have changed several times.
_PAGES_IN_MEMORY = 2_000
_PAGES_IN_LOG = 16_000
# `Database` begins transactions itself, and its lock serialises threads.
_SHARED: dict[str, Any] = {"isolation_level": None, "check_same_thread": False}


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
