"""Online LLMs in a pipeline: many at once, and none that holds up the others."""

import asyncio
import threading
from typing import Any

from distilabel.models.llms.base import AsyncLLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, Step, StepInput
from distilabel.steps.tasks import TextGeneration
from distilabel.typing import GenerateOutput

ROWS = [{"instruction": f"row {i}", "i": i} for i in range(300)]
passed = threading.Event()


class OneSlow(AsyncLLM):
    """Answers at once, but for the first row, which waits until others have passed."""

    @property
    def model_name(self) -> str:
        return "one-slow"

    async def agenerate(self, input: Any, num_generations: int = 1, **_: Any) -> GenerateOutput:
        if input[-1]["content"] == "row 0":
            await asyncio.to_thread(passed.wait, 20)
            assert passed.is_set(), "the others were held up"
        return {"generations": [f"about {input[-1]['content']}"] * num_generations}


class See(Step):
    """Lets the slow one go once 200 rows have come through."""

    _seen: int = 0

    def process(self, inputs: StepInput) -> Any:
        self._seen += len(inputs)
        if self._seen >= 200:
            passed.set()
        yield inputs


def test_one_slow_request_does_not_stall_the_rest_of_its_step(tmp_path):
    passed.clear()
    with Pipeline("p", cache_dir=tmp_path) as pipeline:
        LoadDataFromDicts(data=ROWS) >> TextGeneration(llm=OneSlow()) >> See()
    rows = pipeline.run()["default"]["train"]
    assert rows["i"][:] == list(range(300))
    assert rows["generation"][:] == [f"about row {i}" for i in range(300)]


def test_no_more_requests_are_under_way_than_allowed_over_all_chunks(tmp_path):
    at_once: list[int] = [0, 0]
    full = asyncio.Event()

    class Counting(AsyncLLM):
        @property
        def model_name(self) -> str:
            return "counting"

        async def agenerate(self, input: Any, num_generations: int = 1, **_: Any) -> GenerateOutput:
            at_once[0] += 1
            at_once[1] = max(at_once)
            if at_once[1] == 25:
                full.set()
            await asyncio.wait_for(full.wait(), 60)
            at_once[0] -= 1
            return {"generations": ["x"]}

    with Pipeline("p", cache_dir=tmp_path) as pipeline:
        LoadDataFromDicts(data=ROWS, batch_size=10) >> TextGeneration(
            llm=Counting(max_concurrent_requests=25), input_batch_size=10
        )
    assert len(pipeline.run()["default"]["train"]) == 300
    assert at_once[1] == 25


def test_pipeline_runs_inside_a_running_event_loop(tmp_path):
    async def cell() -> int:
        with Pipeline("p", cache_dir=tmp_path) as pipeline:
            LoadDataFromDicts(data=ROWS[1:20]) >> TextGeneration(llm=OneSlow())
        return len(pipeline.run()["default"]["train"])

    assert asyncio.run(cell()) == 19
