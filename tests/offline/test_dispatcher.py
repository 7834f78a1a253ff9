"""The dispatcher: what a job costs and yields when the platform, the line or the process fails at any point."""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from distilabel.events import JobMoved, JobSettled, NextPoll, Notice
from distilabel.exceptions import (
    DistilabelAccountError,
    DistilabelAddressError,
    DistilabelAuthenticationError,
    DistilabelJobRejectedError,
    DistilabelPlatformError,
    DistilabelUncertainError,
    DistilabelUnreachableError,
)
from distilabel.http import Flow
from distilabel.ledger.jobs import JobLedger
from distilabel.offline import job_state_machine
from distilabel.providers.base import DAY, Limits
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.records import Found, Job, JobCondition, JobState, custom_id
from tests.fakes import (
    KEY,
    FakePlatform,
    Office,
    SmallOpenAI,
    answered,
    body,
    expired,
    refused,
    texts,
)

Open = Callable[..., Office]
SOON = 0.001


# The usual way


def test_job_goes_out_comes_back_and_every_step_of_it_is_reported(office: Open, platform: FakePlatform):
    at = office(poll_interval=SOON)
    platform.plan(polls=2)
    assert texts(at.bring("a", "b")) == ["a/0", "b/0"]
    assert platform.calls == ["upload", "create", "poll", "poll", "poll", "poll", "content"]
    reported = [event.job.state for event in at.recorder.of(JobMoved)]
    assert list(dict.fromkeys(reported)) == [
        "planned", "uploading", "uploaded", "submitted", "ended", "fetched", "settled",
    ]  # fmt: skip
    assert at.recorder.of(JobSettled) == [JobSettled("p/s", ("a",))]


def test_file_of_a_job_is_what_was_asked(office: Open, platform: FakePlatform):
    at = office()
    at.ask("a", "é\u2028")
    at.flush()
    (sent,) = (content for name, content in platform.files.items() if name.startswith("file-"))
    assert [line for line in sent.split(b"\n") if line] == [
        at.client.provider.encode(line["custom_id"], body(prompt), line["url"]).strip()
        for line, prompt in zip(next(iter(platform.batches.values())).lines, ["a", "é\u2028"], strict=True)
    ]


def test_more_than_one_job_holds_is_several_jobs(office: Open, platform: FakePlatform):
    at = office(poll_interval=SOON)
    prompts = [f"p{number}" for number in range(8)]
    assert texts(at.bring(*prompts)) == [f"{prompt}/0" for prompt in prompts]
    assert sorted(len(batch.lines) for batch in platform.batches.values()) == [2, 3, 3]


def test_what_gathers_goes_out_in_full_jobs_and_the_rest_when_nothing_else_comes(
    office: Open, platform: FakePlatform
):
    at = office()
    prompts = [f"p{number}" for number in range(10)]
    for start in range(0, 10, 2):
        at.ask(*prompts[start : start + 2], asker=str(start))
    at.recorder.wait(at.dispatcher)
    assert sorted(len(batch.lines) for batch in platform.batches.values()) == [3, 3, 3]
    at.flush()
    assert sorted(len(batch.lines) for batch in platform.batches.values()) == [1, 3, 3, 3]
    assert sorted(platform.sent) == prompts


def test_jobs_that_bytes_limit_are_full_too(office: Open, platform: FakePlatform, monkeypatch):
    monkeypatch.setattr(SmallOpenAI, "limits", Limits(requests=3, size=800))
    at = office()
    at.ask(*[f"p{number}" + "x" * 150 for number in range(8)])
    at.flush()
    assert [len(batch.lines) for batch in platform.batches.values()] == [2, 2, 2, 2]


def test_job_refused_at_once_is_not_sent_again_by_the_same_submission(
    office: Open, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
):
    refusal = httpx2.Response(400, json={"error": {"message": "Pay first.", "code": "billing"}})
    platform.fail("create", refusal, times=9)
    at = office()
    at.ask("a")
    wanted = at.ledger.samples.wanted

    def once_jobs_are_refused(*arguments: Any, **more: Any) -> Any:
        deadline = time.monotonic() + 30
        while set(at.states) - {"rejected"} and time.monotonic() < deadline:
            time.sleep(0.001)
        return wanted(*arguments, **more)

    monkeypatch.setattr(at.ledger.samples, "wanted", once_jobs_are_refused)
    at.flush()
    assert at.states == ["rejected"]
    assert [error.code for error in at.broken] == ["billing"]


def test_lines_of_a_job_lie_on_the_disk_only_until_the_platform_has_it_and_its_results_stay(office: Open):
    assert left_on_disk(office(), "a") == []
    assert left_on_disk(office(poll_interval=SOON), "a") == ["output.jsonl"]


def test_job_that_is_refused_leaves_nothing_on_the_disk(office: Open, platform: FakePlatform):
    platform.fail("create", httpx2.Response(400, json={"error": {"message": "No.", "code": "bad"}}))
    assert left_on_disk(office(poll_interval=SOON), "a") == []


def left_on_disk(at: Office, *prompts: str) -> list[str]:
    at.bring(*prompts)
    (job,) = at.ledger.jobs.of_scope("p/s")
    return [path.name for path in at.ledger.jobs.folder(job).iterdir()]


def test_second_run_asks_nothing_again(office: Open, platform: FakePlatform):
    office(poll_interval=SOON).bring("a", "b")
    calls = len(platform.calls)
    assert texts(office().ask("a", "b")) == ["a/0", "b/0"]
    assert len(platform.calls) == calls


