"""The cache folder is lost after the jobs were submitted: what the platform still holds is found by our tag."""

import json
import shutil
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.support.platform import Platform
from typer.testing import CliRunner

from distilabel.cli.app import app
from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

ROWS = [{"instruction": f"Recover me, number {i // 2}.", "i": i} for i in range(24)]


def build() -> Pipeline:
    llm = OpenAILLM(
        model="toy-1", use_offline_batch_generation=True, offline_batch_options={"max_requests": 10}
    )
    with Pipeline("lost") as pipeline:
        LoadDataFromDicts(data=ROWS) >> TextGeneration(llm=llm)
    return pipeline


def assert_collected(platform: Platform, before: int) -> None:
    rows = list(build().run()["default"]["train"])
    assert [row["i"] for row in rows] == list(range(24))
    assert all(row["instruction"] in row["generation"] for row in rows)
    assert len(platform.batches()) == before
    assert max(platform.prompts().values()) == 2  # each prompt stands in two rows


def test_jobs_recover_finds_the_jobs_and_the_next_run_pays_nothing(fast_platform: Platform, tmp_path: Path):
    assert len(build().run()) == 0
    assert len(fast_platform.batches()) == 3
    shutil.rmtree(tmp_path / "cache")
    fast_platform.wait()
    result = CliRunner().invoke(app, ["jobs", "recover", "--json"])
    assert result.exit_code == 0, result.output
    assert sorted(job["requests"] for job in json.loads(result.stdout)) == [4, 10, 10]
    assert_collected(fast_platform, 3)


def test_pipeline_recover_does_the_same_and_does_nothing_twice(fast_platform: Platform, tmp_path: Path):
    build().run()
    shutil.rmtree(tmp_path / "cache")
    assert build().recover() == 3
    assert build().recover() == 0
    fast_platform.wait()
    assert_collected(fast_platform, 3)


def test_jobs_whose_input_file_is_gone_are_recovered_from_their_results(
    fast_platform: Platform, tmp_path: Path
):
    build().run()
    fast_platform.wait()
    shutil.rmtree(tmp_path / "cache")
    prompts = fast_platform.prompts()
    with openai.OpenAI(base_url=fast_platform.url, api_key="sk-any") as client:
        for batch in fast_platform.batches():
            client.files.delete(batch["input_file_id"])
    assert build().recover() == 3
    rows = list(build().run()["default"]["train"])
    assert all(row["instruction"] in row["generation"] for row in rows)
    assert len(fast_platform.batches()) == 3
    assert len(prompts) == 12


def test_nothing_is_recovered_that_the_ledger_knows(fast_platform: Platform):
    build().run()
    assert build().recover() == 0
    fast_platform.wait()
    assert_collected(fast_platform, 3)


# The other commands


def invoke(*arguments: str) -> Any:
    result = CliRunner().invoke(app, ["jobs", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_cancel_asks_the_platform_to_stop_and_what_was_done_is_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from tests.support.platform import platform

    with platform(tmp_path / "platform", delay=600) as running:
        for name, value in running.environment(tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        build().run()
        stopped = json.loads(invoke("cancel", "--all", "--json"))
        assert len(stopped) == 3
        running.wait()
        assert {batch["status"] for batch in running.batches()} == {"cancelled"}
        assert len(build().run()) == 0  # what was not run is asked again
        assert len(running.batches()) > 3
        assert sum(running.prompts().values()) <= 24 + 24


def test_export_writes_requests_and_raw_results(fast_platform: Platform, tmp_path: Path):
    build().run()
    fast_platform.wait()
    build().run()
    job = json.loads(invoke("ls", "--json"))[0]
    written = json.loads(invoke("export", job["remote_id"], "--to", str(tmp_path / "out"), "--json"))
    assert [Path(path).name for path in written] == ["requests.jsonl", "output.jsonl"]
    requests = [json.loads(line) for line in (tmp_path / "out" / "requests.jsonl").read_text().splitlines()]
    results = [json.loads(line) for line in (tmp_path / "out" / "output.jsonl").read_text().splitlines()]
    assert len(requests) == 10
    assert {line["custom_id"] for line in requests} == {line["custom_id"] for line in results}


def test_retry_has_failed_requests_asked_again_by_the_next_run(
    fast_platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    from distilabel.providers.openai_family.dialect import OpenAI
    from distilabel.records import Decoded, Failure

    decode = OpenAI.decode

    def refusing(line: bytes) -> Decoded:
        return Decoded(decode(line).custom_id, Failure("content_policy", "No."))

    build().run()
    fast_platform.wait()
    with monkeypatch.context() as patch:
        patch.setattr(OpenAI, "decode", staticmethod(refusing))
        rows = list(build().run()["default"]["train"])
    assert {row["generation"] for row in rows} == {None}
    assert {row["generation"] for row in build().run()["default"]["train"]} == {None}
    for job in json.loads(invoke("ls", "--json")):
        assert json.loads(invoke("retry", job["remote_id"], "--json"))["requests"] == job["requests"]
    assert len(build().run()) == 0
    fast_platform.wait()
    rows = list(build().run()["default"]["train"])
    assert all(row["instruction"] in row["generation"] for row in rows)


def test_prune_forgets_old_jobs_and_their_files(fast_platform: Platform, tmp_path: Path):
    build().run()
    fast_platform.wait()
    build().run()
    assert invoke("prune", "--older-than", "1h", "--yes") == "Deleted 0 jobs.\n"
    assert json.loads(invoke("prune", "--older-than", "0m", "--json", "--yes")) == [1, 2, 3]
    assert not list((tmp_path / "cache" / "jobs").iterdir())
    assert invoke("ls") == "No jobs.\n"


def test_watch_ends_when_no_job_is_open(fast_platform: Platform):
    build().run()
    fast_platform.wait()
    build().run()
    assert invoke("watch") == "No open jobs.\n"
    assert invoke("watch", "--json") == "[]\n"


def test_no_job_is_left_half_settled_by_a_run_whose_rows_are_done(fast_platform: Platform, monkeypatch):
    from time import sleep

    from distilabel.ledger.jobs import JobLedger

    settle = JobLedger.settle

    def slowly(self: JobLedger, job: Any, *arguments: Any) -> Any:
        sleep(0.04)
        return settle(self, job, *arguments)

    monkeypatch.setattr(JobLedger, "settle", slowly)
    build().run()
    fast_platform.wait()
    assert len(build().run()["default"]["train"]) == 24
    assert {job["state"] for job in json.loads(invoke("ls", "--json"))} == {"settled"}


def test_show_counts_requests_by_outcome(fast_platform: Platform):
    build().run()
    fast_platform.wait()
    build().run()
    shown = json.loads(invoke("show", "#1", "--json"))
    assert shown["outcomes"] == {"answered": 10}
    assert [state for state, _ in shown["history"]][-1] == "settled"
    assert "10 answered" in invoke("show", shown["job"]["remote_id"])
