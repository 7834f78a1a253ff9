"""Offline batches in a pipeline, against the embedded platform, in one process."""

import threading
from pathlib import Path
from time import monotonic, sleep
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel
from tests.support.platform import Platform, ledger_rows

from distilabel._files import RESERVED
from distilabel.exceptions import (
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelRunningError,
)
from distilabel.llms import LLM, OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import KeepColumns, LoadDataFromDicts, Step, StepInput
from distilabel.steps.tasks import TextGeneration

ROWS = [{"instruction": f"Question number {i}: what is {i} plus {i}?", "i": i} for i in range(23)]


def offline(**arguments: Any) -> OpenAILLM:
    return OpenAILLM(**{"model": "toy-1", "use_offline_batch_generation": True, **arguments})


def rows_of(distiset: Any) -> list[dict[str, Any]]:
    return list(distiset["default"]["train"])


def run_until_done(pipeline: Pipeline, platform: Platform, **arguments: Any) -> Any:
    for _ in range(8):
        distiset = pipeline.run(**arguments)
        if len(distiset):
            return distiset
        platform.wait()
    raise AssertionError("never done")


def assert_answers_fit(rows: list[dict[str, Any]], answer: str = "generation") -> None:
    """The toy quotes the prompt that it answers."""
    for row in rows:
        assert row["instruction"][:40] in row[answer]


def test_first_run_submits_and_is_empty_and_a_later_one_collects_all_rows(fast_platform: Platform):
    with Pipeline("p") as pipeline:
        load = LoadDataFromDicts(data=ROWS, batch_size=5)
        task = TextGeneration(llm=offline())
        load >> task
    first = pipeline.run()
    assert len(first) == 0
    assert len(fast_platform.batches()) == 1
    assert {path.name for path in pipeline.cache_dir.iterdir()} - {"p"} <= RESERVED
    jobs_ids = task.llm.jobs_ids
    assert jobs_ids == (fast_platform.batches()[0]["id"],)
    fast_platform.wait()
    rows = rows_of(pipeline.run())
    assert [row["i"] for row in rows] == list(range(23))
    assert_answers_fit(rows)
    assert len(fast_platform.batches()) == 1
    assert task.llm.jobs_ids == jobs_ids


def test_finished_pipeline_run_again_neither_submits_nor_asks(fast_platform: Platform):
    def build() -> Pipeline:
        with Pipeline("p") as pipeline:
            LoadDataFromDicts(data=ROWS) >> TextGeneration(llm=offline())
        return pipeline

    before = rows_of(run_until_done(build(), fast_platform))
    again = rows_of(build().run())
    assert again == before
    assert len(fast_platform.batches()) == 1


def test_polling_blocks_until_done(fast_platform: Platform):
    with Pipeline("p") as pipeline:
        LoadDataFromDicts(data=ROWS) >> TextGeneration(
            llm=offline(offline_batch_generation_block_until_done=0.05)
        )
    assert_answers_fit(rows_of(pipeline.run()))


SETTLED = "SELECT id FROM jobs WHERE state = 'settled'"


class SlowToSay(TextGeneration):
    """Says that it waits when what it waits for is there already."""

    cache: str

    def process(self, inputs: StepInput) -> Any:
        try:
            yield from super().process(inputs)
        except DistilabelOfflineBatchGenerationNotFinishedException:
            deadline = monotonic() + 20
            while monotonic() < deadline and not ledger_rows(Path(self.cache), SETTLED):
                sleep(0.01)
            sleep(0.2)
            raise


def test_chunk_whose_replies_came_before_it_was_known_to_wait_is_not_forgotten(fast_platform: Platform):
    with Pipeline("p") as pipeline:
        llm = offline(
            offline_batch_generation_block_until_done=0.05, offline_batch_options={"max_requests": 2}
        )
        LoadDataFromDicts(data=ROWS[:2]) >> SlowToSay(llm=llm, cache=str(pipeline.cache_dir))
    rows = rows_of(pipeline.run())
    assert len(rows) == 2
    assert_answers_fit(rows)


