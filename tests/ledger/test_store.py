"""The ledger: drawing, jobs, and what becomes of each sample."""

import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distilabel.ledger.database import connect
from distilabel.ledger.jobs import Ledger
from distilabel.ledger.states import SampleState
from distilabel.records import Job, JobState, request_key
from tests.fakes import TARGET, body

SCOPE = "p/s"
OTHER = replace(TARGET, model="n")


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    opened = Ledger(tmp_path, clock)
    yield opened
    opened.close()


@pytest.fixture
def run(ledger: Ledger) -> int:
    return ledger.begin_run("test")


def ask(ledger: Ledger, run: int, *prompts: str, asker: str = "a", scope: str = SCOPE, target=TARGET):
    bodies = [body(prompt) for prompt in prompts]
    return ledger.samples.draw(scope, target, bodies, asker=asker, run_id=run, drawn=Counter())


def key(prompt: str) -> str:
    return request_key(SCOPE, TARGET, body(prompt))


def plan(ledger: Ledger, run: int, tag: str = "t") -> Job:
    wanted = ledger.samples.wanted(SCOPE, TARGET, run, 100)
    return ledger.jobs.plan(SCOPE, TARGET, tag, [sample for sample, _ in wanted], 10)


def submitted(ledger: Ledger, run: int, tag: str = "t", remote_id: str = "b1") -> Job:
    job = plan(ledger, run, tag)
    job = ledger.jobs.move(job, JobState.UPLOADING)
    job = ledger.jobs.move(job, JobState.UPLOADED, input_file="f")
    job = ledger.jobs.move(job, JobState.CREATING)
    return ledger.jobs.move(job, JobState.SUBMITTED, remote_id=remote_id)


def fetched(ledger: Ledger, run: int, tag: str = "t", remote_id: str = "b1") -> tuple[Job, int]:
    """A job whose output is on disk; the number of its file."""
    job = ledger.jobs.move(submitted(ledger, run, tag, remote_id), JobState.ENDED)
    path = ledger.jobs.folder(job) / "output.jsonl"
    path.write_bytes(b"0123456789")
    job = ledger.jobs.mark_fetched(job, {"output": path})
    return job, ledger.jobs.files(job)[0][0]


def states(ledger: Ledger, run: int, *prompts: str, asker: str = "a") -> list[SampleState]:
    return [each.sample.state for each in ask(ledger, run, *prompts, asker=asker) if each.sample]


# Drawing


def test_new_requests_are_wanted_with_their_size(ledger: Ledger, run: int):
    draws = ask(ledger, run, "a", "bb")
    assert [each.sample for each in draws] == [None, None]
    assert [size for _, size in ledger.samples.wanted(SCOPE, TARGET, run, 10)] == [
        len(body("a")),
        len(body("bb")),
    ]


def test_equal_requests_of_one_asker_and_of_two_get_samples_of_their_own(ledger: Ledger, run: int):
    assert [each.n for each in ask(ledger, run, "a", "a")] == [0, 1]
    assert [each.n for each in ask(ledger, run, "a", asker="b")] == [2]


def test_replay_draws_the_same_and_wants_nothing_new(ledger: Ledger, run: int):
    first = ask(ledger, run, "a", "a", "b")
    assert [each.n for each in ask(ledger, run, "a", "a", "b")] == [each.n for each in first]
    assert len(ledger.samples.wanted(SCOPE, TARGET, run, 10)) == 3


