"""Events as sentences."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from distilabel.events import (
    ChunkDone,
    DispatcherIdle,
    JobMoved,
    JobSettled,
    NextPoll,
    Notice,
    RunBegan,
    RunEnded,
    StepBegan,
    StepEnded,
)
from distilabel.progress.log_lines import (
    EventLogger,
    age,
    how_to_resume,
    job_name,
    job_progress,
    jobs_of_earlier_runs,
)
from distilabel.records import Job, JobState, Target

TARGET = Target("openai", "https://platform.test/v1", "/v1/chat/completions", "m")


def job(state: str = "submitted", **more: Any) -> Job:
    values = {"id": 7, "scope": "p/s", "target": TARGET, "tag": "t", "requests": 1_200, "size": 1} | more
    return Job(state=JobState(state), created_at=1_000.0, moved_at=1_000.0, **values)


@pytest.fixture
def said() -> list[tuple[int, str]]:
    return []


@pytest.fixture
def narrator(said: list[tuple[int, str]]) -> EventLogger:
    return EventLogger(lambda level, text: said.append((level, text)), clock=lambda: 1_600.0)


def test_run_begins_with_its_steps(narrator: EventLogger, said: list[Any]):
    narrator(RunBegan("p", ("load", "generate")))
    assert said == [(20, "Pipeline 'p' starts: load, generate.")]


def test_step_ends_with_its_rows_and_what_came_from_the_cache(narrator: EventLogger, said: list[Any]):
    for event in (
        ChunkDone("s", 1_000),
        ChunkDone("s", 234, cached=True),
        ChunkDone("t", 1),
        StepEnded("s"),
        StepEnded("t"),
    ):
        narrator(event)
    assert [text for _, text in said] == [
        "Step 's' is done: 1,234 rows, 234 of them from the cache.",
        "Step 't' is done: 1 row.",
    ]


def test_rows_without_an_answer_are_a_warning_that_says_where_the_reasons_are(
    narrator: EventLogger, said: list[Any]
):
    narrator(ChunkDone("s", 10, failures=3))
    narrator(StepEnded("s"))
    level, text = said[-1]
    assert (level, "no response for 3 rows" in text, "distilabel_metadata" in text) == (30, True, True)


def test_job_says_what_is_new_and_says_it_once(narrator: EventLogger, said: list[Any]):
    running = job(remote_id="batch_1", remote_status="in_progress", completed=5)
    for moved in (
        job("planned"),
        job("uploading"),
        job("uploaded"),
        job("creating"),
        running,
        running,
        job("settled"),
    ):
        narrator(JobMoved(moved))
    assert [text for _, text in said] == [
        "Batch job #7 of step 's': planned, 1,200 requests.",
        "Batch job batch_1 of step 's': in_progress, 5 of 1,200 requests done.",
        "Batch job #7 of step 's': settled, 1,200 requests.",
    ]


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (job(), "submitted, 0 of 1,200 requests done"),
        (job("rejected", code="full", message="Later."), "rejected (full: Later.)"),
        (job("ended", requests=1), "ended, 1 request"),
    ],
)
def test_progress_of_a_job_in_words(shown: Job, words: str):
    assert job_progress(shown) == words


def test_job_is_called_by_the_platform_s_name_for_it():
    assert (job_name(job()), job_name(job(remote_id="b1"))) == ("#7", "b1")


def test_next_poll_is_for_who_wants_to_know_everything(narrator: EventLogger, said: list[Any]):
    narrator(NextPoll(job(remote_id="b1"), 0.5))
    assert said == [(10, "Batch job b1: next poll in 0.5 s.")]


@pytest.mark.parametrize(("name", "level"), [("info", 20), ("warning", 30), ("error", 40)])
def test_notice_is_said_as_it_is(narrator: EventLogger, said: list[Any], name: str, level: int):
    narrator(Notice(name, "Mind the gap."))
    assert said == [(level, "Mind the gap.")]


@pytest.mark.parametrize("event", [StepBegan("s"), JobSettled("p/s", ("a",)), DispatcherIdle()])
def test_inner_events_are_not_reported(narrator: EventLogger, said: list[Any], event: Any):
    narrator(event)
    assert said == []


def test_complete_run_says_how_many_rows(narrator: EventLogger, said: list[Any]):
    narrator(RunEnded("p", complete=True, rows=12_000, failures={}))
    assert said == [(20, "Pipeline 'p' is done: 12,000 rows.")]


def test_unfinished_run_names_its_jobs_and_how_to_go_on(
    narrator: EventLogger, said: list[Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__file__="run me.py", __spec__=None))
    monkeypatch.setattr(sys, "argv", ["run me.py", "--rows", "7"])
    open_job = job(remote_id="b1", remote_status="in_progress", completed=3)
    narrator(RunEnded("p", complete=False, rows=0, failures={}, open_jobs=(open_job,)))
    assert said[-1][1].splitlines() == [
        "Pipeline 'p' is not finished: 1 batch job open.",
        "  b1: in_progress, 3 of 1,200 requests done, 10 min old",
        "Nothing is lost. To continue, run it again: python 'run me.py' --rows 7",
    ]


def test_jobs_of_earlier_runs_are_named_with_what_to_do_and_a_name_for_the_pipeline_where_it_has_none():
    one = job(scope="pipeline_load_ask/ask")
    text = jobs_of_earlier_runs([one])
    assert f"{job_name(one)} of step 'ask': {one.target.model} at {one.target.base_url}, " in text
    assert f"`distilabel jobs cancel {job_name(one)}`" in text
    assert "give this pipeline a name: Pipeline(name=...)" in text
    assert "give this pipeline a name" not in jobs_of_earlier_runs([job()])


@pytest.mark.parametrize(
    ("main", "words"),
    [
        (SimpleNamespace(__file__="a.py", __spec__=None), "python a.py -x"),
        (
            SimpleNamespace(__file__="a/__main__.py", __spec__=SimpleNamespace(name="a.__main__")),
            "python -m a -x",
        ),
        (SimpleNamespace(__spec__=None), "pipeline.run()"),
    ],
)
def test_way_to_go_on_is_the_way_it_was_started(main: Any, words: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setattr(sys, "argv", ["a.py", "-x"])
    assert how_to_resume() == words


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["--token", "hf_s3cret", "--yes"], "--token ... --yes"),
        (["--api-key=s3cret", "x"], "--api-key=... x"),
        (["--param", "ask.llm.api_key=s3cret"], "--param ask.llm.api_key=..."),
        (["--max-new-tokens", "5", "token"], "--max-new-tokens 5 token"),
        (["--token", "--token", "x"], "--token ... x"),
    ],
)
def test_way_to_go_on_shows_no_secret(given: list[str], shown: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__file__="x", __spec__=None))
    monkeypatch.setattr(sys, "argv", ["/usr/bin/distilabel", "run", *given])
    assert how_to_resume() == f"distilabel run {shown}"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7_199, "120 min"),
        (7_200, "2.0 h"),
        (86_400, "24.0 h"),
    ],
)
def test_age_is_reported_in_the_largest_unit_that_fits(seconds: float, words: str):
    assert age(seconds) == words