def test_changed_dataset_pays_for_its_new_rows_alone(office: Open, platform: FakePlatform):
    office(poll_interval=SOON).bring("a", "b")
    assert texts(office(poll_interval=SOON).bring("new", "b", asker="other")) == ["new/0", "b/0"]
    assert sorted(platform.sent) == ["a", "b", "new"]


# Not waiting


def test_run_that_does_not_wait_leaves_its_fresh_job_alone(office: Open, platform: FakePlatform):
    at = office()
    assert at.bring("a") == [None]
    assert platform.calls == ["upload", "create"]
    assert at.states == ["submitted"]


def test_run_that_does_not_wait_asks_once_about_what_it_found(office: Open, platform: FakePlatform):
    platform.plan(polls=2)
    office().bring("a")
    assert office().bring("a") == [None]
    assert platform.calls == ["upload", "create", "poll"]
    assert office().bring("a") == [None]
    assert texts(office().bring("a")) == ["a/0"]
    assert platform.count("create") == 1


def test_progress_is_kept_for_who_looks_later(office: Open, platform: FakePlatform):
    platform.plan(polls=9)
    office().bring("a")
    at = office()
    at.bring("a")
    (job,) = at.ledger.jobs.of_scope("p/s")
    assert (job.remote_status, job.completed) == ("in_progress", 0)


# Waiting


def test_run_that_waits_says_when_it_asks_again(office: Open, platform: FakePlatform):
    at = office(poll_interval=0.016)
    platform.plan(polls=1)
    at.bring("a")
    assert [event.seconds for event in at.recorder.of(NextPoll)] == [0.001, 0.002]


def test_first_polls_follow_each_other_faster_and_then_as_the_user_said(office: Open, platform: FakePlatform):
    at = office(poll_interval=0.008)
    platform.plan(polls=5)
    at.bring("a")
    waits = [event.seconds for event in at.recorder.of(NextPoll)]
    assert waits == [0.0005, 0.001, 0.002, 0.004, 0.008, 0.008]


@pytest.mark.parametrize("fault", [500, 503, httpx2.ConnectError, httpx2.ReadTimeout])
@pytest.mark.parametrize("call", ["poll", "content", "upload"])
def test_run_that_waits_waits_for_a_platform_that_is_away(
    office: Open, platform: FakePlatform, call: str, fault
):
    at = office(poll_interval=SOON)
    # Two attempts a call: away for three calls.
    platform.fail(call, fault, times=6)
    assert texts(at.bring("a")) == ["a/0"]
    assert len([event for event in at.recorder.of(Notice) if "Trying again" in event.text]) == 3
    assert platform.sent == ["a"]


@pytest.mark.parametrize("call", ["poll", "upload"])
def test_run_that_does_not_wait_raises_when_the_platform_is_away_and_loses_nothing(
    office: Open, platform: FakePlatform, call: str
):
    if call == "poll":
        office().bring("a")
    platform.fail(call, httpx2.ConnectError, times=2)
    at = office()
    at.bring("a")
    (error,) = at.broken
    assert isinstance(error, DistilabelUnreachableError)
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.sent == ["a"]


def test_key_that_is_refused_while_polling_ends_the_run_at_once(office: Open, platform: FakePlatform):
    platform.fail("poll", 401)
    at = office(poll_interval=SOON)
    at.bring("a")
    assert isinstance(at.broken[0], DistilabelAuthenticationError)
    assert at.states == ["submitted"]


# Creating: never paid twice


@pytest.mark.parametrize("fault", [500, 502, httpx2.ReadTimeout, httpx2.RemoteProtocolError])
def test_creation_that_was_carried_out_without_a_clear_answer_is_found_by_its_tag(
    office: Open, platform: FakePlatform, fault: Any
):
    platform.fail("create", fault, carried_out=True)
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.count("create") == 1
    assert platform.sent == ["a"]


def test_creation_that_was_answered_with_nonsense_is_found_by_its_tag(office: Open, platform: FakePlatform):
    platform.fail("create", httpx2.Response(200, text="<html>"), carried_out=True)
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.count("create") == 1


@pytest.mark.parametrize("fault", [500, httpx2.ReadTimeout])
def test_creation_that_was_not_carried_out_is_looked_up_and_made_again(
    office: Open, platform: FakePlatform, fault: Any
):
    platform.fail("create", fault)
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.calls[:5] == ["upload", "create", "list", "list", "list"]
    assert platform.count("create") == 2
    assert platform.sent == ["a"]


def test_job_is_found_on_a_later_page_of_the_list(office: Open, platform: FakePlatform):
    at = office(poll_interval=SOON)

    def handle(asked: Callable[..., Any]) -> Callable[..., Any]:
        async def create(request: httpx2.Request) -> httpx2.Response:
            answer = await asked(request)
            for _ in range(4):
                platform.add([], {"distilabel": "another"})
            return answer

        return create

    platform._create = handle(platform._create)
    platform.fail("create", 500, carried_out=True)
    assert texts(at.bring("a")) == ["a/0"]
    assert platform.count("create") == 1


def test_list_that_lags_behind_is_read_again_before_a_job_is_made_again(office: Open, platform: FakePlatform):
    platform.fail("create", 500, carried_out=True)
    platform.fail("list", httpx2.Response(200, json={"data": [], "has_more": False}), times=2)
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert (platform.count("list"), platform.count("create")) == (3, 1)


@pytest.mark.parametrize("seconds", [-3600, 0, 3600])
def test_job_is_looked_for_as_often_however_long_its_creation_lies_back(
    office: Open, platform: FakePlatform, seconds: float
):
    platform.fail("create", 500, carried_out=True)
    platform.fail("list", 400)
    at = office()
    at.bring("a")
    assert at.states == ["creating"]
    platform.fail("list", httpx2.Response(200, json={"data": [], "has_more": False}), times=2)
    later = office(poll_interval=SOON)
    later.ledger.database.clock = lambda: time.time() + seconds
    assert texts(later.bring("a")) == ["a/0"]
    assert (platform.count("list"), platform.count("create")) == (4, 1)


