"""One pipeline, every platform: the same rows online and by a job, which one process submits and another collects."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.dialects import DIALECTS, Dialect
from tests.chaos.pipeline import Spec, prompts
from tests.chaos.runner import Runner
from tests.emulators.world import answer_to, emulated

pytestmark = pytest.mark.slow  # whole pipelines in every dialect

RUNS = 40


RIGHT = [{"i": i, "text": answer_to(prompt), "reason": None} for i, prompt in enumerate(prompts())]


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner() as started:
        yield started


def there(name: str) -> Dialect:
    """Return a dialect that this version has an LLM for."""
    if not DIALECTS[name].exists():
        pytest.skip(f"this version has no {DIALECTS[name].llm}")
    return DIALECTS[name]


def spec(folder: Path, dialect: Dialect, url: str, **changes: Any) -> Spec:
    values = {
        "cache": str(folder / "cache"),
        "out": str(folder / "out.json"),
        "wait": None,
        "dialect": dialect.name,
    }
    return Spec(base_url=url + dialect.emulator.root, **{**values, **changes})


@pytest.mark.parametrize("name", [name for name, dialect in DIALECTS.items() if dialect.jobs])
def test_job_that_one_process_submits_and_another_collects(name: str, tmp_path: Path, runner: Runner):
    dialect = there(name)
    with emulated(dialect.emulator, tmp_path / "platform", delay=0.3) as url:
        first = runner.run(spec(tmp_path, dialect, url))
        assert (first.rows, first.error) == (None, ""), first
        later = (runner.run(spec(tmp_path, dialect, url)) for _ in range(RUNS))
        outcome = next(outcome for outcome in later if outcome.rows is not None or outcome.error)
    assert outcome.rows == RIGHT, outcome


@pytest.mark.parametrize("name", DIALECTS)
def test_rows_asked_online(name: str, tmp_path: Path, runner: Runner):
    dialect = there(name)
    with emulated(dialect.emulator, tmp_path / "platform") as url:
        outcome = runner.run(spec(tmp_path, dialect, url, online=True))
    assert outcome.rows == RIGHT, outcome