def test_equal_questions_of_one_chunk_go_out_together_however_it_is_sliced(fast_platform: Platform):
    with Pipeline("p") as pipeline:
        load = LoadDataFromDicts(data=[ROWS[0]] * 4, batch_size=4)
        load >> TextGeneration(llm=offline(), input_batch_size=2)
    assert len(pipeline.run()) == 0
    assert [batch["request_counts"]["total"] for batch in fast_platform.batches()] == [4]
    fast_platform.wait()
    assert len(rows_of(pipeline.run())) == 4
    assert len(fast_platform.batches()) == 1


def test_steps_after_an_offline_task_get_its_rows(fast_platform: Platform):
    with Pipeline("p") as pipeline:
        (
            LoadDataFromDicts(data=ROWS, batch_size=7)
            >> TextGeneration(llm=offline(), input_batch_size=7)
            >> KeepColumns(columns=["instruction", "generation"])
        )
    rows = rows_of(run_until_done(pipeline, fast_platform))
    assert len(rows) == 23
    assert set(rows[0]) == {"instruction", "generation"}
    assert_answers_fit(rows)


def test_two_offline_tasks_in_a_row(fast_platform: Platform):
    with Pipeline("p") as pipeline:
        load = LoadDataFromDicts(data=ROWS, batch_size=7)
        first = TextGeneration(name="first", llm=offline(), input_batch_size=7)
        second = TextGeneration(
            name="second",
            llm=offline(),
            input_batch_size=14,
            columns=["generation"],
            template="Check: {{ generation }}",
            output_mappings={"generation": "review"},
        )
        load >> first >> second
    rows = rows_of(run_until_done(pipeline, fast_platform))
    assert [row["i"] for row in rows] == list(range(23))
    assert_answers_fit(rows)
    for row in rows:
        assert row["generation"][:30] in row["review"]
    assert max(fast_platform.prompts().values()) == 1


def test_two_offline_tasks_in_parallel_branches_are_both_submitted_in_the_first_run(fast_platform: Platform):
    with Pipeline("p") as pipeline:
        load = LoadDataFromDicts(data=ROWS, batch_size=7)
        left = TextGeneration(name="left", llm=offline(model="left-model"), input_batch_size=7)
        right = TextGeneration(name="right", llm=offline(model="right-model"))
        load >> [left, right]
    assert len(pipeline.run()) == 0
    lines = fast_platform.lines()
    assert sorted({line["body"]["model"] for line in lines}) == ["left-model", "right-model"]
    assert len(lines) == 46
    fast_platform.wait()
    distiset = pipeline.run()
    assert set(distiset) == {"left", "right"}
    for name in ("left", "right"):
        assert_answers_fit(list(distiset[name]["train"]))


def test_offline_task_after_an_online_one(fast_platform: Platform):
    with Pipeline("p") as pipeline:
        load = LoadDataFromDicts(data=ROWS, batch_size=7)
        online = TextGeneration(
            name="online", llm=OpenAILLM(model="toy-1"), output_mappings={"generation": "draft"}
        )
        final = TextGeneration(name="final", llm=offline())
        load >> online >> final
    rows = rows_of(run_until_done(pipeline, fast_platform))
    assert_answers_fit(rows, "draft")
    assert_answers_fit(rows)


def test_online_answers_are_not_asked_again_while_the_offline_ones_are_awaited(fast_platform: Platform):
    asked: list[int] = []

    class Online(LLM):
        @property
        def model_name(self) -> str:
            return "counting"

        def generate(self, inputs: Any, num_generations: int = 1) -> Any:
            asked.append(len(inputs))
            return [{"generations": [f"draft {chat[-1]['content']}"]} for chat in inputs]

    with Pipeline("p") as pipeline:
        (
            LoadDataFromDicts(data=ROWS, batch_size=7)
            >> TextGeneration(name="online", llm=Online(), output_mappings={"generation": "draft"})
            >> TextGeneration(name="final", llm=offline())
        )
    run_until_done(pipeline, fast_platform)
    assert sum(asked) == 23


@pytest.mark.parametrize("kind", ["list", "dataset", "frame"])
def test_rows_given_to_run_are_recognised_in_a_later_run(fast_platform: Platform, kind: str):
    import datasets
    import pandas as pd

    make = {"list": list, "dataset": datasets.Dataset.from_list, "frame": pd.DataFrame}[kind]

    def build() -> Pipeline:
        with Pipeline("p") as pipeline:
            TextGeneration(llm=offline())
        return pipeline

    assert len(build().run(dataset=make(ROWS))) == 0
    fast_platform.wait()
    rows = rows_of(build().run(dataset=make(ROWS)))
    assert_answers_fit(rows)
    assert len(fast_platform.batches()) == 1