def test_look_up_that_fails_leaves_the_job_for_the_next_run_to_look_up(office: Open, platform: FakePlatform):
    platform.fail("create", 500, carried_out=True)
    platform.fail("list", 503, times=2)
    at = office()
    at.bring("a")
    assert (at.states, len(at.broken)) == (["creating"], 1)
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert (platform.count("create"), platform.sent) == (1, ["a"])


def test_creation_that_never_left_is_made_in_the_next_run_without_a_look(
    office: Open, platform: FakePlatform
):
    platform.fail("create", httpx2.ConnectError)
    at = office()
    at.bring("a")
    assert isinstance(at.broken[0], DistilabelUnreachableError)
    assert at.states == ["uploaded"]
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.calls[:4] == ["upload", "create", "upload", "create"]
    assert platform.count("list") == 0


def test_run_that_does_not_wait_gives_up_on_a_platform_that_cannot_create(
    office: Open, platform: FakePlatform
):
    platform.fail("create", 500, times=50)
    at = office()
    at.bring("a")
    assert isinstance(at.broken[0], DistilabelUncertainError)
    assert platform.count("create") < 10
    assert platform.sent == []


def test_twins_of_a_job_are_cancelled_and_the_first_is_taken(office: Open, platform: FakePlatform):
    at = office(poll_interval=SOON)
    platform.fail("create", 500, carried_out=True)
    create = platform._create

    async def twice(request: httpx2.Request) -> httpx2.Response:
        await create(request)
        answer = await create(request)
        (first, twin) = platform.batches.values()
        first.created_at, twin.created_at = 2e9, 2e9 + 1
        return answer

    platform._create = twice
    assert texts(at.bring("a")) == ["a/0"]
    first, twin = platform.batches
    assert [job.remote_id for job in at.ledger.jobs.of_scope("p/s")] == [first]
    assert [request.url.path for request in platform.requests if "cancel" in request.url.path] == [
        f"/v1/batches/{twin}/cancel"
    ]


def test_job_that_the_list_has_twice_is_not_cancelled(
    office: Open, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
):
    at = office(poll_interval=SOON)
    platform.fail("create", 500, carried_out=True)
    find = OpenAI.find

    def twice(self: OpenAI, job: Job | None) -> Flow[Found]:
        found = yield from find(self, job)
        return Found(found.ours * 2, found.doubtful)

    monkeypatch.setattr(OpenAI, "find", twice)
    assert texts(at.bring("a")) == ["a/0"]
    assert not any("cancel" in request.url.path for request in platform.requests)


def test_twin_that_cannot_be_cancelled_does_not_stop_the_run(office: Open, platform: FakePlatform):
    at = office(poll_interval=SOON)
    platform.fail("create", 500, carried_out=True)
    platform.fail("cancel", 400)
    create = platform._create

    async def twice(request: httpx2.Request) -> httpx2.Response:
        await create(request)
        return await create(request)

    platform._create = twice
    assert texts(at.bring("a")) == ["a/0"]
    assert at.broken == []


def test_creation_that_is_refused_ends_the_run_and_a_fixed_one_goes_through(
    office: Open, platform: FakePlatform
):
    platform.fail(
        "create", httpx2.Response(400, json={"error": {"message": "Pay first.", "code": "billing"}})
    )
    at = office()
    at.bring("a")
    (error,) = at.broken
    assert (error.code, "Pay first." in str(error)) == ("billing", True)
    assert at.states == ["rejected"]
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.sent == ["a"]


def test_creation_waits_as_long_as_the_platform_asks(
    office: Open, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
):
    waits: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", noted)
    busy = {"error": {"message": "Slow down."}}
    platform.fail("create", httpx2.Response(429, json=busy, headers={"retry-after": "17"}))
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert 17 in waits
    assert platform.sent == ["a"]


def full() -> httpx2.Response:
    error = {"message": "Enqueued token limit reached.", "code": "token_limit_exceeded"}
    return httpx2.Response(429, json={"error": error}, headers={"retry-after": "0.001"})


def test_run_that_waits_waits_for_room_when_creations_are_refused_for_long(
    office: Open, platform: FakePlatform
):
    platform.fail("create", full(), times=12)
    at = office(poll_interval=SOON)
    assert texts(at.bring("a", rounds=10)) == ["a/0"]
    assert at.broken == []


def test_run_that_does_not_wait_leaves_what_has_no_room_to_the_next(office: Open, platform: FakePlatform):
    platform.fail("create", full(), times=5)
    at = office()
    assert at.bring("a") == [None]
    assert at.broken == []
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.sent == ["a"]


# Dying and coming back: never paid twice, and nothing paid for is lost


class Died(Exception):  # noqa: N818 - what happened, not a fault
    """The process is gone."""


MOVES = ["uploading", "uploaded", "creating", "submitted", "ended", "fetched", "settled"]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("state", MOVES)
def test_run_that_dies_at_any_move_is_followed_by_one_that_pays_no_more(
    office: Open, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch, state: str, before: bool
):
    platform.plan(results=lambda lines: ([answered(lines[0])], [refused(lines[1]), expired(lines[2])]))
    move = JobLedger._move

    def dying(jobs: JobLedger, job: Any, to: JobState, facts: dict[str, Any]) -> Any:
        if to != state:
            return move(jobs, job, to, facts)
        if not before:
            move(jobs, job, to, facts)
            jobs._db.connection.execute("COMMIT")
            jobs._db.connection.execute("BEGIN")
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(JobLedger, "_move", dying)
        at = office(poll_interval=SOON)
        at.bring("a", "b", "c")
        assert {type(error) for error in at.broken} == {Died}
    assert texts(office(poll_interval=SOON).bring("a", "b", "c")) == ["a/0", "<bad>", "c/0"]
    # The expired request was not run: asking it again is all that a second job is for.
    assert platform.sent == ["a", "b", "c", "c"]


