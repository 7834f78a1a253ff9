"""`distilabel jobs ls` and `show`, over a ledger in which something happened."""

import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import stamina

from distilabel.cli.app import main
from distilabel.ledger.jobs import Ledger
from distilabel.pipeline.storage.workspace import Workspace
from distilabel.records import Job, JobCondition, JobState, Target, custom_id
from tests.fakes import answered
from tests.support.platform import Platform

SCOPE = "my-pipeline/text_generation_0"
TARGET = Target("openai", "https://api.openai.com/v1", "/v1/chat/completions", "gpt-[bold]-mini-2026-08-07")
DONE, RUNNING = "batch_68f0c3a1d2e48190b6c5d4e3f2a1b0c9", "batch_68f0c3a1d2e48190b6c5d4e3f2a1b0d0"
NOW = 1_800_000_000.0

Call = Callable[..., tuple[int, str, str]]


class Scene:
    """Fills a ledger with jobs."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(folder, clock=lambda: NOW)
        self.run_id = self.ledger.begin_run("my-pipeline")
        self.asked = 0

    def planned(self, requests: int, target: Target = TARGET) -> Job:
        bodies = [b'{"n":%d}' % (self.asked + i) for i in range(requests)]
        self.asked += requests
        self.ledger.samples.draw(
            SCOPE, target, bodies, asker=f"asker-{self.asked}", run_id=self.run_id, drawn=Counter()
        )
        wanted = self.ledger.samples.wanted(SCOPE, target, self.run_id, requests)
        return self.ledger.jobs.plan(SCOPE, target, f"tag-{self.asked}", [found[0] for found in wanted], 100)

    def at(self, state: JobState, remote_id: str = RUNNING, target: Target = TARGET) -> Job:
        """Make a job of two requests in one of the first five states, or in `ended`."""
        job, moves = self.planned(2, target), self.ledger.jobs.move
        facts = {"uploaded": {"input_file": "file-1"}, "submitted": {"remote_id": remote_id}}
        for following in ("uploading", "uploaded", "creating", "submitted", "ended"):
            if job.state == state:
                break
            job = moves(job, JobState(following), **facts.get(following, {}))
        return job

    def submitted(self, requests: int, remote_id: str) -> Job:
        job = self.ledger.jobs.move(self.planned(requests), JobState.UPLOADING)
        job = self.ledger.jobs.move(job, JobState.UPLOADED, input_file="file-1")
        job = self.ledger.jobs.move(job, JobState.CREATING)
        return self.ledger.jobs.move(
            job, JobState.SUBMITTED, remote_id=remote_id, remote_status="in_progress"
        )

    def wanted(self) -> int:
        return len(self.ledger.samples.wanted(SCOPE, TARGET, self.run_id, 99))

    def settled(self, remote_id: str) -> Job:
        job = self.submitted(3, remote_id)
        job = self.ledger.jobs.note_progress(job, "completed", 2, 1)
        lines = list(self.ledger.jobs.lines(job))
        job = self.ledger.jobs.move(job, JobState.ENDED)
        path = self.ledger.jobs.folder(job) / "output.jsonl"
        path.write_bytes(b"{}\n{}\n")
        job = self.ledger.jobs.mark_fetched(job, {"output": path})
        file = self.ledger.jobs.files(job)[0][0]
        answered = [(file, 3 * i, 2, key, sample) for i, (key, sample, _) in enumerate(lines[:2])]
        key, sample, _ = lines[2]
        self.ledger.jobs.settle_lines(job, answered, [("http_400", "no", key, sample, False)])
        self.ledger.jobs.note_anomalies(job, 1)
        return self.ledger.jobs.settle(job, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def scene(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("distilabel.cli.jobs.time", lambda: NOW + 7300)
    made = Scene(folder)
    yield made
    made.ledger.close()


@pytest.fixture
def call(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(folder))

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["distilabel", "jobs", *words])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return run


class TestList:
    def test_every_job_has_a_line_on_which_nothing_is_cut_off(self, scene: Scene, call: Call):
        scene.settled(DONE)
        scene.submitted(1234, RUNNING)
        scene.planned(2)
        code, out, err = call("ls")
        assert (code, err) == (0, "")
        words = " ".join(out.split())
        assert "\u2026" not in out
        for job, rest in (
            (DONE, "settled 2 of 3 2.0 h"),
            (RUNNING, "submitted (in_progress) 0 of 1,234 2.0 h"),
            ("#3", "planned 0 of 2 2.0 h"),
        ):
            assert f"{job} text_generation_0 openai {TARGET.model} {rest}" in words
        assert len(out.splitlines()) == 4

    def test_only_open_ones_on_request(self, scene: Scene, call: Call):
        scene.settled(DONE)
        scene.submitted(2, RUNNING)
        code, out, _ = call("ls", "--open")
        assert code == 0
        assert RUNNING in out
        assert DONE not in out

    def test_json_holds_all_that_is_known(self, scene: Scene, call: Call):
        scene.settled(DONE)
        scene.submitted(2, RUNNING)
        code, out, _ = call("ls", "--json")
        found: list[dict[str, Any]] = json.loads(out)
        assert code == 0
        assert [(job["remote_id"], job["state"], job["requests"]) for job in found] == [
            (DONE, "settled", 3),
            (RUNNING, "submitted", 2),
        ]
        assert found[0]["target"]["model"] == TARGET.model
        assert [job["remote_id"] for job in json.loads(call("ls", "--json", "--open")[1])] == [RUNNING]

    def test_ledger_without_jobs_says_so(self, scene: Scene, call: Call):
        assert call("ls") == (0, "No jobs.\n", "")
        assert json.loads(call("ls", "--json")[1]) == []

    def test_folder_may_be_named(self, scene: Scene, call: Call, folder: Path, monkeypatch):
        scene.planned(1)
        monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(folder / "other"))
        assert "#1" in call("ls", "--cache-dir", str(folder))[1]


class TestShow:
    def test_finished_job_tells_outcomes_reasons_times_and_files(self, scene: Scene, call: Call):
        scene.settled(DONE)
        code, out, err = call("show", DONE)
        assert (code, err) == (0, "")
        lines = [" ".join(text.split()) for text in out.splitlines()]
        assert lines[0] == f"Job {DONE} of {SCOPE}"
        assert "platform openai at https://api.openai.com/v1" in lines
        assert f"model {TARGET.model}" in lines
        assert "requests 3: 2 answered, 1 failed" in lines
        assert "reasons 1 http_400" in lines
        assert "invalid 1 result lines (repeated, unknown or unreadable)" in lines
        assert "file jobs/1/output.jsonl" in lines
        states = [text.split()[-1] for text in lines if text[:2] == "20" and ":" in text]
        assert states == [
            "planned",
            "uploading",
            "uploaded",
            "creating",
            "submitted",
            "ended",
            "fetched",
            "settled",
        ]

    @pytest.mark.parametrize("name", ["2", "#2", RUNNING])
    def test_job_goes_by_its_id_or_our_number(self, scene: Scene, call: Call, name: str):
        scene.settled(DONE)
        scene.submitted(2, RUNNING)
        assert call("show", name)[1].startswith(f"Job {RUNNING} of {SCOPE}\n")

    def test_json_holds_all_that_is_known(self, scene: Scene, call: Call):
        scene.settled(DONE)
        found = json.loads(call("show", DONE, "--json")[1])
        assert found["job"]["remote_id"] == DONE
        assert found["outcomes"] == {"answered": 2, "failed": 1}
        assert found["reasons"] == {"http_400": 1}
        assert found["anomalies"] == 1
        assert found["files"] == ["jobs/1/output.jsonl"]
        assert found["history"][-1] == ["settled", NOW]

    def test_unknown_job_is_one_sentence(self, scene: Scene, call: Call):
        assert call("show", "nope") == (
            1,
            "",
            "Error: The ledger has no job 'nope': `distilabel jobs ls` lists them.\n",
        )


@pytest.mark.parametrize("words", [("ls",), ("ls", "--json"), ("show", "x")])
def test_folder_without_a_ledger_is_one_sentence_and_stays_as_it_is(call: Call, folder: Path, words):
    code, out, err = call(*words)
    assert (code, out) == (1, "")
    assert (
        err
        == f"Error: There is no ledger in {folder}: name the cache folder with --cache-dir or DISTILABEL_CACHE_DIR.\n"
    )
    assert not folder.exists()


def test_looking_does_not_disturb_a_writer(scene: Scene, call: Call):
    scene.submitted(2, RUNNING)
    with scene.ledger.database.transaction():
        scene.ledger.database.execute("note_anomalies", {"count": 5, "job_id": 1})
        assert json.loads(call("show", RUNNING, "--json")[1])["anomalies"] == 0
    assert json.loads(call("show", RUNNING, "--json")[1])["anomalies"] == 5


class TestForget:
    def test_ended_job_whose_results_do_not_come_is_given_up_and_the_next_run_knows(
        self, scene: Scene, call: Call
    ):
        job = scene.ledger.jobs.move(scene.submitted(2, RUNNING), JobState.ENDED)
        scene.ledger.jobs.note_condition(job, JobCondition.RESULTS_MISSING, "It does not give its file.")
        assert "ended (results_missing)" in call("ls")[1]
        code, out, _ = call("forget", RUNNING)
        assert (code, f"Gave up {RUNNING}" in out) == (0, True)
        assert "ended (forgotten: The job was given up by the user.)" in call("show", RUNNING)[1]

    def test_submitted_job_is_lost_and_its_requests_are_wanted_again(self, scene: Scene, call: Call):
        scene.submitted(2, RUNNING)
        assert call("forget", RUNNING)[0] == 0
        assert "lost (job_lost)" in call("ls")[1]
        assert len(scene.ledger.samples.wanted(SCOPE, TARGET, scene.run_id, 9)) == 2

    def test_job_that_is_over_cannot_be_given_up(self, scene: Scene, call: Call):
        scene.settled(DONE)
        code, _, err = call("forget", DONE)
        assert (code, "only an open job can be given up" in err) == (1, True)

    @pytest.mark.parametrize("state", ["planned", "uploading", "uploaded", "creating"])
    def test_job_that_was_never_submitted_is_ended_and_its_requests_are_wanted(
        self, scene: Scene, call: Call, state: str
    ):
        scene.at(JobState(state))
        assert call("forget", "#1")[0] == 0
        assert call("ls", "--open")[1] == "No jobs.\n"
        assert scene.wanted() == 2

    def test_ended_job_that_no_run_collects_is_ended_by_the_second_call_with_what_is_on_disk(
        self, scene: Scene, call: Call
    ):
        job = scene.at(JobState.ENDED)
        (key, sample, _), _ = scene.ledger.jobs.lines(job)
        line = answered({"custom_id": custom_id(key, sample), "body": {"messages": [{"content": "hi"}]}})
        (scene.ledger.jobs.folder(job) / "output.jsonl").write_bytes(line)
        assert f"`distilabel jobs forget {RUNNING}` once more" in call("forget", RUNNING)[1]
        assert RUNNING in call("ls", "--open")[1]
        assert call("forget", RUNNING)[0] == 0
        assert call("ls", "--open")[1] == "No jobs.\n"
        assert "requests  2: 1 answered, 1 wanted" in call("show", RUNNING)[1]

    def test_job_whose_pipeline_is_running_is_left_to_the_run(self, scene: Scene, call: Call, folder: Path):
        scene.at(JobState.UPLOADING)
        with held(folder):
            code, _, err = call("forget", "#1")
        assert (code, "is running and works on the job: stop the run" in err) == (1, True)
        assert "uploading" in call("ls")[1]


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the lock of the pipeline, as its run does."""
    workspace = Workspace(folder, "my-pipeline", use_cache=True)
    yield
    workspace.release()


