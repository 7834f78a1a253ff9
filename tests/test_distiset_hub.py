"""Pushing to a Hub on the loopback, with the real client of the Hub in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from distilabel.distiset import Distiset
from distilabel.exceptions import DistilabelUserError

from .support.hub import Hub, hub

pytestmark = pytest.mark.slow  # whole processes against a stand-in for the Hub

MADE = """
from pathlib import Path
from datasets import Dataset, DatasetDict, load_dataset
from distilabel.distiset import Distiset

def part(*rows):
    return DatasetDict({"train": Dataset.from_list(list(rows))})

distiset = Distiset({"one": part({"a": "..."}, {"a": "y"}), "two": part({"b": 2})})
distiset.citations = ["@misc{known}"]
"""


@pytest.fixture
def kept():
    with hub() as running:
        yield running


def run(kept: Hub, folder: Path, code: str, *, fails: bool = False) -> str:
    """Run Python that uses this Hub; give what it printed, or its errors."""
    script = folder / "script.py"
    script.write_text(MADE + code)
    environment = {**os.environ, **kept.environment(), "HF_HOME": str(folder / "home")}
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, env=environment, cwd=folder
    )
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout


def test_parts_files_and_card_are_there_and_can_be_loaded(kept, tmp_path):
    (tmp_path / "pipeline.yaml").write_text("pipeline: {steps: []}")
    (tmp_path / "pipeline.log").write_text("log")
    (tmp_path / "made/step/thing").mkdir(parents=True)
    (tmp_path / "made/step/thing/file.txt").write_text("artifact")
    said = run(
        kept,
        tmp_path,
        """
distiset.pipeline_path, distiset.log_filename_path = Path("pipeline.yaml"), Path("pipeline.log")
distiset.artifacts_path = Path("made")
distiset.push_to_hub("me/data", private=True, token="hf_x", include_script=True)
print(load_dataset("me/data", "one", split="train", token="hf_x").to_list())
print(load_dataset("me/data", "two", split="train", token="hf_x").to_list())
""",
    )
    assert said.splitlines() == ["[{'a': '...'}, {'a': 'y'}]", "[{'b': 2}]"]
    files = kept.files["me/data"]
    assert kept.private == {"me/data": True}
    assert files["pipeline.log"] == b"log"
    assert files["artifacts/step/thing/file.txt"] == b"artifact"
    assert b"distiset.push_to_hub" in files["pipeline.py"]
    _, front, text = files["README.md"].decode().split("---\n", 2)
    assert [config["config_name"] for config in yaml.safe_load(front)["configs"]] == ["one", "two"]
    assert yaml.safe_load(front)["tags"] == ["synthetic", "distilabel"]
    assert '"a": "..."' in text
    assert 'load_dataset("me/data", "two")' in text
    assert "@misc{known}" in text
    assert "hf_x" not in text
    assert {token for _, path, token in kept.requests if "/commit/" in path} == {"Bearer hf_x"}


def test_pushing_again_keeps_the_parts_that_are_there_and_tells_tags_once(kept, tmp_path):
    run(
        kept,
        tmp_path,
        """
distiset.push_to_hub("me/data", token="hf_x")
Distiset({"three": part({"c": 3})}).push_to_hub("me/data", token="hf_x", commit_message="More")
""",
    )
    _, front, text = kept.files["me/data"]["README.md"].decode().split("---\n", 2)
    assert [config["config_name"] for config in yaml.safe_load(front)["configs"]] == ["one", "three", "two"]
    assert yaml.safe_load(front)["tags"] == ["synthetic", "distilabel"]
    assert "## three" in text
    assert kept.private == {"me/data": False}


def test_card_and_script_may_be_left_out(kept, tmp_path):
    run(kept, tmp_path, 'distiset.push_to_hub("me/data", token="hf_x", generate_card=False)')
    assert "pipeline.py" not in kept.files["me/data"]
    assert "How it was made" not in kept.files["me/data"]["README.md"].decode()


def test_empty_distiset_is_not_pushed():
    with pytest.raises(DistilabelUserError, match="is empty and cannot be pushed"):
        Distiset().push_to_hub("me/data")


PIPELINE = """
import sys
from distilabel.exceptions import DistilabelException
from distilabel.pipeline import Pipeline
from distilabel.steps import HuggingFaceHubCheckpointer, KeepColumns, LoadDataFromDicts, PushToHub

