"""Tasks whose prompts do not repeat: each row is paid for once, and the run ends."""

import itertools
import time
from pathlib import Path
from typing import Any

import pytest
from tests.support.platform import Platform, platform

from distilabel.exceptions import DistilabelUserError
from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, StepInput
from distilabel.steps.tasks import EvolInstruct, TextGeneration

ROWS = [{"instruction": f"q{number}"} for number in range(5)]
WAITING = {"offline_batch_generation_block_until_done": 0.05}

ticks = itertools.count()
minute = "10:01"
template = "Answer: "
words = ["red", "green", "blue"]


def stamp() -> str:
    time.time()  # as a clock that shows minutes
    return minute


class Ticking(TextGeneration):
    """Its prompt is another one at each call."""

    def format_input(self, input: dict[str, Any]) -> Any:
        return [{"role": "user", "content": f"{next(ticks)}. {input['instruction']}"}]


class Dated(TextGeneration):
    """Its prompt is another one at each minute."""

    def format_input(self, input: dict[str, Any]) -> Any:
        return [{"role": "user", "content": f"It is {stamp()}. {input['instruction']}"}]


class Listing(TextGeneration):
    """Its prompt lists a set, whose order is another one in each process."""

    def format_input(self, input: dict[str, Any]) -> Any:
        return [{"role": "user", "content": f"{input['instruction']}: {', '.join(words)}"}]


class Templated(TextGeneration):
    """Its prompt depends on a text beside the class, which the user may edit."""

    def format_input(self, input: dict[str, Any]) -> Any:
        return [{"role": "user", "content": template + input["instruction"]}]


class Own(TextGeneration):
    """It asks its LLM itself, and never the same."""

    def process(self, inputs: StepInput) -> Any:
        chats: Any = [[{"role": "user", "content": f"{next(ticks)}. {row['instruction']}"}] for row in inputs]
        outputs = self.llm.generate_outputs(chats)
        yield [
            {**row, "generation": output["generations"][0], "model_name": "m"}
            for row, output in zip(inputs, outputs, strict=True)
        ]


@pytest.fixture
def served(tmp_path: Path) -> Any:
    with platform(tmp_path / "platform") as running:
        yield running


def run(served: Platform, cache: Path, task: type[TextGeneration], **more: Any) -> list[Any]:
    mapping = more.pop("input_mappings", {})
    size = more.pop("size", 2)
    llm = OpenAILLM(
        model="m", api_key="key", base_url=served.url, use_offline_batch_generation=True, **(WAITING | more)
    )
    with Pipeline(name="changing", cache_dir=cache, enable_metadata=True) as pipeline:
        column = mapping.get("instruction", "instruction")
        rows = LoadDataFromDicts(data=[{column: row["instruction"]} for row in ROWS], batch_size=4)
        rows >> task(name="task", llm=llm, input_batch_size=size, input_mappings=mapping)
    distiset = pipeline.run()
    return list(distiset["default"]["train"]) if len(distiset) else []


def asked(served: Platform) -> int:
    return len(served.lines())


@pytest.mark.parametrize("task", [Ticking, Dated, Listing, Templated])
@pytest.mark.parametrize("mapping", [{}, {"instruction": "question"}])
def test_each_row_is_paid_for_once(served: Platform, tmp_path: Path, task: Any, mapping: dict[str, str]):
    rows = run(served, tmp_path, task, input_mappings=mapping)
    assert None not in [row["generation"] for row in rows]
    assert asked(served) == len(ROWS)
    prompts = {line["body"]["messages"][-1]["content"] for line in served.lines()}
    assert {row["distilabel_metadata"]["raw_input_task"][-1]["content"] for row in rows} == prompts
    again = run(served, tmp_path, task, input_mappings=mapping)
    assert again == rows
    assert asked(served) == len(ROWS)


def test_run_that_does_not_wait_is_collected_by_the_next_one(
    served: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    for task in (Ticking, Dated, Listing):
        before = asked(served)
        cache = tmp_path / task.__name__
        assert run(served, cache, task, offline_batch_generation_block_until_done=None) == []
        served.wait()
        monkeypatch.setitem(globals(), "minute", "10:02")
        monkeypatch.setitem(globals(), "words", ["green", "blue", "red"])
        caplog.clear()
        assert len(run(served, cache, task, offline_batch_generation_block_until_done=None)) == len(ROWS)
        assert asked(served) - before == len(ROWS)
        assert caplog.text.count("makes another prompt for a row than before") == 1
        monkeypatch.undo()


def test_edited_prompt_is_asked(served: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run(served, tmp_path, Templated)
    monkeypatch.setitem(globals(), "template", "Answer in one word: ")
    rows = run(served, tmp_path, Templated)
    assert {row["distilabel_metadata"]["raw_input_task"][-1]["content"][:18] for row in rows} == {
        "Answer in one word"
    }
    assert asked(served) == 2 * len(ROWS)
    assert run(served, tmp_path, Templated) == rows


@pytest.mark.parametrize("size", [2, 4])
def test_task_that_asks_itself_is_stopped_with_the_difference(served: Platform, tmp_path: Path, size: int):
    with pytest.raises(
        DistilabelUserError, match=r"Step 'task' makes another prompt for row 1 .*, and now '"
    ):
        run(served, tmp_path, Own, size=size)
    assert asked(served) <= len(ROWS)


@pytest.mark.parametrize("turns", [2, 3])
def test_several_turns_whose_first_ones_are_answered_are_replayed(
    served: Platform, tmp_path: Path, turns: int
):
    with Pipeline("evolving", cache_dir=tmp_path / "cache") as pipeline:
        llm = OpenAILLM(
            model="m", base_url=served.url, api_key="k", use_offline_batch_generation=True, **WAITING
        )
        LoadDataFromDicts(data=ROWS) >> EvolInstruct(llm=llm, num_evolutions=turns)
    served.gate.set()
    rows = pipeline.run()["default"]["train"]
    assert rows.num_rows == len(ROWS)
    assert sum(served.prompts().values()) == turns * len(ROWS)