def test_a_chunk_flows_on_as_soon_as_its_own_replies_have_settled(fast_platform: Platform, monkeypatch):
    from distilabel.providers.base import Limits
    from distilabel.providers.openai_family.dialect import OpenAI

    monkeypatch.setattr(OpenAI, "limits", Limits(requests=5, size=10_000_000))
    seen: list[int] = []

    class See(Step):
        def process(self, inputs: StepInput):
            seen.extend(row["i"] for row in inputs)
            yield inputs

    with Pipeline("p") as pipeline:
        (
            LoadDataFromDicts(data=ROWS, batch_size=5)
            >> TextGeneration(llm=offline(), input_batch_size=5)
            >> See()
        )
    pipeline.run()
    fast_platform.wait()
    # Of five jobs, the platform says of all but the first that they are still under way.
    first = fast_platform.batches()[0]["id"]
    poll = OpenAI.poll

    def slow(self: OpenAI, remote_id: str) -> Any:
        remote = yield from poll(self, remote_id)
        if remote_id == first:
            return remote
        from dataclasses import replace

        from distilabel.records import JobPhase

        return replace(remote, status="in_progress", phase=JobPhase.RUNNING)

    monkeypatch.setattr(OpenAI, "poll", slow)
    assert len(pipeline.run()) == 0
    assert len(seen) == 5


# The cache


def run_twice(platform: Platform, build: Any, change: Any) -> tuple[list[Any], list[Any], int]:
    before = rows_of(run_until_done(build(), platform))
    lines = len(platform.lines())
    after = rows_of(run_until_done(change(), platform))
    return before, after, len(platform.lines()) - lines


def simple(data: Any = ROWS, **arguments: Any) -> Pipeline:
    task = {name: arguments.pop(name) for name in ("system_prompt", "template") if name in arguments}
    with Pipeline("p") as pipeline:
        LoadDataFromDicts(data=data, batch_size=5) >> TextGeneration(
            llm=offline(**arguments), input_batch_size=5, **task
        )
    return pipeline


def test_an_edited_dataset_pays_for_its_new_rows_alone(fast_platform: Platform):
    new = [{"instruction": "A new first question?", "i": -1}, *ROWS[:3], *ROWS[4:]]
    before, after, paid = run_twice(fast_platform, simple, lambda: simple(new))
    assert paid == 1
    assert_answers_fit(after)
    old = {row["i"]: row["generation"] for row in before}
    assert all(row["generation"] == old[row["i"]] for row in after if row["i"] >= 0)


@pytest.mark.parametrize(
    "change",
    [{"model": "toy-2"}, {"generation_kwargs": {"temperature": 0.5}}, {"system_prompt": "Be brief."}],
    ids=["model", "generation_kwargs", "prompt"],
)
def test_changed_requests_never_get_an_old_answer(fast_platform: Platform, change: dict[str, Any]):
    _, _, paid = run_twice(fast_platform, simple, lambda: simple(**change))
    assert paid == 23


def test_going_from_waiting_to_not_waiting_pays_nothing(fast_platform: Platform):
    _, _, paid = run_twice(
        fast_platform, simple, lambda: simple(offline_batch_generation_block_until_done=0.05, timeout=9)
    )
    assert paid == 0


def test_changed_parser_of_a_task_reads_the_paid_answers_again(fast_platform: Platform):
    class Shout(TextGeneration):
        def format_output(self, output: str | None, input: dict[str, Any]) -> dict[str, Any]:
            return {"generation": (output or "").upper()}

    class Whisper(TextGeneration):
        def format_output(self, output: str | None, input: dict[str, Any]) -> dict[str, Any]:
            return {"generation": (output or "").lower()}

    def build(task: type[TextGeneration]) -> Pipeline:
        with Pipeline("p") as pipeline:
            LoadDataFromDicts(data=ROWS) >> task(name="task", llm=offline())
        return pipeline

    before, after, paid = run_twice(fast_platform, lambda: build(Shout), lambda: build(Whisper))
    assert paid == 0
    assert [row["generation"].lower() for row in before] == [row["generation"] for row in after]


