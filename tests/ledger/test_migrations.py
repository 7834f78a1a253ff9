"""A ledger of an older schema is brought up to date, and then is the same as a new one."""

import sqlite3
from pathlib import Path

import pytest

from distilabel.exceptions import DistilabelCacheError
from distilabel.ledger import database as migrations_of
from distilabel.ledger.database import SCHEMA_VERSION, connect
from distilabel.ledger.jobs import Ledger

KEY = "0123456789abcdef" * 2
SCHEMA_1 = Path(__file__).parent / "schema_1.sql"
MIGRATIONS = Path(migrations_of.__file__).parent / "migrations"


def old_ledger(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA_1.read_text("utf-8"))
    connection.execute("INSERT INTO scopes (name) VALUES ('p/step')")
    connection.execute(
        "INSERT INTO targets (platform, base_url, endpoint, model) VALUES ('openai', 'http://x/v1', '/v1/chat', 'm')"
    )
    connection.execute(
        "INSERT INTO jobs (scope_id, target_id, tag, requests, size, created_at, moved_at) VALUES (1, 1, 't', 5, 9, 1, 1)"
    )
    connection.execute(f"INSERT INTO requests (key, target_id, body) VALUES ('{KEY}', 1, x'7b7d')")
    connection.execute("INSERT INTO askers (scope_id, name) VALUES (1, 'a')")
    connection.execute("INSERT INTO runs (name, started_at) VALUES ('p', 1)")
    connection.execute(
        "INSERT INTO samples (request_id, n, scope_id, asker_id, run_id, nth, state, job_id)"
        " VALUES (1, 0, 1, 1, 1, 0, 'claimed', 1)"
    )
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()


OLD_JOBS = {
    "running": ("submitted", None, None, "running"),
    "late": ("submitted", "giving_up", "cancel_due", "late"),
    "late and cancelled": ("submitted", "deadline", "cancel_sent", "late"),
    "cancelled and ended": ("ended", "deadline", "cancel_sent", "late"),
    "cancelled and fetched": ("fetched", "giving_up", "cancel_due", "late"),
    "cancelled and settled": ("settled", "deadline", "cancel_sent", "late"),
    "without results": ("ended", "results_not_there", "results_missing", "no file"),
    "forgotten": ("ended", "given_up", "forgotten", "by hand"),
    "forgotten and settled": ("settled", "given_up", "forgotten", "by hand"),
    "lost": ("lost", "job_lost", None, "gone"),
    "rejected": ("rejected", "token_limit_exceeded", None, "too much"),
    "rejected with one of our words": ("rejected", "deadline", None, "too late"),
}
"""State, code in schema 3, condition in schema 4, and message of a job."""


def schema_3_ledger(path: Path) -> None:
    """A ledger of schema 3 with a job in each state that its codes stood for."""
    old_ledger(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.create_function("bytes_of", 1, bytes.fromhex)
    for number in (2, 3):
        connection.executescript((MIGRATIONS / f"{number}.sql").read_text("utf-8"))
    for name, (state, code, _, message) in OLD_JOBS.items():
        connection.execute(
            "INSERT INTO jobs (scope_id, target_id, tag, state, requests, size, created_at, moved_at, remote_id, code, message)"
            " VALUES (1, 1, ?, ?, 1, 9, 1, 7, ?, ?, ?)",
            (name, state, f"batch {name}", code, message),
        )
    connection.execute("PRAGMA user_version = 3")
    connection.close()


def shape(path: Path) -> dict[str, object]:
    """Return tables with their columns, indexes with theirs, and triggers."""
    with sqlite3.connect(path) as connection:
        names = connection.execute(
            "SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        )
        found: dict[str, object] = {}
        for kind, name, table in names.fetchall():
            pragma = {"table": "table_info", "index": "index_info"}.get(kind)
            rows = connection.execute(f"PRAGMA {pragma}({name})").fetchall() if pragma else []
            found[f"{kind} {table} {name}"] = sorted(repr(row[1 if kind == "table" else 2 :]) for row in rows)
    connection.close()
    return found


def test_migrated_ledger_has_the_shape_of_a_new_one(tmp_path: Path):
    old_ledger(tmp_path / "old.db")
    connect(tmp_path / "old.db").close()
    connect(tmp_path / "new.db").close()
    assert shape(tmp_path / "old.db") == shape(tmp_path / "new.db")


def test_migrated_ledger_keeps_its_jobs_and_what_is_in_them(tmp_path: Path):
    old_ledger(tmp_path / "ledger.db")
    ledger = Ledger(tmp_path)
    try:
        (job,) = ledger.jobs.of_scope("p/step")
        lines = list(ledger.jobs.lines(job))
        assert ledger.database.connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert ledger.database.connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    finally:
        ledger.close()
    assert lines == [(KEY, 0, b"{}")]
    assert (job.requests, job.tokens, job.label, job.account) == (5, 0, None, None)


def test_migrated_jobs_have_a_condition_in_place_of_the_code_that_stood_for_it(tmp_path: Path):
    schema_3_ledger(tmp_path / "ledger.db")
    ledger = Ledger(tmp_path)
    try:
        found = {job.tag: job for job in ledger.jobs.of_scope("p/step")}
        history = ledger.database.connection.execute("SELECT count(*) FROM job_history").fetchone()
    finally:
        ledger.close()
    assert found.pop("t").condition is None
    for name, (state, code, condition, message) in OLD_JOBS.items():
        job = found[name]
        assert (job.state, job.condition, job.message, job.moved_at) == (state, condition, message, 7.0), name
        assert job.code == (None if condition else code), name
    assert history == (1 + len(OLD_JOBS),)  # a migration is no move


def test_migrated_from_schema_3_has_the_shape_of_a_new_one(tmp_path: Path):
    schema_3_ledger(tmp_path / "old.db")
    connect(tmp_path / "old.db").close()
    connect(tmp_path / "new.db").close()
    assert shape(tmp_path / "old.db") == shape(tmp_path / "new.db")


def test_migrated_condition_is_checked_as_in_a_new_ledger(tmp_path: Path):
    schema_3_ledger(tmp_path / "ledger.db")
    connection = connect(tmp_path / "ledger.db")
    for wrong in ("forgotten", "no such condition"):
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            connection.execute("UPDATE jobs SET condition = ? WHERE tag = 'running'", (wrong,))
    connection.close()


def test_ledger_of_a_newer_version_is_refused_with_advice(tmp_path: Path):
    connect(tmp_path / "ledger.db").close()
    connection = sqlite3.connect(tmp_path / "ledger.db")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.commit()
    connection.close()
    with pytest.raises(DistilabelCacheError, match="use that version, or name another folder"):
        connect(tmp_path / "ledger.db")


def test_reader_of_an_older_ledger_says_to_run_the_pipeline_once(tmp_path: Path):
    old_ledger(tmp_path / "ledger.db")
    with pytest.raises(DistilabelCacheError, match="run the pipeline once"):
        connect(tmp_path / "ledger.db", readonly=True)
