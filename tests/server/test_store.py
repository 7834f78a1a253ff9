"""The database forbids what must not be, whoever asks."""

import re
import sqlite3
import time
from importlib import resources
from pathlib import Path

import pytest

from distilabel.server import FolderError, Settings
from distilabel.server.records import LIVE, Status
from distilabel.server.store import Store, load_queries

LEGAL = {
    ("validating", "in_progress"),
    ("validating", "failed"),
    ("validating", "cancelling"),
    ("in_progress", "finalizing"),
    ("in_progress", "expired"),
    ("in_progress", "cancelling"),
    ("finalizing", "completed"),
    ("cancelling", "cancelled"),
}
STAMPS = {
    "completed": "completed_at",
    "failed": "failed_at",
    "expired": "expired_at",
    "cancelled": "cancelled_at",
}


def raw_batch(db: sqlite3.Connection, status: str) -> None:
    columns = {"status": status, "errors": "{}" if status == "failed" else None}
    columns |= {stamp: 2.0 for state, stamp in STAMPS.items() if state == status}
    names = ", ".join(columns)
    db.execute(
        "INSERT INTO batches (id, input_file_id, endpoint, completion_window, output_part, error_part, created_at,"
        f" expires_at, {names}) VALUES ('batch_x', 'file-x', '/v1/x', '24h', 'file-o', 'file-e', 1, 2"
        f" {', ?' * len(columns)})",
        list(columns.values()),
    )


@pytest.mark.parametrize("source", list(Status))
@pytest.mark.parametrize("target", list(Status))
def test_only_legal_moves_are_possible(source: Status, target: Status):
    db = sqlite3.connect(":memory:")
    db.executescript(resources.files("distilabel.server").joinpath("schema.sql").read_text("utf-8"))
    raw_batch(db, source)
    stamp = f", {STAMPS[target]} = 3" if target in STAMPS else ""
    errors = ", errors = '{}'" if target == "failed" else ""
    move = f"UPDATE batches SET status = ?{stamp}{errors}"
    if (source, target) in LEGAL:
        db.execute(move, [target])
    else:
        with pytest.raises(sqlite3.IntegrityError, match="may not make this move"):
            db.execute(move, [target])
    db.close()


def test_states_without_a_way_on_are_those_that_are_over():
    assert {source for source, _ in LEGAL} == set(LIVE)


@pytest.mark.parametrize(
    "change",
    [
        "completed = 1",
        "failed = -1",
        "errors = '{}'",
        "output_file_id = 'file-o'",
        "completed_at = 3",
        "metadata = '{'",
    ],
)
def test_contradictions_are_refused(change: str):
    db = sqlite3.connect(":memory:")
    db.executescript(resources.files("distilabel.server").joinpath("schema.sql").read_text("utf-8"))
    raw_batch(db, "in_progress")
    with pytest.raises(sqlite3.IntegrityError):
        db.execute(f"UPDATE batches SET {change}")
    db.close()


def test_what_was_promised_is_on_disk(tmp_path: Path):
    store = Store(tmp_path)
    assert store._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert store._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    store.close()


def test_every_query_is_used():
    package = resources.files("distilabel.server")
    queries = load_queries(package.joinpath("queries.sql").read_text("utf-8"))
    used = set(re.findall(r'"(\w+)"', package.joinpath("store.py").read_text("utf-8")))
    assert set(queries) <= used


def test_refusing_to_move_leaves_the_batch_as_it_is(tmp_path: Path):
    store = Store(tmp_path)
    now = time.time()
    batch = store.add_batch(
        input_file_id="file-x",
        endpoint="/v1/x",
        completion_window="24h",
        metadata=None,
        output_seconds=None,
        now=now,
        expires_at=now + 1,
    )
    store.finalize(batch.id, now)
    assert store.batch(batch.id) == batch
    store.close()


@pytest.mark.parametrize("wrong", [{"concurrency": 0}, {"delay": -1}, {"expire_after": 0}])
def test_settings_that_cannot_work_are_refused(wrong: dict):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(Path(), **wrong)


def test_folder_whose_database_is_damaged_can_be_used_once_it_is_fixed(tmp_path: Path):
    database = tmp_path / "platform.db"
    database.write_bytes(b"this is no database, whatever its name says" * 99)
    with pytest.raises(FolderError, match=r"cannot be used \(file is not a database\): give another folder"):
        Store(tmp_path)
    database.unlink()
    Store(tmp_path).close()


def test_folder_that_is_a_file_is_said_to_be_unusable(tmp_path: Path):
    (tmp_path / "folder").write_text("")
    with pytest.raises(FolderError, match=r"cannot be used .*give another folder"):
        Store(tmp_path / "folder")
