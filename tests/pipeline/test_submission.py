"""When jobs go out: full ones at once, the rest as soon as nothing moves, also while others are waited for."""

from collections import Counter
from typing import Any

from tests.fakes import FakePlatform, answered
from tests.models.conftest import Make, fast, llm, offline, platform

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
from distilabel.testing.platform import Plan

__all__ = ["fast", "llm", "offline", "platform"]

# A job that nothing else ends is over after so many polls, ten seconds; then the test has failed.
MANY = 200
EVERY = 0.05


def waiting(offline: Make, most: int, model: str = "m") -> OpenAILLM:
    return offline(
        model,
        load=False,
        offline_batch_generation_block_until_done=EVERY,
        offline_batch_options={"max_requests": most},
    )


def run(pipeline: Pipeline) -> list[dict[str, Any]]:
    return list(pipeline.run()["default"]["train"])


def longest_wait(platform: FakePlatform) -> int:
    return max(batch.polls for batch in platform.batches.values())


def rows(count: int) -> list[dict[str, Any]]:
    return [{"instruction": f"q{number}"} for number in range(count)]


def test_rows_that_do_not_fill_a_job_go_out_while_the_full_ones_are_waited_for(
    offline: Make, platform: FakePlatform
):
    platform.default = lambda: Plan(polls=MANY, until=lambda: len(platform.sent) == 11)
    with Pipeline("p") as pipeline:
        load = LoadDataFromDicts(data=rows(11), batch_size=2)
        load >> TextGeneration(llm=waiting(offline, 5), input_batch_size=2)
    assert [row["generation"] for row in run(pipeline)] == [f"q{number}/0" for number in range(11)]
    assert sorted(len(batch.lines) for batch in platform.batches.values()) == [1, 5, 5]
    assert longest_wait(platform) < MANY


def test_second_task_asks_about_the_rows_of_a_job_while_the_first_task_waits_for_another(
    offline: Make, platform: FakePlatform
):
    def sent_by(model: str) -> int:
        lines = [line for batch in platform.batches.values() for line in batch.lines]
        return sum(line["body"]["model"] == model for line in lines)

    platform.plan()
    platform.plan(polls=MANY, until=lambda: sent_by("second") == 3)
    with Pipeline("p") as pipeline:
        load = LoadDataFromDicts(data=rows(6), batch_size=3)
        first = TextGeneration(llm=waiting(offline, 3, "first"), input_batch_size=3)
        second = TextGeneration(
            llm=waiting(offline, 100, "second"),
            input_batch_size=3,
            input_mappings={"instruction": "generation"},
            output_mappings={"generation": "review"},
        )
        load >> first >> second
    assert [row["review"] for row in run(pipeline)] == [f"q{number}/0/0" for number in range(6)]
    assert longest_wait(platform) < MANY


def test_row_that_expired_is_asked_again_while_other_jobs_are_waited_for(
    offline: Make, platform: FakePlatform
):
    platform.plan("expired", results=lambda lines: ([answered(line) for line in lines[1:]], []))
    platform.plan(polls=MANY, until=lambda: len(platform.batches) == 3)
    with Pipeline("p") as pipeline:
        load = LoadDataFromDicts(data=rows(6), batch_size=3)
        load >> TextGeneration(llm=waiting(offline, 3), input_batch_size=3)
    assert [row["generation"] for row in run(pipeline)] == [f"q{number}/0" for number in range(6)]
    assert sorted(Counter(platform.sent).values()) == [1, 1, 1, 1, 1, 2]
    assert longest_wait(platform) < MANY
