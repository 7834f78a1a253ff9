"""The instructions at which a process may die: around each commit, each call and each file."""

import os
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["Points", "watch"]


class Points:
    """Counts the points that a process passes, notes them in a file, and kills the process at one.

    Args:
        path: The file; "": nowhere.
        kill_at: The point that kills, counted from 1; 0: none.
        kill_first: The first point of this name kills; "": none.
    """

    def __init__(self, path: str, kill_at: int, kill_first: str) -> None:
        self._file = Path(path).open("a", buffering=1) if path else None  # noqa: SIM115 - as long as the process
        self._kill_at = kill_at
        self._kill_first = kill_first
        self._count = 0
        self._lock = threading.RLock()

    def come_to(self, name: str) -> None:
        """Pass a point, or die there."""
        with self._lock:
            self._count += 1
            if self._file:
                self._file.write(f"{self._count} {name}\n")
            if self._count == self._kill_at or name == self._kill_first:
                os.kill(os.getpid(), signal.SIGKILL)

    def dies_next(self) -> bool:
        """Tell whether the next point kills."""
        return self._count + 1 == self._kill_at


def watch(points: Points) -> None:
    """Put points around commits of the ledger, HTTP calls, downloads and chunk files of this process."""
    _watch_ledger(points)
    _watch_calls(points)
    _watch_files(points)


def _watch_ledger(points: Points) -> None:
    from distilabel.ledger.database import Database

    transaction: Any = Database.transaction

    @contextmanager
    def watched(self: Any, *, durable: bool = True) -> Iterator[None]:
        if self.connection.in_transaction:
            with transaction(self, durable=durable):
                yield
            return
        kind = "durable" if durable else "lazy"
        with transaction(self, durable=durable):
            yield
            points.come_to(f"before a {kind} commit")
        wal = self.path.with_name(self.path.name + "-wal")
        points.come_to(f"after a {kind} commit, WAL {wal.stat().st_size if wal.exists() else 0}")

    Database.transaction = watched  # type: ignore[method-assign]


def _watch_calls(points: Points) -> None:
    from distilabel.transport import HttpTransport

    exchange = HttpTransport._exchange

    async def watched(self: Any, request: Any) -> Any:
        points.come_to(f"before {request.method} {request.path.split('/')[1]}")
        response = await exchange(self, request)
        points.come_to(f"after {request.method} {request.path.split('/')[1]}")
        return response

    HttpTransport._exchange = watched  # type: ignore[method-assign]


def _watch_files(points: Points) -> None:
    from distilabel import transport
    from distilabel.pipeline.storage.chunks import ChunkStore

    sync_folder, write = transport.sync_folder, ChunkStore._write

    class WatchedOs:
        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

        def fsync(self, descriptor: int) -> None:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.fsync(descriptor)
                return
            points.come_to("before a download is synced")
            os.fsync(descriptor)
            points.come_to("after a download is synced, before it is renamed")

    def watched_sync_folder(*arguments: Any) -> None:
        points.come_to("after a download is renamed")
        sync_folder(*arguments)

    def watched_write(self: Any, data: bytes) -> None:
        if points.dies_next():
            write(self, data[: len(data) // 2])
        points.come_to("in the middle of a chunk")
        write(self, data)
        points.come_to("after a chunk")

    transport.os = WatchedOs()  # type: ignore[assignment]
    transport.sync_folder = watched_sync_folder
    ChunkStore._write = watched_write  # type: ignore[method-assign]
