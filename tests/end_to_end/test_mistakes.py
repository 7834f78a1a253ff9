"""What a user sees of a mistake: the line that made it, and one sentence that says what to do."""

from pathlib import Path

import pytest

from tests.support.platform import Platform, platform
from tests.support.process import Process

pytestmark = pytest.mark.slow  # a whole process for each mistake

HEAD = """\
from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import KeepColumns, LoadDataFromDicts, LoadDataFromHub
from distilabel.steps.tasks import TextGeneration

ROWS = [{"instruction": f"Question {i}?"} for i in range(3)]
"""
ONE_TASK = """\
with Pipeline("p") as pipeline:
    LoadDataFromDicts(data=ROWS) >> TextGeneration(llm=OpenAILLM(model="MODEL", use_offline_batch_generation=OFFLINE))
pipeline.run()
"""
OFFLINE = ONE_TASK.replace("OFFLINE", "True").replace("MODEL", "toy-1")
ONLINE = ONE_TASK.replace("OFFLINE", "False").replace("MODEL", "toy-1")


def sentence(tmp_path: Path, platform: Platform, text: str, **environment: str) -> str:
    """Run a script that must fail; return the sentence that it ends with."""
    script = tmp_path / "script.py"
    script.write_text(HEAD + text)
    process = Process(script, {**platform.environment(tmp_path / "cache"), **environment})
    assert process.end() == 1, process.text
    frames = process.text.count('File "')
    assert process.text.count("Traceback") <= 1, process.text
    assert frames <= 5, process.text  # the line of the user, and few of ours
    assert "sk-test" not in process.text
    return process.lines[-1]


@pytest.fixture(scope="module")
def strict_platform(tmp_path_factory: pytest.TempPathFactory):
    """Run a platform that knows one key and one model."""
    folder = tmp_path_factory.mktemp("platform")
    with platform(folder, models=("toy-1",), keys=("sk-test-5up3r-53cr3t", "sk-books")) as running:
        yield running


@pytest.mark.parametrize("task", [OFFLINE, ONLINE], ids=["offline", "online"])
def test_missing_key(tmp_path: Path, strict_platform: Platform, task: str):
    said = sentence(tmp_path, strict_platform, task, OPENAI_API_KEY="")
    assert "OpenAILLM has no key: set the environment variable OPENAI_API_KEY" in said


@pytest.mark.parametrize("task", [OFFLINE, ONLINE], ids=["offline", "online"])
def test_wrong_key(tmp_path: Path, strict_platform: Platform, task: str):
    said = sentence(tmp_path, strict_platform, task, OPENAI_API_KEY="sk-wrong-key-123456")
    assert "rejected the key (HTTP 401" in said
    assert "set the right key and run again" in said
    assert "sk-wrong-key-123456" not in said


def test_unknown_model_online(tmp_path: Path, strict_platform: Platform):
    said = sentence(tmp_path, strict_platform, ONLINE.replace("toy-1", "gpt-none"))
    assert "does not know the model" in said
    assert "gpt-none" in said


def test_unknown_model_offline(tmp_path: Path, strict_platform: Platform):
    # The platform finds it out after the job was made: the run that asks about it says so.
    text = OFFLINE.replace("toy-1", "gpt-none").replace(
        "use_offline", "offline_batch_generation_block_until_done=0.05, use_offline"
    )
    said = sentence(tmp_path, strict_platform, text)
    assert "model_not_found" in said
    assert "Nothing of it was run or paid for" in said


def test_wrong_column(tmp_path: Path, strict_platform: Platform):
    text = OFFLINE.replace("data=ROWS", "data=[{'question': 'Hm?'}]")
    said = sentence(tmp_path, strict_platform, text)
    assert "needs the column 'instruction'" in said
    assert "'question'" in said
    assert "output_mappings" in said


def test_two_steps_with_one_name(tmp_path: Path, strict_platform: Platform):
    text = "with Pipeline('p') as pipeline:\n    LoadDataFromDicts(name='a', data=ROWS)\n    LoadDataFromDicts(name='a', data=ROWS)\n"
    assert "Two steps of the pipeline are named 'a': give one of them another name." in sentence(
        tmp_path, strict_platform, text
    )


def test_cycle(tmp_path: Path, strict_platform: Platform):
    text = (
        "with Pipeline('p') as pipeline:\n    load = LoadDataFromDicts(data=ROWS)\n"
        "    a, b = KeepColumns(name='a', columns=['instruction']), KeepColumns(name='b', columns=['instruction'])\n"
        "    load >> a >> b >> a\n"
    )
    assert "The connection from 'b' to 'a' closes a cycle" in sentence(tmp_path, strict_platform, text)


def test_cache_folder_that_cannot_be_written(tmp_path: Path, strict_platform: Platform):
    (tmp_path / "file").write_text("in the way")
    said = sentence(tmp_path, strict_platform, OFFLINE, DISTILABEL_CACHE_DIR=str(tmp_path / "file" / "cache"))
    assert "cannot be used (Not a directory)" in said
    assert "cache_dir" in said


def test_platform_that_cannot_be_reached(tmp_path: Path, strict_platform: Platform):
    text = OFFLINE.replace('model="toy-1"', 'model="toy-1", max_retries=1')
    said = sentence(tmp_path, strict_platform, text, OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert "http://127.0.0.1:9 cannot be reached" in said
    assert "check the address (base_url)" in said


def test_wrong_generation_argument(tmp_path: Path, strict_platform: Platform):
    text = OFFLINE.replace('model="toy-1"', 'model="toy-1", generation_kwargs={"temperature": 5}')
    said = sentence(tmp_path, strict_platform, text)
    assert "`temperature` must be at most 2, not 5" in said


def test_missing_dataset(tmp_path: Path, strict_platform: Platform):
    text = OFFLINE.replace("LoadDataFromDicts(data=ROWS)", "LoadDataFromHub(repo_id='no/such-dataset')")
    said = sentence(tmp_path, strict_platform, text)
    assert "no/such-dataset" in said


def test_refused_run_can_be_fixed_and_goes_on(tmp_path: Path, strict_platform: Platform):
    before = len(strict_platform.batches())
    sentence(tmp_path, strict_platform, OFFLINE, OPENAI_API_KEY="sk-wrong-key-123456")
    script = tmp_path / "script.py"
    script.write_text(HEAD + OFFLINE)
    again = Process(script, strict_platform.environment(tmp_path / "cache"))
    assert again.end() == 0
    assert len(strict_platform.batches()) == before + 1