def test_job_found_in_creating_is_looked_up_before_anything_else(office: Open, platform: FakePlatform):
    at = office()
    at.ask("a")
    ((sample, size),) = at.ledger.samples.wanted("p/s", at.client.target, at.run_id, 9)
    job = at.ledger.jobs.plan("p/s", at.client.target, "tag1", [sample], size)
    lines = list(at.ledger.jobs.lines(job))
    at.ledger.jobs.move(job, JobState.UPLOADING)
    at.ledger.jobs.move(job, JobState.UPLOADED, input_file="file-1")
    at.ledger.jobs.move(job, JobState.CREATING)
    (line,) = (
        {"custom_id": custom_id(key, n), "body": {"messages": [{"content": "a"}]}} for key, n, _ in lines
    )
    platform.add([line], {"distilabel": "tag1"})
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.calls[0] == "list"
    assert platform.count("create") == 0


def test_interrupted_upload_starts_from_the_beginning(office: Open, platform: FakePlatform):
    at = office()
    at.ask("a")
    ((sample, size),) = at.ledger.samples.wanted("p/s", at.client.target, at.run_id, 9)
    job = at.ledger.jobs.plan("p/s", at.client.target, "tag1", [sample], size)
    (at.ledger.jobs.folder(job) / "input.jsonl").write_bytes(b"half of a li")
    at.ledger.jobs.move(job, JobState.UPLOADING)
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.sent == ["a"]


def test_stopping_leaves_everything_as_the_ledger_has_it(office: Open, platform: FakePlatform):
    platform.plan(polls=10**6)
    at = office(poll_interval=SOON)
    at.ask("a")
    at.dispatcher.flush()
    while platform.count("poll") < 3:
        os.sched_yield()
    at.dispatcher.stop()
    at.recorder.wait(at.dispatcher)
    assert at.states == ["submitted"]
    platform.batches["batch_2"].plan.polls = 0
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.count("create") == 1


def test_dispatcher_that_was_stopped_begins_nothing_more(office: Open, platform: FakePlatform):
    at = office()
    at.dispatcher.stop()
    at.ask("a")
    at.flush()
    assert platform.calls == []
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]


def test_opening_a_client_twice_takes_up_its_jobs_once(office: Open, platform: FakePlatform):
    office().bring("a")
    at = office()
    at.dispatcher.open("p/s", at.client)
    at.dispatcher.open("p/s", at.client)
    at.recorder.wait(at.dispatcher)
    assert platform.count("content") == 1


def test_fetched_file_is_not_fetched_again(
    office: Open, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
):
    platform.plan(results=lambda lines: ([answered(lines[0])], [refused(lines[1])]))
    with monkeypatch.context() as patch:
        patch.setattr(JobLedger, "mark_fetched", lambda *_: (_ for _ in ()).throw(Died()))
        office(poll_interval=SOON).bring("a", "b")
    assert platform.count("content") == 2
    office(poll_interval=SOON).bring("a", "b")
    assert platform.count("content") == 2


# Rejected, lost


def test_line_that_is_refused_fails_its_row_and_the_others_go_again(office: Open, platform: FakePlatform):
    platform.plan("failed", errors=[{"code": "invalid_request", "message": "Bad role.", "line": 2}])
    at = office(poll_interval=SOON)
    assert texts(at.bring("a", "b", "c")) == ["a/0", "<invalid_request>", "c/0"]
    assert at.broken == []
    assert [batch.prompts for batch in platform.batches.values()] == [["a", "b", "c"], ["a", "c"]]


def test_full_queue_of_the_platform_is_waited_for_and_burns_no_attempt(office: Open, platform: FakePlatform):
    message = "Enqueued token limit reached for m in organization org-1."
    for _ in range(4):
        platform.plan("failed", errors=[{"code": "token_limit_exceeded", "message": message, "line": None}])
    at = office(poll_interval=SOON, max_attempts=1)
    (found,) = at.bring("a", rounds=10)
    assert found is not None
    assert (texts([found]), found.attempts) == (["a/0"], 1)
    assert any(message in event.text for event in at.recorder.of(Notice))


def test_full_queue_is_left_to_the_next_run_by_one_that_does_not_wait(office: Open, platform: FakePlatform):
    platform.plan("failed", errors=[{"code": "token_limit_exceeded", "message": "Full.", "line": None}])
    office().bring("a")
    at = office()
    assert at.bring("a") == [None]
    assert (at.broken, len(platform.batches)) == ([], 1)
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]


@pytest.mark.parametrize("line", [None, 1])
def test_unknown_model_breaks_the_run_and_fails_no_row(
    office: Open, platform: FakePlatform, line: int | None
):
    platform.plan("failed", errors=[{"code": "model_not_found", "message": "No model `m`.", "line": line}])
    at = office(poll_interval=SOON)
    assert at.bring("a", "b") == [None, None]
    (error,) = at.broken
    assert isinstance(error, DistilabelJobRejectedError)
    assert (error.code, "No model `m`." in str(error)) == ("model_not_found", True)
    assert texts(office(poll_interval=SOON).bring("a", "b")) == ["a/0", "b/0"]


