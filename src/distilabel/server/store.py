"""The database of a platform; only this module writes to it.

SQLite in WAL mode with `synchronous=FULL`: a change is on the disk before the caller gets a response
(https://www.sqlite.org/pragma.html#pragma_synchronous). One connection serves all threads, one at a time.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from threading import RLock
from typing import Any

from distilabel.server.errors import ApiError
from distilabel.server.http import new_id
from distilabel.server.records import Batch, File, Status, Tally


class FolderError(RuntimeError):
    """The folder cannot be used; the message says what to do."""


class FolderInUseError(FolderError):
    """Another server is running on the same folder."""


def _text(name: str) -> str:
    return resources.files("distilabel.server").joinpath(name).read_text("utf-8")


def load_queries(text: str) -> dict[str, str]:
    """Return the queries of a file by the name in the `-- name: ...` line above each."""
    _, *rest = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)
    return dict(zip(rest[::2], rest[1::2], strict=True))


class Store:
    """Files and batches of one folder.

    Raises:
        FolderError: The folder cannot be used, or another server uses it.
    """

    def __init__(self, folder: Path) -> None:
        self.files_folder = folder / "files"
        self._queries = load_queries(_text("queries.sql"))
        self._lock = RLock()
        with _explaining(folder), ExitStack() as opened:
            self.files_folder.mkdir(parents=True, exist_ok=True)
            opened.enter_context(closing(_claim(folder)))
            self._db = opened.enter_context(closing(_connect(folder / "platform.db")))
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_text("schema.sql"))
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Close the database and release the folder."""
        with self._lock:
            self._opened.close()

    def path(self, file_id: str) -> Path:
        """Return the path of a file's content."""
        return self.files_folder / file_id

    def sweep(self, now: float) -> None:
        """Remove expired files, and uploads that a crash interrupted."""
        self._run("delete_expired_files", now=now)
        wanted = {row["id"] for row in self._run("wanted_files")}
        for path in self.files_folder.iterdir():
            if path.name not in wanted:
                path.unlink()

    # Files

    def add_file(self, file: File) -> None:
        """Add a file whose content is already on the disk."""
        self._run("add_file", **{name: value for name, value in asdict(file).items() if name != "seq"})

    def file(self, file_id: str, now: float) -> File:
        """Return the file, or raise a 404."""
        for row in self._run("file", id=file_id, now=now):
            return File(**row)
        raise ApiError(f"No such File object: {file_id}", status=404, param="id")

    def files(
        self, *, now: float, limit: int, after: str | None, purpose: str | None, newest_first: bool
    ) -> tuple[list[File], bool]:
        """Return a page of files, and whether more follow."""
        query = "files_newest_first" if newest_first else "files_oldest_first"
        start = None if after is None else self.file(after, now).seq
        rows = self._run(query, now=now, purpose=purpose, after=start, limit=limit + 1)
        return [File(**row) for row in rows[:limit]], len(rows) > limit

    def delete_file(self, file_id: str, now: float) -> None:
        """Delete a file and its content, unless a batch still reads it."""
        with self._lock:
            self.file(file_id, now)
            for row in self._run("batches_reading", id=file_id):
                raise ApiError(f"File {file_id} is being read by {row['id']}; cancel it first.", status=409)
            self._run("delete_file", id=file_id)
        self.path(file_id).unlink(missing_ok=True)

    # Batches

    def add_batch(
        self,
        *,
        input_file_id: str,
        endpoint: str,
        completion_window: str,
        metadata: str | None,
        output_seconds: int | None,
        now: float,
        expires_at: float,
    ) -> Batch:
        """Add a new batch in the state `validating`."""
        (row,) = self._run(
            "add_batch",
            id=new_id("batch_"),
            input_file_id=input_file_id,
            endpoint=endpoint,
            completion_window=completion_window,
            metadata=metadata,
            output_seconds=output_seconds,
            output_part=new_id("file-"),
            error_part=new_id("file-"),
            created_at=now,
            expires_at=expires_at,
        )
        return _batch(row)

    def batch(self, batch_id: str) -> Batch:
        """Return the batch, or raise a 404."""
        for row in self._run("batch", id=batch_id):
            return _batch(row)
        raise ApiError(f"No batch found with id '{batch_id}'.", status=404)

    def batches(self, *, limit: int, after: str | None) -> tuple[list[Batch], bool]:
        """Return a page of batches, newest first, and whether more follow."""
        start = None if after is None else self.batch(after).seq
        rows = self._run("batches", after=start, limit=limit + 1)
        return [_batch(row) for row in rows[:limit]], len(rows) > limit

    def live(self) -> list[str]:
        """Return the ids of the batches that have not ended, oldest first."""
        return [row["id"] for row in self._run("live_batches")]

    def status(self, batch_id: str) -> Status:
        """Return the state of a batch."""
        (row,) = self._run("status", id=batch_id)
        return Status(row["status"])

    # State transitions. Each applies only to its start state and does nothing in any other.

    def begin(self, batch_id: str, *, model: str, total: int, now: float) -> None:
        """Validating -> in_progress."""
        self._run("begin", id=batch_id, model=model, total=total, now=now)

    def fail(self, batch_id: str, *, errors: str, now: float) -> None:
        """Validating -> failed."""
        self._run("fail", id=batch_id, errors=errors, now=now)

    def cancel(self, batch_id: str, now: float) -> Batch:
        """Validating or in_progress -> cancelling; return the batch after that."""
        with self._lock:
            self._run("cancel", id=batch_id, now=now)
            return self.batch(batch_id)

    def finalize(self, batch_id: str, now: float) -> None:
        """In_progress -> finalizing."""
        self._run("finalize", id=batch_id, now=now)

    def checkpoint(self, batch_id: str, tally: Tally) -> Status:
        """Store how many bytes of the part files are valid; return the state of the batch."""
        (row,) = self._run("checkpoint", id=batch_id, **asdict(tally))
        return Status(row["status"])

    def settle(self, batch: Batch, target: Status, files: dict[str, File | None], now: float) -> None:
        """End the batch and add its files in one transaction; do nothing if its state has changed meanwhile.

        `files` holds `output` and `error`; where one is None the batch has no such file.
        """
        ids = {f"{name}_file_id": file and file.id for name, file in files.items()}
        with self._transaction():
            if not self._run("settle", id=batch.id, source=batch.status, target=target, now=now, **ids):
                return
            for file in filter(None, files.values()):
                self.add_file(file)
        for name, part in (("output", batch.output_part), ("error", batch.error_part)):
            if files[name] is None:
                self.path(part).unlink(missing_ok=True)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._db.rollback()
                raise

    def _run(self, query: str, **values: Any) -> Sequence[sqlite3.Row]:
        with self._lock:
            return self._db.execute(self._queries[query], values).fetchall()


def _batch(row: sqlite3.Row) -> Batch:
    return Batch(**{**dict(row), "status": Status(row["status"])})


@contextmanager
def _explaining(folder: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the system within the block into one `FolderError`."""
    try:
        yield
    except (sqlite3.DatabaseError, OSError) as error:
        raise FolderError(
            f"{folder} cannot be used ({error}): give another folder, or move this one away"
        ) from error


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    return db


def _claim(folder: Path) -> sqlite3.Connection:
    # An open exclusive transaction on a separate file: the operating system ends it with the process, so unlike a
    # pid file it needs no cleanup after kill -9.
    guard = sqlite3.connect(folder / "lock.db", isolation_level=None, check_same_thread=False, timeout=0)
    try:
        guard.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        guard.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        raise FolderInUseError(
            f"{folder} is in use by another server; stop it or give another folder"
        ) from error
    return guard