def test_run_without_the_cache_submits_all_requests_again_and_warns(fast_platform: Platform, caplog):
    pipeline = simple(offline_batch_generation_block_until_done=0.05)
    for count in (1, 2):
        rows = rows_of(pipeline.run(use_cache=False))
        assert_answers_fit(rows)
        assert len(fast_platform.batches()) == count
    assert "pays for, all requests again" in caplog.text
    assert max(fast_platform.prompts().values()) == 2


def test_equal_prompts_get_different_answers_and_a_rerun_the_same(fast_platform: Platform):
    data = [{"instruction": "Tell me a story.", "i": i} for i in range(12)]
    before = rows_of(run_until_done(simple(data), fast_platform))
    stories = [row["generation"] for row in before]
    assert len(set(stories)) > 6
    assert fast_platform.prompts()["Tell me a story."] == 12
    again = rows_of(run_until_done(simple(data), fast_platform))
    assert [row["generation"] for row in again] == stories
    assert fast_platform.prompts()["Tell me a story."] == 12


def test_a_row_gets_as_many_generations_as_asked(fast_platform: Platform):
    with Pipeline("p") as pipeline:
        LoadDataFromDicts(data=ROWS) >> TextGeneration(
            llm=offline(), num_generations=2, group_generations=True
        )
    rows = rows_of(run_until_done(pipeline, fast_platform))
    assert len(rows) == 23
    for row in rows:
        assert len(set(row["generation"])) == 2
        assert all(row["instruction"][:40] in text for text in row["generation"])


# What is sent


class Answer(BaseModel):
    reason: str
    number: int


def test_structured_output_and_extra_arguments_reach_the_wire(fast_platform: Platform):
    llm = offline(
        model="gpt-5-mini",
        structured_output={"schema": Answer},
        generation_kwargs={"max_new_tokens": 4000, "extra_body": {"service_tier": "flex"}},
    )
    with Pipeline("p") as pipeline:
        LoadDataFromDicts(data=ROWS[:2]) >> TextGeneration(llm=llm)
    rows = rows_of(run_until_done(pipeline, fast_platform))
    for row in rows:
        assert isinstance(Answer.model_validate_json(row["generation"]), Answer)
    for line in fast_platform.lines():
        body = line["body"]
        assert body["response_format"]["json_schema"]["name"] == "Answer"
        assert body["max_completion_tokens"] == 4000
        assert body["service_tier"] == "flex"
        assert set(body) == {"model", "messages", "response_format", "max_completion_tokens", "service_tier"}


def test_refused_rows_end_as_none_with_a_reason(fast_platform: Platform):
    # The toy refuses a response format without a schema.
    bad = {
        "extra_body": {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": 7}}}
    }
    with Pipeline("p", enable_metadata=True) as pipeline:
        LoadDataFromDicts(data=ROWS[:3]) >> TextGeneration(name="task", llm=offline(generation_kwargs=bad))
    distiset = run_until_done(pipeline, fast_platform)
    for row in rows_of(distiset):
        assert row["generation"] is None
        reason = row["distilabel_metadata"]["failure_task"]
        assert reason["code"]
        assert reason["attempts"] == 1
        assert reason["job_id"].startswith("batch_")
    assert distiset.failures == {"task": 3}


def test_step_that_raises_for_one_row_does_not_ask_the_others_again(fast_platform: Platform):
    class Picky(Step):
        llm: OpenAILLM

        @property
        def outputs(self) -> list[str]:
            return ["said"]

        def load(self) -> None:
            super().load()
            self.llm.load()

        def unload(self) -> None:
            self.llm.unload()

        def process(self, inputs: StepInput):
            chats = [[{"role": "user", "content": row["instruction"]}] for row in inputs]
            outputs = self.llm.generate_outputs(inputs=chats)
            if any(row["i"] == 2 for row in inputs):
                raise ValueError("not the second one")
            yield [{**row, "said": out["generations"][0]} for row, out in zip(inputs, outputs, strict=True)]

    with Pipeline("p") as pipeline:
        LoadDataFromDicts(data=ROWS[:5]) >> Picky(llm=offline())
    rows = rows_of(run_until_done(pipeline, fast_platform))
    assert [row["said"] is None for row in rows] == [False, False, True, False, False]
    assert sum(fast_platform.prompts().values()) == 5


# Users' own LLMs


class OwnBatch(LLM):
    """Keeps its own protocol: the first call submits, later ones ask."""

    log: ClassVar[list[Any]] = []
    ready: threading.Event

    @property
    def model_name(self) -> str:
        return "own"

    def offline_batch_generate(self, inputs: Any = None, num_generations: int = 1, **kwargs: Any) -> Any:
        if self.jobs_ids is None:
            self.log.append(("submit", len(inputs)))
            self.jobs_ids = ("own-1",)
        else:
            self.log.append(("ask", self.jobs_ids))
        if not self.ready.is_set():
            raise DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=self.jobs_ids)
        return [{"generations": [f"own answer to {chat[-1]['content']}"]} for chat in inputs]


