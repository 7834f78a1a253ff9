"""vLLM by its run-batch command: from rows to answers, and what the command is given."""

import sys
from pathlib import Path
from typing import Any

import pytest

from distilabel.exceptions import DistilabelOfflineBatchGenerationNotFinishedException, DistilabelUserError
from distilabel.llms import vLLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

SCRIPT = Path(__file__).parents[1] / "support" / "run_batch.py"
CHAT = [{"role": "user", "content": "Hi"}]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="as vLLM")


def made(folder: Path, **more: Any) -> vLLM:
    command = (sys.executable, str(SCRIPT))
    return vLLM(model="m", command=command, folder=str(folder), use_offline_batch_generation=True, **more)


def test_online_use_is_refused_when_it_is_loaded():
    with pytest.raises(DistilabelUserError, match="ClientvLLM"):
        vLLM(model="m").load()


def test_fields_become_arguments_of_the_command():
    llm = vLLM(
        model="m", dtype="bfloat16", trust_remote_code=True, chat_template="t.jinja",
        extra_kwargs={"tensor_parallel_size": 2, "enforce_eager": True, "swap": False, "rope": {"factor": 2}},
    )  # fmt: skip
    assert llm.arguments() == [
        "--model", "m", "--dtype", "bfloat16", "--trust-remote-code", "--chat-template", "t.jinja",
        "--tensor-parallel-size", "2", "--enforce-eager", "--rope", '{"factor":2}',
    ]  # fmt: skip


def test_other_arguments_make_other_requests(tmp_path: Path):
    plain, other = made(tmp_path), made(tmp_path, dtype="half")
    for llm in (plain, other):
        llm.load()
    assert plain.client.target.base_url != other.client.target.base_url
    assert made(tmp_path)._address() == plain.client.target.base_url


def test_pipeline_gets_its_answers(tmp_path: Path):
    with Pipeline(name="local", cache_dir=tmp_path / "cache") as pipeline:
        rows = LoadDataFromDicts(data=[{"instruction": "a"}, {"instruction": "b"}])
        llm = made(tmp_path / "jobs", offline_batch_generation_block_until_done=0.05)
        rows >> TextGeneration(llm=llm)
    answers = pipeline.run()["default"]["train"]["generation"]
    assert answers == ["a!", "b!"]


def test_job_is_handed_in_and_collected_outside_a_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "cache"))
    llm = made(tmp_path / "jobs")
    llm.load()
    with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException) as unfinished:
        llm.generate_outputs(inputs=[CHAT])
    assert len(unfinished.value.jobs_ids) == 1
    llm.offline_batch_generation_block_until_done = 0.05
    assert llm.generate_outputs(inputs=[CHAT])[0]["generations"] == ["Hi!"]
