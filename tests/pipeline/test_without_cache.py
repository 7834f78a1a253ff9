"""Runs without the cache, and dry runs: what they pay for can be collected, or they pay for nothing."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.fakes import FakePlatform
from tests.models.conftest import Make, fast, llm, offline, platform

from distilabel.exceptions import (
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelUserError,
)
from distilabel.llms import LLM
from distilabel.models.llms.vllm import vLLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
from distilabel.testing.platform import Plan

__all__ = ["fast", "llm", "offline", "platform"]

ROWS = [{"instruction": f"q{number}"} for number in range(3)]
QUESTIONS = [row["instruction"] for row in ROWS]
WAITING = {"offline_batch_generation_block_until_done": 0.05}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "cache"))


def pipeline(llm: LLM, **task: Any) -> Pipeline:
    with Pipeline("p") as made:
        LoadDataFromDicts(data=ROWS) >> TextGeneration(name="task", llm=llm, **task)
    return made


def generations(distiset: Any) -> list[str | None]:
    return distiset["default"]["train"]["generation"][:] if len(distiset) else []


class TestRefusal:
    def test_run_that_neither_uses_the_cache_nor_waits_submits_nothing(
        self, offline: Make, platform: FakePlatform
    ):
        for _ in range(3):
            with pytest.raises(DistilabelUserError, match="whose responses no run collects"):
                pipeline(offline(load=False)).run(use_cache=False)
        assert platform.calls == []

    def test_step_that_neither_uses_the_cache_nor_waits_submits_nothing(
        self, offline: Make, platform: FakePlatform
    ):
        with pytest.raises(DistilabelUserError, match="Step 'task' would pay for batch jobs"):
            pipeline(offline(load=False), use_cache=False).run()
        assert platform.calls == []

    def test_llm_with_a_custom_protocol_is_refused_too(self):
        with pytest.raises(DistilabelUserError, match="Nothing was submitted"):
            pipeline(OwnBatch(use_offline_batch_generation=True)).run(use_cache=False)


def interrupting() -> Plan:
    """Return how a job goes during whose first poll the user stops the run; it ends when another run polls it."""
    polls = iter([True])

    def stop_once() -> bool:
        if next(polls, False):
            os.kill(os.getpid(), signal.SIGINT)
            return False
        return True

    return Plan(polls=10**9, until=stop_once)


class TestInterrupted:
    @pytest.fixture
    def build(self, offline: Make) -> Callable[[], Pipeline]:
        return lambda: pipeline(offline(load=False, **WAITING))

    def stop(self, pipeline: Pipeline, platform: FakePlatform) -> None:
        """Run without the cache until all rows are submitted."""
        platform.plans.append(interrupting())
        assert len(pipeline.run(use_cache=False)) == 0

    def test_next_run_without_the_cache_continues_it_and_one_after_a_complete_run_starts_over(
        self, build, platform: FakePlatform, caplog
    ):
        self.stop(build(), platform)
        assert platform.sent == QUESTIONS
        assert generations(build().run(use_cache=False)) == ["q0/0", "q1/0", "q2/0"]
        assert platform.sent == QUESTIONS
        assert "continues the run without the cache" in caplog.text
        assert generations(build().run(use_cache=False)) == ["q0/1", "q1/1", "q2/1"]
        assert platform.sent == QUESTIONS * 2

    def test_next_run_with_the_cache_says_so_and_uses_its_responses(
        self, build, platform: FakePlatform, caplog
    ):
        self.stop(build(), platform)
        assert generations(build().run()) == ["q0/0", "q1/0", "q2/0"]
        assert platform.sent == QUESTIONS
        assert "A run without the cache was not complete" in caplog.text

    def test_cached_rows_stay_as_they_are_and_it_is_continued_after_them(self, build, platform: FakePlatform):
        assert generations(build().run()) == ["q0/0", "q1/0", "q2/0"]
        self.stop(build(), platform)
        assert generations(build().run()) == ["q0/0", "q1/0", "q2/0"]
        assert generations(build().run(use_cache=False)) == ["q0/1", "q1/1", "q2/1"]
        assert platform.sent == QUESTIONS * 2

    def test_step_without_the_cache_is_continued_too(self, offline: Make, platform: FakePlatform):
        def build() -> Pipeline:
            return pipeline(offline(load=False, **WAITING), use_cache=False)

        platform.plans.append(interrupting())
        assert len(build().run()) == 0
        assert generations(build().run()) == ["q0/0", "q1/0", "q2/0"]
        assert platform.sent == QUESTIONS
        assert generations(build().run()) == ["q0/1", "q1/1", "q2/1"]

    @pytest.mark.parametrize("use_cache", [True, False])
    def test_jobs_of_a_custom_protocol_are_collected(self, monkeypatch, use_cache: bool):
        OwnBatch.log.clear()
        monkeypatch.setattr(OwnBatch, "interrupts", True)
        own = OwnBatch(use_offline_batch_generation=True, offline_batch_generation_block_until_done=60)
        assert len(pipeline(own).run(use_cache=False)) == 0
        monkeypatch.setattr(OwnBatch, "interrupts", False)
        rerun = pipeline(OwnBatch(use_offline_batch_generation=True, **WAITING)).run(use_cache=use_cache)
        assert generations(rerun) == ["own q0", "own q1", "own q2"]
        assert OwnBatch.log == ["submit", "ask"]


class OwnBatch(LLM):
    """An LLM with a custom batch protocol, which its first call submits by."""

    log: ClassVar[list[str]] = []
    interrupts: ClassVar[bool] = False

    @property
    def model_name(self) -> str:
        return "own"

    def offline_batch_generate(self, inputs: Any = None, num_generations: int = 1, **kwargs: Any) -> Any:
        if self.jobs_ids is None:
            self.log.append("submit")
            if self.interrupts:
                # The ids are kept first, when this call has ended.
                threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            raise DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=("own-1",))
        self.log.append("ask")
        return [{"generations": [f"own {chat[-1]['content']}"]} for chat in inputs]


class TestDryRun:
    def test_it_asks_online_and_the_pipeline_is_as_before(self, offline: Make, platform: FakePlatform):
        made = pipeline(offline(load=False))
        assert generations(made.dry_run(batch_size=2)) == ["q0", "q1"]
        assert platform.calls == ["chat", "chat"]
        assert made.dag.steps["task"].llm.use_offline_batch_generation
        assert len(made.run()) == 0
        assert platform.sent == QUESTIONS

    def test_parameters_of_the_dry_run_do_not_turn_batch_jobs_on(self, llm: Make, platform: FakePlatform):
        made = pipeline(llm(load=False))
        offline = {"task": {"llm": {"use_offline_batch_generation": True}}}
        assert generations(made.dry_run(parameters=offline)) == ["q0"]
        assert platform.calls == ["chat"]

    def test_requests_of_a_model_without_an_online_api_are_shown_and_not_sent(self, tmp_path: Path, caplog):
        caplog.set_level("INFO")
        local = vLLM(
            model="m", use_offline_batch_generation=True, folder=str(tmp_path / "jobs"), command=("false",)
        )
        with Pipeline("p", cache_dir=tmp_path, enable_metadata=True) as made:
            LoadDataFromDicts(data=ROWS) >> TextGeneration(name="task", llm=local)
        (row,) = made.dry_run()["default"]["train"]
        assert row["generation"] is None
        assert row["distilabel_metadata"]["failure_task"]["code"] == "not_sent"
        (shown,) = [text for text in caplog.messages if "would submit this request to m" in text]
        assert '"content":"q0"' in shown
        assert not (tmp_path / "jobs").exists()

    def test_llm_with_a_custom_protocol_alone_is_refused(self):
        OwnBatch.log.clear()
        with pytest.raises(DistilabelUserError, match="OwnBatch does not define `generate`"):
            pipeline(OwnBatch(use_offline_batch_generation=True)).dry_run()
        assert OwnBatch.log == []