def test_nothing_is_submitted_between_the_release_of_a_rejected_job_and_the_end_of_the_run(
    office: Open, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
):
    platform.plan("failed", errors=[{"code": "model_not_found", "message": "No such model."}])
    at = office(poll_interval=SOON)
    release = at.ledger.jobs.release

    def release_and_flush(*arguments: Any, **more: Any) -> Any:
        released = release(*arguments, **more)
        monkeypatch.setattr(at.ledger.jobs, "release", release)
        flush = threading.Thread(
            target=lambda: (at.dispatcher.gather("p/s", at.client, 0), at.dispatcher.flush())
        )
        flush.start()
        flush.join()
        return released

    monkeypatch.setattr(at.ledger.jobs, "release", release_and_flush)
    at.bring("a")
    assert [error.code for error in at.broken] == ["model_not_found"]
    assert platform.sent == ["a"]
    assert at.states == ["rejected", "cancelled"]


def test_rejection_without_a_reason_breaks_the_run(office: Open, platform: FakePlatform):
    platform.plan("failed")
    at = office(poll_interval=SOON)
    at.bring("a")
    assert "no reason" in str(at.broken[0])


def test_requests_of_a_lost_job_are_asked_again(office: Open, platform: FakePlatform):
    office().bring("a")
    platform.batches.clear()
    at = office(poll_interval=SOON)
    assert texts(at.bring("a")) == ["a/0"]
    assert at.states == ["lost", "settled"]


# What comes back


def test_answers_of_an_expired_job_are_kept_and_only_the_rest_is_asked_again(
    office: Open, platform: FakePlatform
):
    platform.plan(
        "expired", results=lambda lines: ([answered(lines[0])], [expired(line) for line in lines[1:]])
    )
    assert texts(office(poll_interval=SOON).bring("a", "b", "c")) == ["a/0", "b/0", "c/0"]
    assert [batch.prompts for batch in platform.batches.values()] == [["a", "b", "c"], ["b", "c"]]


def test_row_whose_answer_is_in_no_file_is_asked_again(office: Open, platform: FakePlatform):
    platform.plan(results=lambda lines: ([answered(lines[1])], []))
    assert texts(office(poll_interval=SOON).bring("a", "b")) == ["a/0", "b/0"]
    assert platform.sent == ["a", "b", "a"]


@pytest.mark.parametrize(("status", "completed"), [("completed", 0), ("expired", 0), ("cancelled", None)])
def test_requests_of_a_job_that_need_not_have_a_file_are_asked_again(
    office: Open, platform: FakePlatform, status: str, completed: int | None
):
    platform.plan(status, results=lambda _: ([], []), completed=completed)
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]


ASKS = 3
"""How often a file is asked for before there is a pause, as the fixture `fast` has it."""


def test_file_that_is_named_and_not_there_is_asked_for_many_times_and_paid_for_once(
    office: Open, platform: FakePlatform
):
    platform.fail("content", 404, times=3 * ASKS)
    at = office(poll_interval=SOON)
    assert texts(at.bring("a")) == ["a/0"]
    assert platform.sent == ["a"]
    assert len(at.recorder.of(Notice)) == 3
    assert "does not give its file" in at.recorder.of(Notice)[0].text
    (job,) = at.ledger.jobs.of_scope("p/s")
    assert (job.code, job.message) == (None, None)


def test_run_that_waits_leaves_a_file_that_does_not_come_to_the_next_run(
    office: Open, platform: FakePlatform
):
    platform.fail("content", 404, times=4 * ASKS)
    at = office(poll_interval=SOON)
    at.ask("a")
    at.flush()
    (job,) = at.ledger.jobs.of_scope("p/s")
    assert (job.state, job.condition, at.broken) == ("ended", "results_missing", [])
    assert "try again" in job.message
    assert "forget" not in job.message
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.sent == ["a"]


def test_run_that_does_not_wait_asks_for_a_file_a_few_times_and_leaves_it(
    office: Open, platform: FakePlatform
):
    office().bring("a")
    platform.fail("content", 404, times=ASKS)
    at = office()
    assert at.bring("a", rounds=1) == [None]
    assert (at.states, platform.count("content")) == (["ended"], ASKS)
    assert texts(office().bring("a", rounds=2)) == ["a/0"]
    assert platform.sent == ["a"]


def test_answers_in_one_file_are_kept_when_the_one_of_failures_does_not_come(
    office: Open, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
):
    platform.plan(results=lambda lines: ([answered(lines[0])], [refused(lines[1])]))
    give = platform._content

    async def no_errors(request: httpx2.Request, number: str) -> httpx2.Response:
        return httpx2.Response(404, json={}) if number.endswith("error") else await give(request, number)

    monkeypatch.setattr(platform, "_content", no_errors)
    assert texts(office(poll_interval=SOON).bring("a", "b")) == ["a/0", "b/0"]
    assert platform.sent == ["a", "b", "b"]


@pytest.mark.parametrize("status", ["completed", "expired"])
def test_job_that_counts_answers_and_names_no_file_is_asked_about_again(
    office: Open, platform: FakePlatform, status: str
):
    platform.plan(status, results=lambda _: ([], []), completed=1)
    at = office(poll_interval=SOON)
    at.ask("a")
    at.flush()
    (job,) = at.ledger.jobs.of_scope("p/s")
    assert (job.state, job.condition, platform.sent) == ("ended", "results_missing", ["a"])
    assert "names no file" in job.message


@pytest.mark.parametrize("completed", [1, None])
def test_job_that_must_have_answers_and_gives_an_empty_file_is_asked_for_it_again(
    office: Open, platform: FakePlatform, completed: int | None
):
    platform.plan(completed=completed)
    platform.fail("content", httpx2.Response(200, content=b""), times=2)
    at = office(poll_interval=SOON)
    assert texts(at.bring("a")) == ["a/0"]
    assert platform.sent == ["a"]
    assert "gives empty files" in at.recorder.of(Notice)[0].text