@pytest.fixture
def at_once() -> Iterator[None]:
    """Calls are tried once."""
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.mark.usefixtures("at_once")
class TestCancel:
    NOWHERE = Target("openai", "http://127.0.0.1:9/v1", "/v1/chat/completions", "m")

    @pytest.fixture(autouse=True)
    def _key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")

    @pytest.mark.parametrize("state", ["planned", "uploading", "uploaded"])
    def test_job_that_its_platform_does_not_have_is_cancelled_here(
        self, scene: Scene, call: Call, state: str
    ):
        scene.at(JobState(state))
        code, out, _ = call("cancel", "#1")
        assert (code, "nothing of it was run or paid for" in out) == (0, True)
        assert "cancelled (cancelled: The user cancelled" in call("show", "#1")[1]
        assert scene.wanted() == 2

    def test_job_whose_creation_was_interrupted_is_looked_for_first(
        self, scene: Scene, call: Call, fast_platform: Platform, folder: Path, monkeypatch
    ):
        monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(folder))
        monkeypatch.setattr("distilabel.offline.client._LOOK_UP_AGAIN_AFTER", ())
        scene.at(JobState.CREATING, target=dataclasses.replace(self.NOWHERE, base_url=fast_platform.url))
        code, out, _ = call("cancel", "#1")
        assert (code, "which its platform does not have" in out) == (0, True)
        assert call("ls", "--open")[1] == "No jobs.\n"

    def test_all_goes_on_after_a_failure_and_reports_it(self, scene: Scene, call: Call):
        scene.at(JobState.SUBMITTED, "batch_away", self.NOWHERE)
        scene.at(JobState.UPLOADING, target=self.NOWHERE)
        scene.at(JobState.ENDED, "batch_ended")
        scene.at(JobState.CREATING, target=self.NOWHERE)
        scene.at(JobState.PLANNED)
        code, out, err = call("cancel", "--all")
        assert code == 1
        assert ["#2" in out, "#5" in out, "batch_ended" in out + err] == [True, True, False]
        assert "Error: batch_away is not cancelled. " in err
        assert "Error: #4 is not cancelled. " in err
        code, out, _ = call("cancel", "--all", "--json")
        assert (code, json.loads(out)) == (1, [])

    def test_job_that_has_ended_is_left_to_be_collected_or_given_up(self, scene: Scene, call: Call):
        scene.at(JobState.ENDED)
        code, _, err = call("cancel", RUNNING)
        assert (code, f"`distilabel jobs forget {RUNNING}`" in err) == (1, True)

    def test_job_whose_pipeline_is_running_is_left_to_the_run(self, scene: Scene, call: Call, folder: Path):
        scene.at(JobState.UPLOADED)
        with held(folder):
            code, _, err = call("cancel", "#1")
        assert (code, "stop the run" in err) == (1, True)
