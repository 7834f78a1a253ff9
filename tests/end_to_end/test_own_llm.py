"""A user's own LLM that keeps the seed's protocol, over real processes."""

from pathlib import Path

import pytest

from tests.support.platform import ledger_rows
from tests.support.process import Process, run

pytestmark = pytest.mark.slow  # kills whole processes of a pipeline

SCRIPT = '''\
import sys
from pathlib import Path

from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException
from distilabel.llms import LLM
from distilabel.pipeline import Pipeline
from distilabel.steps import KeepColumns, LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

HERE = Path(__file__).parent


class MyPlatform(LLM):
    """Submits by writing a file; is done once somebody has written another."""

    @property
    def model_name(self):
        return "mine"

    def offline_batch_generate(self, inputs=None, num_generations=1, **kwargs):
        if not self.jobs_ids:
            number = len(list(HERE.glob("job-*")))
            (HERE / f"job-{number}").write_text(str(len(inputs)))
            self.jobs_ids = (f"job-{number}",)
        elif not (HERE / "done").exists():
            print("STILL WAITING FOR", self.jobs_ids, flush=True)
        if not (HERE / "done").exists():
            raise DistilabelOfflineBatchGenerationNotFinishedException(jobs_ids=self.jobs_ids)
        return [{"generations": [chat[-1]["content"].upper()]} for chat in inputs]


with Pipeline("own") as pipeline:
    load_data = LoadDataFromDicts(data=[{"instruction": f"row {i}"} for i in range(130)])
    task = TextGeneration(llm=MyPlatform(use_offline_batch_generation=True, BLOCK))
    load_data >> task >> KeepColumns(columns=["instruction", "generation"])

distiset = pipeline.run()
print("ROWS", len(distiset["default"]["train"]) if len(distiset) else 0)
for row in distiset["default"]["train"] if len(distiset) else []:
    assert row["generation"] == row["instruction"].upper()
'''


def test_own_protocol_is_given_all_rows_and_its_job_ids_in_later_processes(tmp_path: Path):
    script = tmp_path / "own.py"
    script.write_text(SCRIPT.replace(", BLOCK", ""))
    environment = {"DISTILABEL_CACHE_DIR": str(tmp_path / "cache")}
    first = run(script, environment)
    assert "ROWS 0" in first.lines
    assert "job-0: submitted by a custom LLM" in first.text
    assert (tmp_path / "job-0").read_text() == "130"
    second = run(script, environment)
    assert "STILL WAITING FOR ('job-0',)" in second.lines
    (tmp_path / "done").touch()
    assert "ROWS 130" in run(script, environment).lines
    assert [path.name for path in tmp_path.glob("job-*")] == ["job-0"]
    assert ledger_rows(tmp_path / "cache", "SELECT jobs_ids FROM own_jobs") == [('["job-0"]',)]


def test_own_protocol_killed_while_it_polls_asks_for_the_same_job_again(tmp_path: Path):
    script = tmp_path / "own.py"
    script.write_text(SCRIPT.replace("BLOCK", "offline_batch_generation_block_until_done=0.05"))
    environment = {"DISTILABEL_CACHE_DIR": str(tmp_path / "cache")}
    process = Process(script, environment)
    process.wait_for("STILL WAITING")
    process.kill()
    (tmp_path / "done").touch()
    assert "ROWS 130" in run(script, environment).lines
    assert [path.name for path in tmp_path.glob("job-*")] == ["job-0"]