NOTHING = [
    {"completed": 1, "results": lambda _: ([b""], [])},
    {"completed": None, "results": lambda _: ([b""], [])},
    {"completed": None, "results": lambda _: ([], [])},
]


@pytest.mark.parametrize("plan", NOTHING)
def test_run_that_waits_believes_a_job_that_gives_nothing_for_minutes(
    office: Open, platform: FakePlatform, plan: dict[str, Any]
):
    platform.plan(**plan)
    at = office(poll_interval=SOON)
    assert texts(at.bring("a")) == ["a/0"]
    assert platform.sent == ["a", "a"]
    # How often it is asked before depends on how fast this machine is.
    assert "paid for, again" in at.recorder.of(Notice)[-1].text
    assert [(job.state, job.condition) for job in at.ledger.jobs.of_scope("p/s")] == [("settled", None)] * 2


@pytest.mark.parametrize("plan", NOTHING)
def test_runs_that_do_not_wait_believe_a_job_that_gives_nothing_for_minutes(
    office: Open, platform: FakePlatform, plan: dict[str, Any]
):
    platform.plan(**plan)
    office().bring("a")
    for later in (0.0, 0.0, sum(job_state_machine._RESULT_PAUSES)):
        assert platform.sent == ["a"]
        at = office()
        at.ledger.database.clock = lambda later=later: time.time() + later
        assert at.bring("a", rounds=1) == [None]
    assert platform.sent == ["a", "a"]


def test_results_of_a_job_that_was_given_up_by_hand_are_not_waited_for(office: Open, platform: FakePlatform):
    platform.fail("content", 404, times=5 * ASKS)
    at = office(poll_interval=SOON)
    at.ask("a")
    at.flush()
    at.ledger.jobs.note_condition(at.ledger.jobs.of_scope("p/s")[0], JobCondition.FORGOTTEN, "By hand.")
    later = office(poll_interval=SOON)
    assert texts(later.bring("a")) == ["a/0"]
    assert platform.sent == ["a", "a"]
    assert "paid for, again" in later.recorder.of(Notice)[0].text


@pytest.mark.parametrize(("days", "sent"), [(36, ["a"]), (38, ["a", "a"])])
def test_results_are_paid_for_again_only_when_the_platform_has_surely_deleted_them(
    office: Open, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch, days: int, sent: list[str]
):
    monkeypatch.setattr(SmallOpenAI, "limits", replace(SmallOpenAI.limits, kept=30 * DAY))
    office().bring("a", rounds=1)
    platform.fail("content", 404, times=ASKS)
    at = office(poll_interval=SOON)
    at.ledger.database.clock = lambda: time.time() + days * DAY
    assert texts(at.bring("a")) == ["a/0"]
    assert platform.sent == sent


def test_file_that_is_there_a_moment_later_is_waited_for(office: Open, platform: FakePlatform):
    platform.fail("content", 404)
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.sent == ["a"]


def test_job_that_the_platform_does_not_know_at_once_is_asked_about_again(
    office: Open, platform: FakePlatform
):
    platform.fail("poll", 404)
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.sent == ["a"]


def test_passing_failure_is_asked_until_its_attempts_are_used_up(office: Open, platform: FakePlatform):
    for _ in range(9):
        platform.plan(results=lambda lines: ([], [refused(line, 500, "server_error") for line in lines]))
    (found,) = office(poll_interval=SOON, max_attempts=3).bring("a", rounds=9)
    assert found is not None
    assert (texts([found]), found.attempts) == (["<server_error>"], 3)
    assert platform.sent == ["a"] * 3


def test_hopeless_failure_is_not_asked_again(office: Open, platform: FakePlatform):
    platform.plan(results=lambda lines: ([], [refused(lines[0], 400, "content_policy", "Not that.")]))
    (found,) = office(poll_interval=SOON).bring("a")
    assert found is not None
    assert (found.outcome.code, found.outcome.message, found.attempts) == ("content_policy", "Not that.", 1)
    assert platform.sent == ["a"]


def test_row_that_is_too_large_for_any_job_fails_and_the_others_go(office: Open, platform: FakePlatform):
    at = office(poll_interval=SOON)
    assert texts(at.bring("x" * 2_000, "b")) == ["<request_too_large>", "b/0"]
    assert platform.sent == ["b"]
    assert JobSettled("p/s", ("big",)) not in at.recorder.events


def test_asker_whose_only_row_is_too_large_is_reported_at_once(office: Open, platform: FakePlatform):
    at = office()
    at.ask("x" * 2_000, asker="big")
    at.flush()
    assert at.recorder.of(JobSettled) == [JobSettled("p/s", ("big",))]
    assert platform.calls == []


def test_asker_is_reported_as_soon_as_its_own_answers_are_there(office: Open, platform: FakePlatform):
    at = office(poll_interval=SOON)
    platform.plan(results=lambda lines: ([answered(lines[0])], [expired(line) for line in lines[1:]]))
    at.ask("a", asker="done")
    at.ask("b", asker="waits")
    at.flush()
    assert at.recorder.of(JobSettled) == [JobSettled("p/s", ("done",))]


# Adopting


def test_job_of_another_machine_is_collected_by_its_id(office: Open, platform: FakePlatform, tmp_path: Path):
    office().bring("a", "b")
    (remote_id,) = platform.batches
    other = Office(tmp_path / "other machine", platform, poll_interval=SOON)
    other.ask("a", "b")
    other.dispatcher.adopt("p/s", other.client, remote_id)
    other.flush()
    assert texts(other.ask("a", "b")) == ["a/0", "b/0"]
    assert platform.count("create") == 1
    other.close()


