"""A run that the user corrects: the next one waits for what it asks itself, and names the jobs of the first."""

from collections.abc import Callable
from typing import Any, ClassVar

import httpx2
import pytest
from tests.fakes import URL, FakePlatform
from tests.models.conftest import Make, fast, llm, offline, platform

from distilabel.exceptions import (
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelPlatformError,
)
from distilabel.llms import LLM, OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
from distilabel.testing.platform import Plan

__all__ = ["fast", "llm", "offline", "platform"]

ROWS = [{"instruction": f"q{number}"} for number in range(4)]
ANSWERS = [f"q{number}/0" for number in range(4)]
WAITING = {"offline_batch_generation_block_until_done": 0.05}


def generations(llm: OpenAILLM, rows: list[dict[str, Any]] = ROWS) -> list[str | None]:
    """Return what a run gives with this LLM, in the same pipeline each time; nothing where it is not finished."""
    with Pipeline("p") as pipeline:
        LoadDataFromDicts(data=rows) >> TextGeneration(name="task", llm=llm)
    distiset = pipeline.run()
    return distiset["default"]["train"]["generation"][:] if len(distiset) else []


@pytest.fixture
def make(offline: Make) -> Callable[..., OpenAILLM]:
    return lambda model="right", **more: offline(model, load=False, **(WAITING | more))


def test_after_a_model_that_the_platform_does_not_have_the_corrected_run_returns_its_rows(make, platform):
    platform.plan("failed", errors=[{"code": "model_not_found", "message": "No model wrong."}])
    with pytest.raises(DistilabelPlatformError, match="No model wrong"):
        generations(make("wrong"))
    assert generations(make()) == ANSWERS
    assert len(platform.sent) == 8


def test_after_an_address_where_nobody_answers_the_corrected_run_returns_its_rows(
    make, platform: FakePlatform, caplog
):
    platform.fail("upload", httpx2.ConnectError, times=2)
    with pytest.raises(DistilabelPlatformError):
        generations(make(base_url="https://wrong.test/v1", offline_batch_generation_block_until_done=None))
    assert generations(make()) == ANSWERS
    assert platform.sent == [row["instruction"] for row in ROWS]
    (named,) = [text for text in caplog.messages if "of earlier runs" in text]
    assert "#1 of step 'task': right at https://wrong.test/v1, uploading" in named
    assert "`distilabel jobs cancel #1`" in named


def test_run_with_another_model_does_not_wait_for_the_job_of_the_first(make, platform: FakePlatform, caplog):
    platform.plan(polls=10**9)
    assert generations(make("first", offline_batch_generation_block_until_done=None)) == []
    assert generations(make()) == ANSWERS
    (named,) = [text for text in caplog.messages if "of earlier runs" in text]
    assert f"batch_2 of step 'task': first at {URL}" in named
    # The first model's answers are still there for whoever asks it.
    platform.batches["batch_2"].plan.polls = 0
    assert generations(make("first")) == ANSWERS
    assert len(platform.sent) == 8


def test_run_that_does_not_wait_counts_its_own_jobs_only(make, platform: FakePlatform, caplog):
    platform.default = lambda: Plan(polls=10**9)
    unwaiting = {"offline_batch_generation_block_until_done": None}
    assert generations(make("first", **unwaiting)) == []
    assert generations(make("second", **unwaiting)) == []
    last = caplog.messages[-1]
    assert "is not finished: 1 batch job open" in last
    assert "batch_4" in last
    assert "batch_2" not in last


def test_other_arguments_for_the_same_model_do_not_wait_for_the_first_either(make, platform, caplog):
    platform.plan(polls=10**9)
    assert generations(make(offline_batch_generation_block_until_done=None)) == []
    assert generations(make(generation_kwargs={"temperature": 0.5})) == ANSWERS
    assert any("batch_2" in text and "of earlier runs" in text for text in caplog.messages)


@pytest.mark.parametrize("call", ["upload", "create"])
def test_job_that_was_not_submitted_when_the_first_run_ended_is_not_submitted_after_a_correction(
    make, platform: FakePlatform, call
):
    platform.fail(call, 401)
    with pytest.raises(DistilabelPlatformError):
        generations(make(generation_kwargs={"temperature": 1.9}))
    assert generations(make(generation_kwargs={"temperature": 0.9})) == ANSWERS
    assert platform.sent == [row["instruction"] for row in ROWS]
    assert {line["body"]["temperature"] for batch in platform.batches.values() for line in batch.lines} == {
        0.9
    }


def test_rejection_of_a_job_of_the_first_run_does_not_end_the_corrected_one(make, platform, caplog):
    platform.plan("failed", errors=[{"code": "bad", "message": "No such temperature."}])
    first = make(offline_batch_generation_block_until_done=None, generation_kwargs={"temperature": 1.9})
    assert generations(first) == []
    assert generations(make(generation_kwargs={"temperature": 0.9})) == ANSWERS
    assert any("A batch job of an earlier run" in text for text in caplog.messages)


def test_rejection_of_the_runs_own_job_ends_it_also_when_an_earlier_run_submitted_it(make, platform):
    platform.plan("failed", errors=[{"code": "bad", "message": "No."}])
    assert generations(make(offline_batch_generation_block_until_done=None)) == []
    with pytest.raises(DistilabelPlatformError, match="No"):
        generations(make())
    assert generations(make()) == ANSWERS


class OwnBatch(LLM):
    """An LLM with a custom batch protocol: the first call submits, the next one collects the job of that name."""

    model: str
    submitted: ClassVar[list[str]] = []

    @property
    def model_name(self) -> str:
        return self.model

    def offline_batch_generate(self, inputs: Any = None, num_generations: int = 1, **kwargs: Any) -> Any:
        if self.jobs_ids is None:
            self.submitted.append(self.model)
            raise DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=(f"job-of-{self.model}",))
        return [{"generations": [f"{self.jobs_ids[0]}: {chat[-1]['content']}"]} for chat in inputs]


@pytest.mark.parametrize("second", [{"model": "b"}, {"system_prompt": "Be brief."}], ids=["model", "prompt"])
def test_jobs_of_a_custom_protocol_are_collected_for_what_they_were_asked_only(tmp_path, second):
    def generations(model: str = "a", **task: Any) -> list[str | None]:
        llm = OwnBatch(model=model, use_offline_batch_generation=True)
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            LoadDataFromDicts(data=ROWS[:1]) >> TextGeneration(name="task", llm=llm, **task)
        distiset = pipeline.run()
        return distiset["default"]["train"]["generation"][:] if len(distiset) else []

    OwnBatch.submitted.clear()
    assert generations() == []
    assert generations(**second) == []
    assert len(OwnBatch.submitted) == 2
    assert generations() == ["job-of-a: q0"]
    assert generations(**second) == [f"job-of-{second.get('model', 'a')}: q0"]
    assert len(OwnBatch.submitted) == 2
