"""The state table: the code's, the schema's, and what the database lets pass are the same."""

import itertools
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from distilabel.ledger import states
from distilabel.ledger.database import connect
from distilabel.ledger.states import JOB_MOVES, SampleState
from distilabel.records import JobCondition, JobState

FINAL_JOB_STATES = {state for state in JobState if state.is_final}
OPEN_JOB_STATES = set(JobState) - FINAL_JOB_STATES
PAIRS = list(itertools.product(JobState, JobState))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path_factory.mktemp("ledger") / "ledger.db")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("INSERT INTO scopes VALUES (1, 'p/s')")
    connection.execute("INSERT INTO targets VALUES (1, 'openai', 'u', 'e', 'm')")
    yield connection
    connection.close()


@pytest.fixture
def move(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Within a transaction that is taken back."""
    database.execute("BEGIN")
    yield database
    database.execute("ROLLBACK")


def insert(database: sqlite3.Connection, state: str, **columns: object) -> None:
    remote = None if state in ("planned", "uploading", "uploaded") else "b1"
    row = {
        "id": 1, "scope_id": 1, "target_id": 1, "tag": "t", "state": state, "requests": 1, "size": 1,
        "created_at": 0.0, "moved_at": 0.0, "input_file": "f", "remote_id": remote, **columns,
    }  # fmt: skip
    names = ", ".join(row)
    database.execute(f"INSERT INTO jobs ({names}) VALUES (:{', :'.join(row)})", row)


def test_schema_holds_the_same_moves_as_the_code(database: sqlite3.Connection):
    rows = database.execute("SELECT from_state, to_state FROM job_moves").fetchall()
    assert {(JobState(before), JobState(after)) for before, after in rows} == JOB_MOVES


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair not in JOB_MOVES])
def test_illegal_move_is_refused(move: sqlite3.Connection, before: JobState, after: JobState):
    insert(move, before)
    with pytest.raises(sqlite3.IntegrityError, match="not legal"):
        move.execute("UPDATE jobs SET state = ?, remote_id = 'b1'", (after,))


@pytest.mark.parametrize(("before", "after"), sorted(JOB_MOVES))
def test_legal_move_is_made_and_remembered(move: sqlite3.Connection, before: JobState, after: JobState):
    insert(
        move, before, remote_id=None if before is JobState.CREATING else ("b1" if before in REMOTE else None)
    )
    remote = "b1" if after in REMOTE else None
    move.execute("UPDATE jobs SET state = ?, remote_id = ?, moved_at = 5.0", (after, remote))
    history = move.execute("SELECT state, at FROM job_history ORDER BY rowid").fetchall()
    assert history == [(before, 0.0), (after, 5.0)]


REMOTE = {JobState.SUBMITTED, JobState.ENDED, JobState.FETCHED, JobState.SETTLED, JobState.LOST}


@pytest.mark.parametrize("state", sorted(REMOTE))
def test_job_that_the_platform_has_has_an_id_there(move: sqlite3.Connection, state: JobState):
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        insert(move, state, remote_id=None)


@pytest.mark.parametrize("state", ["planned", "uploading", "uploaded"])
def test_job_that_was_not_created_has_no_id_there(move: sqlite3.Connection, state: str):
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        insert(move, state, remote_id="b1")


@pytest.mark.parametrize("state", ["uploaded", "creating"])
def test_job_is_not_created_without_its_file(move: sqlite3.Connection, state: str):
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        insert(move, state, remote_id=None, input_file=None)


def test_two_jobs_cannot_share_an_id_on_the_platform(move: sqlite3.Connection):
    insert(move, "submitted")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        insert(move, "submitted", id=2, tag="u")


def test_two_jobs_cannot_share_a_tag(move: sqlite3.Connection):
    insert(move, "planned")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        insert(move, "planned", id=2)


def reached(start: JobState) -> set[JobState]:
    found = {start}
    while more := {after for before, after in JOB_MOVES if before in found} - found:
        found |= more
    return found


def test_every_state_can_be_reached():
    assert reached(JobState.PLANNED) == set(JobState)


@pytest.mark.parametrize("state", sorted(OPEN_JOB_STATES))
def test_every_open_job_can_come_to_an_end(state: JobState):
    assert reached(state) & FINAL_JOB_STATES


@pytest.mark.parametrize("state", sorted(FINAL_JOB_STATES))
def test_job_that_is_over_moves_no_more(state: JobState):
    assert reached(state) == {state}


def test_final_are_the_states_that_no_move_leaves():
    assert {before for before, _ in JOB_MOVES} == OPEN_JOB_STATES


def test_sql_names_the_final_states_as_the_code_does(database: sqlite3.Connection):
    # The literal list must be that of the partial index, or SQLite does not use it: https://www.sqlite.org/partialindex.html
    index = database.execute("SELECT sql FROM sqlite_master WHERE name = 'open_jobs'").fetchone()[0]
    queries = Path(states.__file__).with_name("queries.sql").read_text(encoding="utf-8")
    lists = [
        *re.findall(r"state NOT IN \(([^)]*)\)", index + queries),
        *re.findall(r"state IN \(([^)]*'lost'[^)]*)\)", queries),
    ]
    assert len(lists) == 4
    for named in lists:
        assert {name.strip(" '\n") for name in named.split(",")} == FINAL_JOB_STATES


LATE = {"submitted", "ended", "fetched", "settled", "rejected", "lost"}
ALLOWED_CONDITIONS = {
    *((JobCondition.CANCEL_DUE, state) for state in LATE),
    *((JobCondition.CANCEL_SENT, state) for state in LATE),
    *((JobCondition.RESULTS_MISSING, state) for state in ("ended", "fetched", "settled")),
    *((JobCondition.FORGOTTEN, state) for state in ("ended", "fetched", "settled")),
}


@pytest.mark.parametrize("state", JobState)
@pytest.mark.parametrize("condition", JobCondition)
def test_condition_is_allowed_only_where_it_makes_sense(
    move: sqlite3.Connection, condition: JobCondition, state: JobState
):
    if (condition, state) in ALLOWED_CONDITIONS:
        insert(move, state, condition=condition)
        return
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        insert(move, state, condition=condition)


def test_unknown_condition_is_refused(move: sqlite3.Connection):
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        insert(move, "ended", condition="odd")


@pytest.mark.parametrize(("table", "kind"), [("jobs", JobState), ("samples", SampleState)])
def test_schema_knows_exactly_the_states_of_the_code(database: sqlite3.Connection, table: str, kind: type):
    sql = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    named = sql.partition("state IN (")[2].partition(")")[0]
    assert {name.strip(" '\n") for name in named.split(",")} == set(kind)