# Secrets


def test_key_is_nowhere_in_the_ledger_though_the_platform_echoes_it(
    office: Open, platform: FakePlatform, tmp_path: Path
):
    echo = httpx2.Response(400, json={"error": {"message": f"Bad key {KEY}", "code": f"code {KEY}"}})
    platform.fail("create", echo)
    office().bring("a")
    platform.plan("failed", errors=[{"code": "invalid_key", "message": f"Bad key {KEY}", "line": None}])
    at = office(poll_interval=SOON)
    at.bring("a")
    reported = " ".join(f"{error}{vars(error)}" for error in at.broken) + repr(at.recorder.events)
    assert KEY not in reported
    at.ledger.database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "ledger").rglob("*") if path.is_file())
    assert b"Bad key [secret]" in kept
    assert KEY.encode() not in kept


# Faults of ours


def test_fault_of_ours_breaks_the_run_and_does_not_hang_it(
    office: Open, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(job_state_machine, "index", fail)
    at = office(poll_interval=SOON)
    at.bring("a")
    assert [type(error) for error in at.broken] == [ZeroDivisionError]


def test_closed_ledger_is_never_written(office: Open, platform: FakePlatform):
    platform.plan(polls=10**6)
    at = office(poll_interval=SOON)
    at.ask("a")
    at.dispatcher.flush()
    while platform.count("poll") < 1:
        os.sched_yield()
    at.dispatcher.stop()
    at.recorder.wait(at.dispatcher)
    assert not any(isinstance(error, sqlite3.Error) for error in at.broken)
    assert not any(isinstance(error, DistilabelPlatformError) for error in at.broken)


# Refused because of the account: no attempt is used up, and the rows wait


def _no_credit(line: dict[str, Any]) -> bytes:
    return refused(line, 429, "insufficient_quota", "You exceeded your current quota.")


def test_lines_refused_for_the_account_end_the_run_and_a_rerun_sends_exactly_those(
    office: Open, platform: FakePlatform
):
    platform.plan(results=lambda lines: ([answered(lines[0])], [_no_credit(line) for line in lines[1:]]))
    at = office(poll_interval=SOON, max_attempts=1)
    at.bring("a", "b", "c")
    (error,) = at.broken
    assert isinstance(error, DistilabelAccountError)
    assert (error.code, "refused 2 requests" in str(error), "run again" in str(error)) == (
        "insufficient_quota", True, True,
    )  # fmt: skip
    assert platform.sent == ["a", "b", "c"]
    (job,) = at.ledger.jobs.of_scope("p/s")
    assert (job.state, job.code) == ("settled", "insufficient_quota")
    again = office(poll_interval=SOON, max_attempts=1)
    found = again.bring("a", "b", "c")
    assert texts(found) == ["a/0", "b/0", "c/0"]
    assert [answer and answer.attempts for answer in found] == [1, 1, 1]
    assert platform.sent == ["a", "b", "c", "b", "c"]


def test_each_run_reports_again_that_the_account_is_refused_and_none_submits_twice(
    office: Open, platform: FakePlatform
):
    for _ in range(2):
        platform.plan(results=lambda lines: ([], [_no_credit(line) for line in lines]))
    for runs in (1, 2):
        at = office(poll_interval=SOON)
        at.bring("a")
        assert [type(error) for error in at.broken] == [DistilabelAccountError]
        assert platform.sent == ["a"] * runs
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]


def test_job_submitted_before_the_account_was_fixed_does_not_end_the_run_after_it(
    office: Open, platform: FakePlatform
):
    for polls in (0, 1):
        platform.plan(polls=polls, results=lambda lines: ([], [_no_credit(line) for line in lines]))
    prompts = ["a", "b", "c", "d"]  # two jobs
    office().bring(*prompts, rounds=1)
    at = office()
    at.bring(*prompts, rounds=1)
    assert [type(error) for error in at.broken] == [DistilabelAccountError]
    fixed = office(poll_interval=SOON)
    assert texts(fixed.bring(*prompts)) == ["a/0", "b/0", "c/0", "d/0"]
    assert fixed.broken == []
    assert sorted(platform.sent) == sorted([*prompts, *prompts])


def test_run_that_does_not_wait_reports_the_refusal_and_leaves_the_rows_to_the_next(
    office: Open, platform: FakePlatform
):
    platform.plan(results=lambda lines: ([answered(lines[0])], [_no_credit(lines[1])]))
    office().bring("a", "b")
    at = office()
    assert texts(at.bring("a", "b")) == ["a/0", None]
    assert [type(error) for error in at.broken] == [DistilabelAccountError]
    assert platform.sent == ["a", "b"]
    assert texts(office(poll_interval=SOON).bring("a", "b")) == ["a/0", "b/0"]
    assert platform.sent == ["a", "b", "b"]


@pytest.mark.parametrize("code", ["insufficient_quota", "credit_balance_exhausted"])
def test_creation_refused_for_the_account_ends_the_run_though_it_waits(
    office: Open, platform: FakePlatform, code: str
):
    refusal = httpx2.Response(429, json={"error": {"message": "No credit.", "code": code}})
    platform.fail("create", refusal)
    at = office(poll_interval=SOON)
    at.bring("a")
    assert [type(error) for error in at.broken] == [DistilabelAccountError]
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.sent == ["a"]


def test_line_of_a_rejection_that_concerns_the_account_fails_no_row(office: Open, platform: FakePlatform):
    error = {"code": "billing_hard_limit_reached", "message": "Limit.", "line": 1}
    platform.plan("failed", errors=[error])
    at = office(poll_interval=SOON)
    assert at.bring("a", "b") == [None, None]
    assert [type(error) for error in at.broken] == [DistilabelJobRejectedError]
    assert texts(office(poll_interval=SOON).bring("a", "b")) == ["a/0", "b/0"]


