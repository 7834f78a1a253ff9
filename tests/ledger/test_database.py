"""Opening the ledger, and what is said when that cannot be."""

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from distilabel.exceptions import DistilabelCacheError
from distilabel.ledger.database import SCHEMA_VERSION, connect, mapped_errors, query
from distilabel.ledger.jobs import Ledger


def test_ledger_and_its_folder_are_made_where_they_are_missing(tmp_path: Path):
    Ledger(tmp_path / "a" / "b").close()
    assert (tmp_path / "a" / "b" / "ledger.db").exists()


def test_what_was_written_is_there_when_opened_again(tmp_path: Path):
    one = Ledger(tmp_path)
    number = one.database.scope_id("p/s")
    one.close()
    two = Ledger(tmp_path)
    assert two.database.scope_id("p/s") == number
    two.close()


def test_transitions_wait_for_the_disk(tmp_path: Path):
    connection = connect(tmp_path / "ledger.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    connection.close()


def test_many_may_open_a_new_ledger_at_once(tmp_path: Path):
    errors: list[BaseException] = []
    gate = threading.Barrier(8)

    def open_it() -> None:
        gate.wait()
        try:
            Ledger(tmp_path).close()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.parametrize("name", ["a?b", "a#b", "a b", "100%25", "ä\u2028"])
def test_folder_may_have_any_name(tmp_path: Path, name: str):
    folder = tmp_path / name
    Ledger(folder).close()
    connection = connect(folder / "ledger.db", readonly=True)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    connection.close()


def test_reader_cannot_write(tmp_path: Path):
    connect(tmp_path / "ledger.db").close()
    reader = connect(tmp_path / "ledger.db", readonly=True)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM scopes")
    reader.close()


def test_reader_does_not_make_a_ledger(tmp_path: Path):
    with pytest.raises(DistilabelCacheError):
        connect(tmp_path / "ledger.db", readonly=True)
    assert list(tmp_path.iterdir()) == []


def test_ledger_of_another_version_is_left_alone(tmp_path: Path):
    path = tmp_path / "ledger.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DistilabelCacheError, match=r"schema 99.*name another folder"):
        connect(path)


def test_damaged_ledger_is_said_to_be_damaged(tmp_path: Path):
    (tmp_path / "ledger.db").write_bytes(b"this is no database, whatever its name says" * 99)
    with pytest.raises(DistilabelCacheError, match="damaged: move it aside"):
        Ledger(tmp_path)


@pytest.mark.parametrize("readonly", [False, True])
def test_database_that_cannot_be_used_is_closed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readonly: bool
):
    (tmp_path / "ledger.db").write_bytes(b"this is no database, whatever its name says" * 99)
    opened = []
    really_connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *a, **k: opened.append(really_connect(*a, **k)) or opened[-1]
    )
    with pytest.raises(DistilabelCacheError):
        connect(tmp_path / "ledger.db", readonly=readonly)
    (connection,) = opened
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_what_could_not_be_committed_is_undone_and_the_next_change_is_kept(tmp_path: Path):
    ledger = Ledger(tmp_path)
    ledger.database.connection.set_authorizer(lambda _, what, *rest: what == "COMMIT")  # True: SQLITE_DENY
    with pytest.raises(DistilabelCacheError):
        ledger.begin_run("undone")
    ledger.database.connection.set_authorizer(None)
    ledger.begin_run("kept")
    reader = connect(ledger.database.path, readonly=True)
    assert reader.execute("SELECT name FROM runs").fetchall() == [("kept",)]
    reader.close()
    ledger.close()


def test_folder_that_is_a_file_is_said_to_be_unusable(tmp_path: Path):
    (tmp_path / "cache").write_text("")
    with pytest.raises(DistilabelCacheError, match=r"cannot be used.*cache_dir"):
        Ledger(tmp_path / "cache")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            sqlite3.OperationalError("database or disk is full"),
            "disk .* is full or failing .*: free some space",
        ),
        (OSError(28, os.strerror(28)), "disk .* is full or failing .*: free some space"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "cannot be used"),
        (PermissionError(13, "Permission denied"), "cannot be used .*Permission denied.*writable"),
    ],
)
def test_error_of_the_system_becomes_advice(tmp_path: Path, error: Exception, words: str):
    with pytest.raises(DistilabelCacheError, match=words), mapped_errors(tmp_path / "ledger.db"):
        raise error


@pytest.mark.parametrize("error", [sqlite3.IntegrityError("CHECK"), sqlite3.ProgrammingError("closed")])
def test_fault_of_ours_is_not_blamed_on_the_folder(tmp_path: Path, error: Exception):
    with pytest.raises(type(error)), mapped_errors(tmp_path / "ledger.db"):
        raise error


def test_unknown_query_is_an_error():
    with pytest.raises(KeyError):
        query("no such")
