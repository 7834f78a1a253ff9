"""Errors in the code of a user's step: where the traceback is, and what is said about common mistakes."""

import logging
import os
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path
from typing import Any

import pytest

from distilabel.exceptions import DistilabelStepError, DistilabelTypeError
from distilabel.pipeline import Pipeline
from distilabel.steps import GeneratorStep, GlobalStep, LoadDataFromDicts, Step, StepInput

ROWS = [{"a": number} for number in range(4)]


def compute(number: int, worst: int) -> int:
    if number >= worst:
        raise LookupError(f"nothing for {number}")
    return number


class Raises(Step):
    worst: int = 0

    @property
    def outputs(self) -> list[str]:
        return ["b"]

    def process(self, inputs: StepInput) -> Any:
        yield [{**row, "b": compute(row["a"], self.worst)} for row in inputs]


class RaisesForAll(GlobalStep):
    @property
    def outputs(self) -> list[str]:
        return ["b"]

    def process(self, inputs: StepInput) -> Any:
        yield [{**row, "b": compute(row["a"], 0)} for row in inputs]


def pipeline(folder: Path, step: type[Step], **more: Any) -> Pipeline:
    with Pipeline("errors", cache_dir=folder) as made:
        LoadDataFromDicts(data=ROWS, batch_size=2) >> step(name="x", **more)
    return made


def log_of(folder: Path) -> str:
    (path,) = folder.rglob("pipeline.log")
    return path.read_text()


@pytest.mark.parametrize("step", [Raises, RaisesForAll])
def test_error_of_all_rows_is_the_cause_and_its_traceback_is_in_the_log(tmp_path: Path, step: type[Step]):
    with pytest.raises(DistilabelStepError, match="LookupError: nothing for 0") as caught:
        pipeline(tmp_path, step).run()
    assert isinstance(caught.value.__cause__, LookupError)
    names = [frame.name for frame in _frames(caught.value.__cause__)]
    assert names[-1] == "compute"
    assert "in compute" in log_of(tmp_path)


def _frames(error: BaseException) -> Any:
    return traceback.extract_tb(error.__traceback__)


def test_error_of_some_rows_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    rows = pipeline(tmp_path, Raises, worst=1).run()["default"]["train"]
    assert rows["b"][:] == [0, None, None, None]
    assert caplog.text.count("in compute") == 1
    assert log_of(tmp_path).count("in compute") == 1


@pytest.mark.parametrize(("worst", "count"), [(0, 1), (1, 1)])
def test_traceback_is_on_the_screen_once(tmp_path: Path, worst: int, count: int):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            f"""
            from pathlib import Path
            from tests.pipeline.test_step_errors import Raises, pipeline
            pipeline(Path({str(tmp_path)!r}), Raises, worst={worst}).run()
            """
        )
    )
    environment = {**os.environ, "DISTILABEL_PROGRESS": "plain", "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, str(script)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert bool(done.returncode) is (worst == 0)
    assert done.stderr.count("in compute") == count


class Forgets(Step):
    @property
    def outputs(self) -> list[str]:
        return ["b"]

    def process(self, inputs: StepInput) -> Any:
        yield inputs


def test_forgotten_output_is_named_once(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING, "distilabel")
    pipeline(tmp_path, Forgets).run()
    assert (
        caplog.text.count("Step 'x' declares the output 'b', and none of its rows has it: set row['b']") == 1
    )


class ReturnsRows(Step):
    def process(self, inputs: StepInput) -> Any:
        return [dict(row) for row in inputs]


class ReturnsRow(Step):
    def process(self, inputs: StepInput) -> Any:
        return dict(inputs[0])


class ReturnsNothing(Step):
    def process(self, inputs: StepInput) -> Any:
        for row in inputs:
            row["b"] = 1


class YieldsRow(Step):
    def process(self, inputs: StepInput) -> Any:
        yield from inputs


@pytest.mark.parametrize(
    ("step", "what"),
    [
        (ReturnsRows, "'x' returns list .*write `yield rows` in place of `return`"),
        (ReturnsRow, "'x' returns dict .*write `yield rows`"),
        (ReturnsNothing, "'x' returns NoneType .*write `yield rows`"),
        (YieldsRow, r"'x' must yield lists of rows \(dicts\), not dict: write `yield \[row\]`"),
    ],
)
def test_step_that_does_not_yield_rows_is_reported_what_to_write(tmp_path: Path, step: type[Step], what: str):
    with pytest.raises(DistilabelTypeError, match=what):
        pipeline(tmp_path, step).run()


class GeneratesRows(GeneratorStep):
    @property
    def outputs(self) -> list[str]:
        return ["a"]

    def process(self, offset: int = 0) -> Any:
        yield [{"a": 1}]


class ReturnsGenerated(GeneratorStep):
    @property
    def outputs(self) -> list[str]:
        return ["a"]

    def process(self, offset: int = 0) -> Any:
        return [{"a": 1}]


@pytest.mark.parametrize("step", [GeneratesRows, ReturnsGenerated])
def test_generator_that_does_not_yield_pairs_is_reported_what_to_write(tmp_path: Path, step: type[Any]):
    with Pipeline("errors", cache_dir=tmp_path) as made:
        step(name="x")
    with pytest.raises(DistilabelTypeError, match=r"step 'x' .*write `yield rows, is_last`"):
        made.run()