# Failed with results


def test_answers_of_a_job_that_failed_are_kept_and_only_the_rest_is_asked_again(
    office: Open, platform: FakePlatform
):
    error = {"code": "internal", "message": "Out of memory.", "line": 2}
    platform.plan("failed", results=lambda lines: ([answered(lines[0])], []), completed=1, errors=[error])
    at = office(poll_interval=SOON)
    assert texts(at.bring("a", "b", "c")) == ["a/0", "b/0", "c/0"]
    assert platform.sent == ["a", "b", "c", "b", "c"]
    assert at.broken == []
    assert "failed (internal: Out of memory.) after it had answered" in at.recorder.of(Notice)[0].text


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_job_that_was_stopped_counts_answers_and_names_no_file_is_believed_after_minutes(
    office: Open, platform: FakePlatform, status: str
):
    platform.plan(status, results=lambda _: ([], []), completed=1)
    at = office(poll_interval=SOON)
    assert texts(at.bring("a")) == ["a/0"]
    assert platform.sent == ["a", "a"]
    assert any("paid for, again" in event.text for event in at.recorder.of(Notice))
    assert not any("Nothing" in event.text for event in at.recorder.of(Notice))


# Malformed successes


def _nonsense() -> httpx2.Response:
    return httpx2.Response(200, json={"message": "Service warming up"})


@pytest.mark.parametrize("call", ["poll", "upload", "list", "content"])
@pytest.mark.parametrize("wait", [SOON, None])
def test_answer_of_another_shape_is_asked_for_again(
    office: Open, platform: FakePlatform, call: str, wait: float | None
):
    if call == "list":
        platform.fail("create", 500, carried_out=True)
    platform.fail(call, _nonsense(), times=2)
    for _ in range(4):
        at = office(poll_interval=wait)
        found = texts(at.bring("a"))
        assert at.broken == []
    assert found == ["a/0"]
    assert platform.sent == ["a"]


@pytest.mark.parametrize("call", ["upload", "create"])
@pytest.mark.parametrize(
    ("response", "says"),
    [
        (httpx2.Response(404, json={"detail": "Not Found"}), "HTTP 404: Not Found"),
        (httpx2.Response(405, text="Method Not Allowed"), "HTTP 405"),
        (
            httpx2.Response(302, headers={"location": "https://login.test/?next=x"}),
            "a redirect to https://login.test/",
        ),
        (httpx2.Response(404, text="<html>", headers={"content-type": "text/html"}), "an HTML page"),
    ],
)
def test_address_where_no_batch_api_answers_is_named(
    office: Open, platform: FakePlatform, call: str, response: httpx2.Response, says: str
):
    platform.fail(call, response, times=9)
    at = office(poll_interval=SOON)
    at.bring("a")
    (error,) = at.broken
    assert isinstance(error, DistilabelAddressError)
    assert says in str(error)
    assert "base_url" in str(error)
    assert platform.count(call) == 1


def test_upload_that_is_always_answered_with_something_else_ends_the_run(
    office: Open, platform: FakePlatform
):
    platform.fail("upload", _nonsense(), times=99)
    at = office(poll_interval=SOON)
    at.bring("a")
    assert "something other than a JSON object" in str(at.broken[0])
    assert platform.sent == []


@pytest.mark.parametrize("poll_interval", [SOON, None])
def test_creation_that_is_always_answered_with_something_else_ends_the_run(
    office: Open, platform: FakePlatform, poll_interval: float | None
):
    platform.fail("create", _nonsense(), times=5)
    at = office(poll_interval=poll_interval)
    at.bring("a")
    (error,) = at.broken
    assert "something other than a JSON object with `id`" in str(error)
    assert at.states == ["uploaded"]
    notices = [event.text for event in at.recorder.of(Notice)]
    assert len([text for text in notices if text.endswith("does not exist; it is created again.")]) == 4
    assert texts(office(poll_interval=SOON).bring("a")) == ["a/0"]
    assert platform.sent == ["a"]


@pytest.mark.parametrize("cut", [lambda whole: whole[: len(whole) // 2 - 5], lambda whole: whole[:-9]])
def test_download_that_breaks_off_is_fetched_again(
    office: Open, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch, cut: Callable[[bytes], bytes]
):
    give, cuts = platform._content, [cut, cut]

    async def broken_off(request: httpx2.Request, number: str) -> httpx2.Response:
        whole = await give(request, number)
        return httpx2.Response(200, content=cuts.pop()(whole.content)) if cuts else whole

    monkeypatch.setattr(platform, "_content", broken_off)
    assert texts(office(poll_interval=SOON).bring("a", "b")) == ["a/0", "b/0"]
    assert platform.sent == ["a", "b"]


def test_download_without_a_line_of_the_job_is_believed_after_minutes(office: Open, platform: FakePlatform):
    platform.plan(results=lambda _: ([b'{"message": "odd"}\n'], []))
    at = office(poll_interval=SOON)
    assert texts(at.bring("a")) == ["a/0"]
    assert platform.sent == ["a", "a"]
    assert "no line of the job" in at.recorder.of(Notice)[0].text


def test_byte_order_mark_at_the_start_of_a_file_loses_no_line(office: Open, platform: FakePlatform):
    platform.plan(results=lambda lines: ([b"\xef\xbb\xbf", *map(answered, lines)], []))
    assert texts(office(poll_interval=SOON).bring("a", "b")) == ["a/0", "b/0"]
    assert platform.sent == ["a", "b"]