def run(*steps, count=7):
    with Pipeline("p", cache_dir="cache") as pipeline:
        last = LoadDataFromDicts(data=[{"n": n, "t": "a\\u2028b"} for n in range(count)], batch_size=3)
        for step in steps:
            last = last >> step()
    return pipeline.run()["default"]["train"].to_list()
"""


def test_step_pushes_all_rows_once_and_hands_them_on(kept, tmp_path):
    said = run(
        kept,
        tmp_path,
        PIPELINE
        + """
push = lambda: PushToHub(repo_id="me/rows", split="mine", private=True, token="hf_x", name="push")
print(len(run(push)))
print(len(run(push)))
print(load_dataset("me/rows", split="mine", token="hf_x")["n"][:])
print("hf_x" in open("cache/p/pipeline.yaml").read())
""",
    )
    assert said.splitlines() == ["7", "7", "[0, 1, 2, 3, 4, 5, 6]", "False"]
    assert kept.private == {"me/rows": True}
    assert len(kept.commits["me/rows"]) == 1


def test_step_without_rows_pushes_nothing(kept, tmp_path):
    assert (
        run(kept, tmp_path, PIPELINE + 'print(next(PushToHub(repo_id="me/rows").process([])))').strip()
        == "[]"
    )
    assert kept.requests == []


CHECKPOINTS = (
    PIPELINE
    + """
def checkpoint():
    return HuggingFaceHubCheckpointer(repo_id="me/rows", private=True, token="hf_x", input_batch_size=3, name="keep")
"""
)


def test_checkpoints_hold_each_row_once_also_after_a_second_run(kept, tmp_path):
    said = run(
        kept,
        tmp_path,
        CHECKPOINTS
        + """
print(len(run(checkpoint)))
first = run(checkpoint)
more = run(checkpoint, count=10)
rows = load_dataset("me/rows", data_dir="keep", split="train", token="hf_x").to_list()
print(sorted(row["n"] for row in rows), {row["t"] for row in rows} == {"a\\u2028b"})
""",
    )
    # The third run's last chunk is (6, 7, 8), where it was (6): what changed is a new file.
    assert said.splitlines() == ["7", "[0, 1, 2, 3, 4, 5, 6, 6, 7, 8, 9] True"]
    assert [len(paths) for paths in kept.commits["me/rows"]] == [1] * 5
    assert all(path.startswith("keep/") for paths in kept.commits["me/rows"] for path in paths)


def test_checkpoint_that_the_hub_refuses_ends_the_run_and_the_next_one_goes_on(kept, tmp_path):
    kept.refusing = 403
    said = run(kept, tmp_path, CHECKPOINTS + "run(checkpoint)", fails=True)
    assert "DistilabelStepError: Step 'keep' cannot write to the dataset 'me/rows' on the Hub" in said
    assert "hf_x" not in said
    tries = sum(path.endswith("/commit/main") for _, path, _ in kept.requests)
    assert tries <= 3, "one a chunk, and not one a row"
    kept.refusing = None
    assert run(kept, tmp_path, CHECKPOINTS + "print(len(run(checkpoint)))").strip() == "7"
    assert len(kept.files["me/rows"]) == 3


def test_chunk_processed_again_writes_the_same_file(kept, tmp_path):
    run(
        kept,
        tmp_path,
        CHECKPOINTS
        + """
from distilabel.steps._core.context import chunk_random
for chunk in ("a", "a", "b"):
    step = checkpoint()
    step.load()
    with chunk_random(chunk):
        list(step.process([{"n": 1}]))
    step.unload()
""",
    )
    assert len(kept.commits["me/rows"]) == 3
    assert len(kept.files["me/rows"]) == 2
