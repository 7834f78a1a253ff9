"""Each of the `offline_batch_options`, against a real platform."""

from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

import pytest
from pydantic import ValidationError
from tests.support.platform import Platform, ledger_rows, platform

from distilabel.exceptions import DistilabelAccountError
from distilabel.http import Flow
from distilabel.ledger.jobs import Ledger
from distilabel.llms import OpenAILLM
from distilabel.offline.options import OfflineBatchOptions
from distilabel.pipeline import Pipeline
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.records import Decoded, Failure, RemoteJob
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

ROWS = [{"instruction": f"Tell me of the number {i}."} for i in range(20)]


@pytest.fixture
def stuck_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """Run a platform whose batches take ten minutes; online it answers at once."""
    with platform(tmp_path / "platform", delay=600) as running:
        for name, value in running.environment(tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two hours pass when a job is polled for the first time."""
    polled: set[str] = set()
    poll = OpenAI.poll

    def noted(self: OpenAI, remote_id: str) -> Flow[RemoteJob | None]:
        polled.add(remote_id)
        return poll(self, remote_id)

    monkeypatch.setattr(OpenAI, "poll", noted)
    monkeypatch.setattr(Ledger.__init__, "__defaults__", (lambda: time() + 7200 * len(polled),))


def rows(**options: Any) -> list[dict[str, Any]]:
    llm = OpenAILLM(
        model="toy-1",
        use_offline_batch_generation=True,
        offline_batch_generation_block_until_done=0.05,
        offline_batch_options=options,
    )
    with Pipeline("p", enable_metadata=True) as pipeline:
        LoadDataFromDicts(data=ROWS) >> TextGeneration(name="task", llm=llm)
    return list(pipeline.run()["default"]["train"])


def reasons(found: list[dict[str, Any]]) -> set[tuple[str, int]]:
    failures = [row["distilabel_metadata"]["failure_task"] for row in found]
    return {(failure["code"], failure["attempts"]) for failure in failures}


def test_job_past_its_deadline_is_cancelled_and_its_rest_fails(stuck_platform: Platform, hours: None):
    found = rows(deadline=3600, at_deadline="fail")
    assert {row["generation"] for row in found if row["distilabel_metadata"].get("failure_task")} == {None}
    assert ("deadline", 1) in reasons([row for row in found if row["generation"] is None])
    assert [batch["status"] for batch in stuck_platform.batches()] == ["cancelled"]


def test_job_past_its_deadline_is_cancelled_and_its_rest_is_asked_online(
    stuck_platform: Platform, hours: None
):
    found = rows(deadline=3600, at_deadline="online")
    assert all(row["instruction"] in row["generation"] for row in found)
    assert [batch["status"] for batch in stuck_platform.batches()] == ["cancelled"]


def test_account_that_is_refused_online_ends_the_run_and_the_rest_waits(
    stuck_platform: Platform, hours: None, monkeypatch: pytest.MonkeyPatch
):
    refused = Failure("payment_required", "Pay first.", account=True)
    with monkeypatch.context() as patch:
        patch.setattr(OpenAI, "read_response", lambda *_: refused)
        with pytest.raises(DistilabelAccountError, match=r"Pay first.*run again"):
            rows(deadline=3600, at_deadline="online", max_attempts=1)
    found = rows(deadline=3600, at_deadline="online", max_attempts=1)
    assert all(row["instruction"] in (row["generation"] or "") for row in found)
    assert len(stuck_platform.batches()) == 1


def test_job_past_its_deadline_is_cancelled_and_its_rest_is_sent_again_while_attempts_last(
    stuck_platform: Platform, hours: None
):
    found = rows(deadline=3600, at_deadline="resubmit", max_attempts=2)
    assert len(stuck_platform.batches()) == 2
    assert reasons([row for row in found if row["generation"] is None]) == {("deadline", 2)}


def test_no_job_holds_more_requests_than_asked(fast_platform: Platform):
    assert len(rows(max_requests=6)) == 20
    assert sorted(batch["request_counts"]["total"] for batch in fast_platform.batches()) == [2, 6, 6, 6]


def test_no_job_holds_more_bytes_than_asked(fast_platform: Platform, tmp_path: Path):
    assert len(rows(max_bytes=1000)) == 20
    sizes = [size for (size,) in ledger_rows(tmp_path / "cache", "SELECT size FROM jobs")]
    assert len(sizes) > 3
    assert max(sizes) <= 1000


def test_no_more_jobs_are_under_way_than_asked(fast_platform: Platform, tmp_path: Path):
    assert len(rows(max_requests=5, max_jobs_in_flight=1)) == 20
    assert len(fast_platform.batches()) == 4
    assert _most_at_once(tmp_path / "cache") == 1


def test_no_more_tokens_are_under_way_than_asked(fast_platform: Platform, tmp_path: Path):
    assert len(rows(max_enqueued_tokens=500)) == 20
    tokens = [count for (count,) in ledger_rows(tmp_path / "cache", "SELECT tokens FROM jobs")]
    assert len(tokens) > 2
    assert max(tokens) <= 500
    assert _most_at_once(tmp_path / "cache") == 1


def _most_at_once(cache: Path) -> int:
    """Return how many jobs were between planned and ended at one time."""
    moves = ledger_rows(
        cache, "SELECT CASE state WHEN 'planned' THEN 1 ELSE -1 END FROM job_history "
        "WHERE state IN ('planned', 'ended') ORDER BY rowid"
    )  # fmt: skip
    open_now, most = 0, 0
    for (move,) in moves:
        open_now += move
        most = max(most, open_now)
    return most


def test_requests_are_asked_as_often_as_allowed_and_then_fail(fast_platform: Platform, monkeypatch):
    decode = OpenAI.decode

    def failing(line: bytes) -> Decoded:
        return Decoded(decode(line).custom_id, Failure("server_error", "Oh no.", retryable=True))

    monkeypatch.setattr(OpenAI, "decode", staticmethod(failing))
    assert reasons(rows(max_attempts=2)) == {("server_error", 2)}
    assert len(fast_platform.batches()) == 2


def test_users_tag_stands_in_the_jobs_metadata(fast_platform: Platform):
    rows(tag="spring-run")
    assert fast_platform.batches()[0]["metadata"]["tag"] == "spring-run"


def test_options_change_nothing_of_what_is_asked(fast_platform: Platform):
    rows()
    rows(max_requests=3, tag="another")
    assert len(fast_platform.batches()) == 1


@pytest.mark.parametrize(
    "wrong", [{"max_attempts": 0}, {"deadline": 0}, {"at_deadline": "pray"}, {"max_request": 5}]
)
def test_wrong_options_are_refused_where_they_are_written(wrong: dict[str, Any]):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        OfflineBatchOptions(**wrong)
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        OpenAILLM(model="toy-1", offline_batch_options=wrong)


def test_pipelines_of_one_cache_folder_share_the_room(
    stuck_platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    def build(name: str) -> Pipeline:
        llm = OpenAILLM(
            model="toy-1", use_offline_batch_generation=True, offline_batch_options={"max_jobs_in_flight": 1}
        )
        with Pipeline(name) as pipeline:
            LoadDataFromDicts(data=ROWS) >> TextGeneration(llm=llm)
        return pipeline

    assert len(build("first").run()) == 0
    assert len(build("second").run()) == 0
    assert len(stuck_platform.batches()) == 1  # the second waits for room, and has lost nothing by it
    monkeypatch.setattr(OpenAI, "decode", _answered_by_nobody)
    _cancel(stuck_platform)
    assert len(build("first").run()) == 0  # collects what was done; the rest goes out again
    assert len(stuck_platform.batches()) == 2


def _answered_by_nobody(_self: OpenAI, line: bytes) -> Decoded:
    import json

    return Decoded(json.loads(line)["custom_id"], Failure("batch_cancelled", "Cancelled.", retryable=True))


def _cancel(platform: Platform) -> None:
    import openai

    with openai.OpenAI(base_url=platform.url, api_key="sk-any") as client:
        client.batches.cancel(platform.batches()[0]["id"])
    platform.wait()
