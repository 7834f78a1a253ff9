"""Every task offline, in two processes: one submits, another collects."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import distilabel
import distilabel.steps.tasks
from distilabel.server import Parts, Settings, create_app, running
from tests.support.platform import Platform
from tests.support.process import Process, run

from .task_samples import NO_TASKS, SAMPLES, Sample
from .test_tasks_of_several_turns import CASES

pytestmark = pytest.mark.slow  # every task, in two processes

SCRIPT = """\
import json
import sys

from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from tests.end_to_end.task_samples import SAMPLES

EVERY = float(sys.argv[1]) or None


def rows_of(sample):
    with Pipeline(sample.name) as pipeline:
        llm = OpenAILLM(
            model=sample.name,
            use_offline_batch_generation=True,
            offline_batch_generation_block_until_done=EVERY,
        )
        task = sample.make(llm)
        if sample.row is not None:
            LoadDataFromDicts(data=[sample.row]) >> task
    distiset = pipeline.run()
    return list(distiset["default"]["train"]) if len(distiset) else []


for sample in SAMPLES:
    print("ROWS", json.dumps([sample.name, rows_of(sample)]), flush=True)
"""
ROOT = Path(__file__).parents[2]
PATH = f"{Path(distilabel.__file__).parents[1]}:{ROOT}"


@asynccontextmanager
async def scripted(_settings: Settings) -> AsyncIterator[Any]:
    """Answer as the sample says whose name the model bears."""
    samples = {sample.name: sample for sample in SAMPLES}

    async def answer(_endpoint: str, body: dict[str, Any], _custom_id: str) -> tuple[int, dict[str, Any]]:
        message = {"role": "assistant", "content": samples[body["model"]].said(body)}
        return 200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}

    yield answer


def rows_shown(process: Process) -> dict[str, list[dict[str, Any]]]:
    lines = [line.removeprefix("ROWS ") for line in process.lines if line.startswith("ROWS ")]
    return dict(json.loads(line) for line in lines)


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Process, Process, Counter[str]]:
    """The process that submitted, the one that collected, and how many requests of each sample were paid for."""
    folder = tmp_path_factory.mktemp("tasks")
    script = folder / "tasks.py"
    script.write_text(SCRIPT)
    settings = Settings(folder=folder / "platform")
    app = lambda given: create_app(given, Parts(open_answer=scripted))  # noqa: E731
    with running(settings, app=app) as url:
        platform = Platform(url, folder)
        environment = {**platform.environment(folder / "cache"), "PYTHONPATH": PATH}
        first = run(script, environment, "0")
        platform.wait()
        second = run(script, environment, "0.02")
        paid = Counter(line["body"]["model"] for line in platform.lines())
    return first, second, paid


def test_first_process_submits_and_has_nothing_yet(processes: tuple[Process, Process, Counter[str]]):
    assert rows_shown(processes[0]) == {sample.name: [] for sample in SAMPLES}


def test_nothing_is_paid_for_twice(processes: tuple[Process, Process, Counter[str]]):
    assert processes[2] == {sample.name: sample.requests for sample in SAMPLES}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_second_process_has_the_rows(processes: tuple[Process, Process, Counter[str]], sample: Sample):
    rows = rows_shown(processes[1])[sample.name]
    assert len(rows) == len(sample.rows)
    for row, wanted in zip(rows, sample.rows, strict=True):
        assert {name: row.get(name) for name in wanted} == wanted
        assert row["model_name"] == sample.name


@pytest.mark.parametrize("name", distilabel.steps.tasks.__all__)
def test_every_task_runs_offline_in_two_processes(name: str):
    runs = [*(sample.name for sample in SAMPLES), *CASES]
    assert (name in runs) != (name in NO_TASKS), (
        "give it a Sample here, or a Case in test_tasks_of_several_turns"
    )
    if NO_TASKS.get(name) == "asks no model":
        fields = getattr(distilabel.steps.tasks, name).model_fields
        assert {"llm", "image_generation_model"}.isdisjoint(fields)
