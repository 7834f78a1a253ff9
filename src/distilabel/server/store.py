"""The database of a platform: the only module that writes it.

SQLite in WAL mode with `synchronous=FULL`: what a response states is on the disk before it is sent
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
    """The queries of a file, by the name that stands above each as `-- name: ...`."""
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
        with _told(folder), ExitStack() as opened:
            self.files_folder.mkdir(parents=True, exist_ok=True)
            opened.enter_context(closing(_claim(folder)))
            self._db = opened.enter_context(closing(_connect(folder / "platform.db")))
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_text("schema.sql"))
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Let the folder go."""
        with self._lock:
            self._opened.close()

    def path(self, file_id: str) -> Path:
        """Where the bytes of a file are."""
        return self.files_folder / file_id

    def sweep(self, now: float) -> None:
        """Remove what nothing speaks of any more: expired files and uploads that a crash cut short."""
        self._run("delete_expired_files", now=now)
        wanted = {row["id"] for row in self._run("wanted_files")}
        for path in self.files_folder.iterdir():
            if path.name not in wanted:
                path.unlink()

    # Files

    def add_file(self, file: File) -> None:
        """Make known a file whose bytes are on the disk already."""
        self._run("add_file", **{name: value for name, value in asdict(file).items() if name != "seq"})

    def file(self, file_id: str, now: float) -> File:
        """The file, or a 404."""
        for row in self._run("file", id=file_id, now=now):
            return File(**row)
        raise ApiError(f"No such File object: {file_id}", status=404, param="id")

    def files(
        self, *, now: float, limit: int, after: str | None, purpose: str | None, newest_first: bool
    ) -> tuple[list[File], bool]:
        """A page of files, and whether there are more behind it."""
        query = "files_newest_first" if newest_first else "files_oldest_first"
        start = None if after is None else self.file(after, now).seq
        rows = self._run(query, now=now, purpose=purpose, after=start, limit=limit + 1)
        return [File(**row) for row in rows[:limit]], len(rows) > limit

    def delete_file(self, file_id: str, now: float) -> None:
        """Forget a file and remove its bytes, unless a batch still reads it."""
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
        """Remember a new batch, in state `validating`."""
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
        """The batch, or a 404."""
        for row in self._run("batch", id=batch_id):
            return _batch(row)
        raise ApiError(f"No batch found with id '{batch_id}'.", status=404)

    def batches(self, *, limit: int, after: str | None) -> tuple[list[Batch], bool]:
        """A page of batches, newest first, and whether there are more behind it."""
        start = None if after is None else self.batch(after).seq
        rows = self._run("batches", after=start, limit=limit + 1)
        return [_batch(row) for row in rows[:limit]], len(rows) > limit

    def live(self) -> list[str]:
        """Ids of the batches that are not over yet, oldest first."""
        return [row["id"] for row in self._run("live_batches")]

    def status(self, batch_id: str) -> Status:
        """The state the batch is in."""
        (row,) = self._run("status", id=batch_id)
        return Status(row["status"])

    # Moves. Each happens only from the state it starts in; elsewhere it does nothing.

    def begin(self, batch_id: str, *, model: str, total: int, now: float) -> None:
        """Validating -> in_progress."""
        self._run("begin", id=batch_id, model=model, total=total, now=now)

    def fail(self, batch_id: str, *, errors: str, now: float) -> None:
        """Validating -> failed."""
        self._run("fail", id=batch_id, errors=errors, now=now)

    def cancel(self, batch_id: str, now: float) -> Batch:
        """Validating or in_progress -> cancelling; the batch as it then is."""
        with self._lock:
            self._run("cancel", id=batch_id, now=now)
            return self.batch(batch_id)

    def finalize(self, batch_id: str, now: float) -> None:
        """In_progress -> finalizing."""
        self._run("finalize", id=batch_id, now=now)

    def checkpoint(self, batch_id: str, tally: Tally) -> Status:
        """Note how far the part files are good; the state the batch is in."""
        (row,) = self._run("checkpoint", id=batch_id, **asdict(tally))
        return Status(row["status"])

    def settle(self, batch: Batch, target: Status, files: dict[str, File | None], now: float) -> None:
        """End the batch and make its files known, in one transaction; nothing, if it has left its state meanwhile.

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
def _told(folder: Path) -> Iterator[None]:
    """Within it, what SQLite or the system says against the folder becomes one sentence that says what to do."""
    try:
        yield
    except (sqlite3.DatabaseError, OSError) as error:
        raise FolderError(
            f"{folder} cannot be used ({error}): give another folder, or move this one aside"
        ) from error


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    return db


def _claim(folder: Path) -> sqlite3.Connection:
    # An open exclusive transaction on a file of its own: the operating system drops it with the process, so
    # unlike a pid file it needs no cleaning after kill -9.
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