def test_a_users_own_batch_llm_gets_all_rows_at_once_and_its_job_ids_again(tmp_path: Path):
    log = OwnBatch.log
    log.clear()
    ready = threading.Event()

    def build() -> Pipeline:
        with Pipeline("own", cache_dir=tmp_path) as pipeline:
            llm = OwnBatch(ready=ready, use_offline_batch_generation=True)
            (
                LoadDataFromDicts(data=ROWS, batch_size=5)
                >> TextGeneration(llm=llm)
                >> KeepColumns(columns=["i", "generation"])
            )
        return pipeline

    assert len(build().run()) == 0
    assert len(build().run()) == 0
    ready.set()
    rows = rows_of(build().run())
    assert log == [("submit", 23), ("ask", ("own-1",)), ("ask", ("own-1",))]
    assert [row["generation"] for row in rows] == [f"own answer to {row['instruction']}" for row in ROWS]


def test_two_tasks_may_share_one_llm(fast_platform: Platform):
    def build() -> Pipeline:
        llm = offline()
        with Pipeline("p") as pipeline:
            load = LoadDataFromDicts(data=ROWS, batch_size=5)
            first = TextGeneration(name="first", llm=llm, output_mappings={"generation": "said"})
            load >> first >> TextGeneration(name="second", llm=llm, input_mappings={"instruction": "said"})
        return pipeline

    runs = 0
    while not len(distiset := build().run()):
        runs += 1
        assert runs < 5, "never done"
        fast_platform.wait()
    rows = rows_of(distiset)
    assert [row["i"] for row in rows] == [row["i"] for row in ROWS]
    assert all(row["instruction"] in row["said"] for row in rows)
    assert all(row["said"][:40] in row["generation"] for row in rows)
    assert sum(fast_platform.prompts().values()) == 2 * len(ROWS)


# One at a time


def test_a_second_run_of_the_same_pipeline_says_that_the_first_is_running(fast_platform: Platform):
    entered, leave = threading.Event(), threading.Event()

    class Wait(Step):
        def process(self, inputs: StepInput):
            entered.set()
            leave.wait(60)
            yield inputs

    def build() -> Pipeline:
        with Pipeline("p") as pipeline:
            LoadDataFromDicts(data=ROWS) >> Wait() >> TextGeneration(llm=offline())
        return pipeline

    thread = threading.Thread(target=build().run)
    thread.start()
    assert entered.wait(60)
    try:
        with pytest.raises(DistilabelRunningError, match="'p' is running already"):
            build().run()
    finally:
        leave.set()
        thread.join()
    assert len(fast_platform.batches()) == 1


def test_no_key_is_written_anywhere(fast_platform: Platform, tmp_path: Path, capfd):
    pipeline = simple(api_key="sk-given-5ecret", default_headers={"x-team-token": "hdr-5ecret"})
    run_until_done(pipeline, fast_platform)
    written = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    shown = capfd.readouterr()
    for secret in ("sk-given-5ecret", "hdr-5ecret", "sk-test-5up3r-53cr3t"):
        assert secret.encode() not in written
        assert secret not in shown.out + shown.err
    assert ledger_rows(tmp_path / "cache", "SELECT count(*) FROM samples WHERE state = 'answered'") == [(23,)]