def test_scopes_and_targets_do_not_share_samples(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    assert ask(ledger, run, "a", scope="p/t")[0].sample is None
    assert ask(ledger, run, "a", target=OTHER)[0].sample is None
    assert len(ledger.samples.wanted(SCOPE, TARGET, run, 10)) == 1


def test_what_only_an_older_run_wanted_is_not_submitted_by_this_one(ledger: Ledger, run: int):
    ask(ledger, run, "dropped", "kept")
    later = ledger.begin_run("later")
    ask(ledger, later, "kept")
    assert [size for _, size in ledger.samples.wanted(SCOPE, TARGET, later, 10)] == [len(body("kept"))]


def test_rows_that_are_kept_without_asking_keep_their_samples_from_others(ledger: Ledger, run: int):
    ask(ledger, run, "a", asker="kept")
    later = ledger.begin_run("later")
    ledger.samples.claim_again(SCOPE, "kept", later)
    assert [each.n for each in ask(ledger, later, "a", asker="new")] == [1]


def test_wanted_samples_are_reported_in_the_order_of_asking_and_no_more_than_asked_for(
    ledger: Ledger, run: int
):
    ask(ledger, run, "a", "bb", "ccc")
    base = len(body(""))
    assert [size - base for _, size in ledger.samples.wanted(SCOPE, TARGET, run, 2)] == [1, 2]


asks = st.dictionaries(st.sampled_from("xyz"), st.lists(st.sampled_from("abc"), max_size=4), min_size=1)


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(asks, asks, st.randoms(use_true_random=False))
def test_ledger_draws_as_the_pure_function_does(ledger: Ledger, first, second, order: random.Random):
    scope = f"scope {order.random()}"
    run, later = ledger.begin_run("one"), ledger.begin_run("two")
    drawn = {name: [d.n for d in ask(ledger, run, *p, asker=name, scope=scope)] for name, p in first.items()}
    names = order.sample(sorted(first), len(first))
    assert {n: [d.n for d in ask(ledger, run, *first[n], asker=n, scope=scope)] for n in names} == drawn
    draws = [
        (d.key, d.n) for name, p in second.items() for d in ask(ledger, later, *p, asker=name, scope=scope)
    ]
    assert len(draws) == len(set(draws))


def test_askers_in_many_threads_never_share_a_sample(ledger: Ledger, run: int):
    drawn: list[int] = []
    threads = [
        threading.Thread(
            target=lambda name=str(i): drawn.extend(d.n for d in ask(ledger, run, "a", asker=name))
        )
        for i in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(drawn) == list(range(12))


def test_two_processes_never_share_a_sample(ledger: Ledger, tmp_path: Path, run: int):
    # A second connection is what another process has.
    other = Ledger(tmp_path)
    found = [each.n for one in (ledger, other) for each in ask(one, run, "a", asker=str(id(one)))]
    other.close()
    assert found == [0, 1]


# Jobs


def test_planned_job_claims_its_samples(ledger: Ledger, run: int, clock: Clock):
    ask(ledger, run, "a", "b")
    job = plan(ledger, run)
    assert (job.state, job.requests, job.target, job.scope, job.created_at) == (
        "planned",
        2,
        TARGET,
        SCOPE,
        1_000.0,
    )
    assert ledger.samples.wanted(SCOPE, TARGET, run, 10) == []
    assert states(ledger, run, "a", "b") == [SampleState.CLAIMED] * 2


def test_lines_of_a_job_are_its_requests_in_order(ledger: Ledger, run: int):
    ask(ledger, run, "a", "a", "b")
    assert list(ledger.jobs.lines(plan(ledger, run))) == [
        (key("a"), 0, body("a")), (key("a"), 1, body("a")), (key("b"), 0, body("b")),
    ]  # fmt: skip


def test_move_is_on_disk_when_it_returns(ledger: Ledger, run: int, clock: Clock):
    ask(ledger, run, "a")
    job = plan(ledger, run)
    clock.now = 1_060.0
    moved = ledger.jobs.move(job, JobState.UPLOADING)
    reader = connect(ledger.database.path, readonly=True)
    assert reader.execute("SELECT state, moved_at FROM jobs").fetchall() == [("uploading", 1_060.0)]
    reader.close()
    assert (moved.state, moved.moved_at, moved.created_at) == ("uploading", 1_060.0, 1_000.0)


def test_facts_of_a_move_are_kept_and_later_moves_keep_them(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    job = submitted(ledger, run)
    ended = ledger.jobs.move(job, JobState.ENDED, remote_status="expired", completed=1, failed=2)
    assert (ended.input_file, ended.remote_id, ended.remote_status) == ("f", "b1", "expired")
    assert (ended.completed, ended.failed) == (1, 2)


def test_illegal_move_raises_and_changes_nothing(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    job = plan(ledger, run)
    with pytest.raises(sqlite3.IntegrityError, match="not legal"):
        ledger.jobs.move(job, JobState.SUBMITTED, remote_id="b1")
    assert ledger.jobs.of_scope(SCOPE) == [job]


def test_open_jobs_are_those_of_the_target_that_are_not_over(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    done = submitted(ledger, run)
    ledger.jobs.release(done, JobState.LOST)
    still = submitted(ledger, run, "t2", "b2")
    ask(ledger, run, "a", target=OTHER)
    wanted = ledger.samples.wanted(SCOPE, OTHER, run, 10)
    ledger.jobs.plan(SCOPE, OTHER, "t3", [sample for sample, _ in wanted], 10)
    assert [job.id for job in ledger.jobs.open(SCOPE, TARGET)] == [still.id]
    assert [job.state for job in ledger.jobs.of_scope(SCOPE)] == ["lost", "submitted", "planned"]


def test_progress_is_noted_without_a_move(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    job = ledger.jobs.note_progress(submitted(ledger, run), "in_progress", 7, None)
    assert (job.state, job.remote_status, job.completed, job.failed) == ("submitted", "in_progress", 7, None)


def test_released_samples_are_wanted_again_and_have_lost_no_attempt(ledger: Ledger, run: int):
    ask(ledger, run, "a", "b")
    ledger.jobs.release(submitted(ledger, run), JobState.REJECTED, code="full", message="later")
    assert len(ledger.samples.wanted(SCOPE, TARGET, run, 10)) == 2
    assert [each.sample.attempts for each in ask(ledger, run, "a", "b")] == [0, 0]


def test_refused_lines_fail_and_the_others_are_wanted_again(ledger: Ledger, run: int):
    ask(ledger, run, "a", "b", "c")
    job = submitted(ledger, run)
    ledger.jobs.release(
        job, JobState.REJECTED, refused=[(2, "invalid", "Line 2."), (9, "none", "No such line.")]
    )
    assert states(ledger, run, "a", "b", "c") == [SampleState.WANTED, SampleState.FAILED, SampleState.WANTED]
    failed = ask(ledger, run, "a", "b", "c")[1].sample
    assert (failed.code, failed.message, failed.attempts) == ("invalid", "Line 2.", 1)


def test_job_of_another_machine_is_adopted_once(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    samples = [sample for sample, _ in ledger.samples.wanted(SCOPE, TARGET, run, 10)]
    job = ledger.jobs.adopt(SCOPE, TARGET, "b1", samples)
    assert (job.state, job.remote_id, job.requests) == ("submitted", "b1", 1)
    ask(ledger, run, "b")
    more = [sample for sample, _ in ledger.samples.wanted(SCOPE, TARGET, run, 10)]
    assert ledger.jobs.adopt(SCOPE, TARGET, "b1", more) is None
    assert ledger.jobs.adopt(SCOPE, TARGET, "b2", []) is None


# Results


def test_answer_is_found_where_it_lies(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    job, file = fetched(ledger, run)
    ledger.jobs.settle_lines(job, [(file, 3, 4, key("a"), 0)], [])
    ledger.jobs.settle(job, 3)
    sample = ask(ledger, run, "a")[0].sample
    assert (sample.state, sample.where, sample.attempts, sample.job) == (
        SampleState.ANSWERED, (f"jobs/{job.id}/output.jsonl", 3, 4), 1, "b1",
    )  # fmt: skip


def anomalies(ledger: Ledger) -> int:
    reader = connect(ledger.database.path, readonly=True)
    count = reader.execute("SELECT sum(anomalies) FROM jobs").fetchone()[0]
    reader.close()
    return count


def test_second_answer_to_a_request_is_counted_and_the_first_stays(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    job, file = fetched(ledger, run)
    ledger.jobs.settle_lines(job, [(file, 0, 1, key("a"), 0), (file, 5, 1, key("a"), 0)], [])
    assert ask(ledger, run, "a")[0].sample.where[1:] == (0, 1)
    assert anomalies(ledger) == 1


@pytest.mark.parametrize("foreign", [("f" * 32, 0), ("a", 7)])
def test_answer_to_what_was_not_asked_is_counted_and_goes_nowhere(ledger: Ledger, run: int, foreign):
    ask(ledger, run, "a")
    job, file = fetched(ledger, run)
    name = key("a") if foreign[0] == "a" else foreign[0]
    ledger.jobs.settle_lines(job, [(file, 0, 1, name, foreign[1])], [])
    assert states(ledger, run, "a") == [SampleState.CLAIMED]
    assert anomalies(ledger) == 1


def test_job_answers_only_its_own_requests(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    submitted(ledger, run)
    ask(ledger, run, "b", asker="b")
    job, file = fetched(ledger, run, "t2", "b2")
    ledger.jobs.settle_lines(job, [(file, 0, 1, key("a"), 0)], [])
    assert states(ledger, run, "a") == [SampleState.CLAIMED]


def test_answer_wins_over_a_failure_in_whatever_order_they_come(ledger: Ledger, run: int):
    ask(ledger, run, "a", "b")
    job, file = fetched(ledger, run)
    bad = [("bad", "No.", key("a"), 0, False), ("bad", "No.", key("b"), 0, False)]
    ledger.jobs.settle_lines(job, [(file, 0, 1, key("a"), 0)], bad)
    ledger.jobs.settle_lines(job, [(file, 1, 1, key("b"), 0)], [])
    assert states(ledger, run, "a", "b") == [SampleState.ANSWERED] * 2


def test_settling_the_same_lines_twice_changes_nothing(ledger: Ledger, run: int):
    ask(ledger, run, "a", "b", "c", "d")
    job, file = fetched(ledger, run)
    answered = [(file, 0, 1, key("a"), 0)]
    failed = [("bad", "No.", key("b"), 0, False), ("busy", "Later.", key("c"), 0, True)]
    ledger.jobs.settle_lines(job, answered, failed)
    once = ask(ledger, run, "a", "b", "c", "d")
    ledger.jobs.settle_lines(job, answered, failed)
    assert ask(ledger, run, "a", "b", "c", "d") == once


def test_hopeless_failure_ends_a_request_and_a_passing_one_does_not(ledger: Ledger, run: int):
    ask(ledger, run, "a", "b", "c")
    job, _ = fetched(ledger, run)
    ledger.jobs.settle_lines(
        job, [], [("bad", "No.", key("a"), 0, False), ("busy", "Later.", key("b"), 0, True)]
    )
    ledger.jobs.settle(job, most_attempts=2)
    assert states(ledger, run, "a", "b", "c") == [SampleState.FAILED, SampleState.WANTED, SampleState.WANTED]
    assert [each.sample.attempts for each in ask(ledger, run, "a", "b", "c")] == [1, 1, 1]


def test_request_fails_with_its_last_reason_once_its_attempts_are_used_up(ledger: Ledger, run: int):
    ask(ledger, run, "a", "b")
    job, _ = fetched(ledger, run)
    ledger.jobs.settle(job, most_attempts=2)
    job, _ = fetched(ledger, run, "t2", "b2")
    ledger.jobs.settle_lines(job, [], [("busy", "Later.", key("a"), 0, True)])
    ledger.jobs.settle(job, most_attempts=2)
    samples = [each.sample for each in ask(ledger, run, "a", "b")]
    assert [(s.state, s.attempts, s.code) for s in samples] == [
        (SampleState.FAILED, 2, "busy"), (SampleState.FAILED, 2, "missing"),
    ]  # fmt: skip


def test_reason_of_an_earlier_attempt_is_not_reported_for_a_later_one(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    job, _ = fetched(ledger, run)
    ledger.jobs.settle_lines(job, [], [("busy", "Later.", key("a"), 0, True)])
    ledger.jobs.settle(job, most_attempts=2)
    job, _ = fetched(ledger, run, "t2", "b2")
    ledger.jobs.settle(job, most_attempts=2)
    assert ask(ledger, run, "a")[0].sample.code == "missing"


def test_adopted_job_burns_no_attempt_of_what_it_lacks(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    samples = [sample for sample, _ in ledger.samples.wanted(SCOPE, TARGET, run, 10)]
    job = ledger.jobs.adopt(SCOPE, TARGET, "b1", samples)
    job = ledger.jobs.mark_fetched(ledger.jobs.move(job, JobState.ENDED), {})
    ledger.jobs.settle(job, most_attempts=1)
    assert states(ledger, run, "a") == [SampleState.WANTED]
    assert ask(ledger, run, "a")[0].sample.attempts == 0


def test_samples_that_can_never_be_sent_fail_at_once(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    ((sample, _),) = ledger.samples.wanted(SCOPE, TARGET, run, 10)
    ledger.samples.fail([sample], "request_too_large", "Too large.")
    assert states(ledger, run, "a") == [SampleState.FAILED]
    assert ledger.samples.ready_askers([sample]) == ["a"]


def test_asker_is_ready_when_its_last_sample_is_settled(ledger: Ledger, run: int):
    ask(ledger, run, "a", asker="x")
    ask(ledger, run, "b", asker="y")
    job, file = fetched(ledger, run)
    ask(ledger, run, "b", "more", asker="y")
    ledger.jobs.settle_lines(job, [(file, 0, 1, key("a"), 0), (file, 1, 1, key("b"), 0)], [])
    assert ledger.jobs.ready_askers(job) == ["x"]


def test_asker_whose_sample_goes_into_a_follow_up_is_not_ready(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    job, _ = fetched(ledger, run)
    ledger.jobs.settle(job, most_attempts=3)
    assert ledger.jobs.ready_askers(job) == []


def test_files_are_reported_with_the_output_first(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    job = ledger.jobs.move(submitted(ledger, run), JobState.ENDED)
    folder = ledger.jobs.folder(job)
    ledger.jobs.mark_fetched(job, {"error": folder / "error.jsonl", "output": folder / "output.jsonl"})
    assert [path.name for _, path in ledger.jobs.files(job)] == ["output.jsonl", "error.jsonl"]


# Jobs of LLMs with a protocol of their own


def test_own_jobs_are_kept_for_what_was_asked(ledger: Ledger):
    ledger.jobs.keep_own_jobs(SCOPE, "digest", ["j1", "j2"])
    assert ledger.jobs.own_jobs(SCOPE, "digest") == ("j1", "j2")
    assert ledger.jobs.own_jobs(SCOPE, "other") == ()
    assert ledger.jobs.own_jobs("p/t", "digest") == ()


def test_own_jobs_that_changed_are_kept_as_they_are_now(ledger: Ledger):
    ledger.jobs.keep_own_jobs(SCOPE, "digest", ["j1"])
    ledger.jobs.keep_own_jobs(SCOPE, "digest", ["j2"])
    assert ledger.jobs.own_jobs(SCOPE, "digest") == ("j2",)


# Faults


def test_transaction_that_fails_leaves_nothing_behind(ledger: Ledger, run: int):
    ask(ledger, run, "a")
    samples = [sample for sample, _ in ledger.samples.wanted(SCOPE, TARGET, run, 10)]
    with pytest.raises(sqlite3.IntegrityError):
        ledger.jobs.plan(SCOPE, TARGET, "t", samples, size=0)
    assert ledger.jobs.of_scope(SCOPE) == []
    assert len(ledger.samples.wanted(SCOPE, TARGET, run, 10)) == 1


def test_closed_ledger_says_so(ledger: Ledger):
    ledger.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        ledger.begin_run("late")
