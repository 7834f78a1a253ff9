"""The seed's script, to the letter, over real processes against a real platform."""

import json
import signal
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.platform import Platform, held_platform, ledger_rows
from tests.support.process import Process, run
from tests.support.processes import wait_until

pytestmark = pytest.mark.slow  # kills whole processes of a pipeline

SEED = """\
from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromHub
from distilabel.steps.tasks import TextGeneration
with Pipeline() as pipeline:
    load_data = LoadDataFromHub(output_mappings={"prompt": "instruction"})
    text_generation = TextGeneration(
        llm=OpenAILLM(
            model="gpt-3.5-turbo",
            use_offline_batch_generation=True,  # (1)
        )
    )
    load_data >> text_generation
if __name__ == "__main__":
    distiset = pipeline.run(
        parameters={
            load_data.name: {
                "repo_id": "distilabel-internal-testing/instruction-dataset",
                "split": "test",
                "batch_size": 500,
            },
        }
    )
"""
SHOW = """\
    import json
    print("JOBS", json.dumps(text_generation.llm.jobs_ids))
    rows = list(distiset["default"]["train"]) if len(distiset) else []
    print("ROWS", len(distiset), json.dumps(rows))
"""
POLLING = SEED.replace("# (1)", "offline_batch_generation_block_until_done=SECONDS,")
INSTRUCTIONS = Path(__file__).parents[2] / "examples" / "data" / "instructions.jsonl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a working folder with the seed's dataset in it, made of the instructions that ship with the project."""
    data = tmp_path / "work" / "distilabel-internal-testing" / "instruction-dataset"
    data.mkdir(parents=True)
    (data / "test.jsonl").write_bytes(INSTRUCTIONS.read_bytes())
    return tmp_path / "work"


def script(folder: Path, text: str) -> Path:
    path = folder / "seed.py"
    path.write_text(text + SHOW)
    return path


def rows_shown(process: Process) -> list[dict[str, str]]:
    line = next(line for line in process.lines if line.startswith("ROWS"))
    return json.loads(line.split(" ", 2)[2])


def jobs_shown(process: Process) -> list[str]:
    line = next(line for line in process.lines if line.startswith("JOBS"))
    return json.loads(line.split(" ", 1)[1])


def assert_whole(process: Process) -> None:
    """Every instruction is there, in order, with the toy's answer to it."""
    prompts = [json.loads(line)["prompt"] for line in INSTRUCTIONS.read_text("utf-8").split("\n") if line]
    rows = rows_shown(process)
    assert [row["instruction"] for row in rows] == prompts
    for row in rows:
        # The toy quotes the beginning of what it answers.
        assert " ".join(row["instruction"].split())[:20] in " ".join(row["generation"].split())


def test_seed_submits_says_how_far_it_is_and_collects_in_a_new_process(folder: Path, tmp_path: Path):
    seed = script(folder, SEED)
    with held_platform(tmp_path / "platform") as running:
        environment = {
            **running.environment(tmp_path / "cache"),
            "PYTHONWARNINGS": "error::DeprecationWarning:__main__",
        }
        first = run(seed, environment)
        assert rows_shown(first) == []
        assert "50 requests" in first.text
        assert "is not finished" in first.text
        assert f"run it again: python {seed}" in first.text
        wait_until(lambda: running.batches()[0]["status"] == "in_progress")
        between = run(seed, environment)
        assert rows_shown(between) == []
        assert "of 50 requests done" in between.text
        running.wait()
        last = run(seed, environment)
        assert_whole(last)
        assert jobs_shown(first) == jobs_shown(last) == [running.batches()[0]["id"]]
        assert len(running.batches()) == 1
        again = run(seed, {**environment, "OPENAI_BASE_URL": running.url})
        assert rows_shown(again) == rows_shown(last)
    assert "Traceback" not in first.text + between.text + last.text + again.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_polling_stops_before_its_next_poll_and_resumes(
    folder: Path, tmp_path: Path, number: signal.Signals
):
    with held_platform(tmp_path / "platform") as running:
        environment = running.environment(tmp_path / "cache")
        process = Process(script(folder, POLLING.replace("SECONDS", "3600")), environment)
        process.wait_for("of 50 requests done")
        process.send(number)
        assert process.end(60) == 0
        assert rows_shown(process) == []
        assert running.batches()[0]["id"] in process.text
        assert "run it again: python" in process.text
        assert "Traceback" not in process.text
        running.wait()
        resumed = run(script(folder, POLLING.replace("SECONDS", "0.1")), environment)
        assert_whole(resumed)
        assert len(running.batches()) == 1


def test_second_interrupt_ends_the_process_at_once(folder: Path, tmp_path: Path):
    slow = POLLING.replace("SECONDS", "3600").replace(
        "with Pipeline() as pipeline:",
        "import time\nfrom distilabel.steps import step, StepInput\n"
        "@step(inputs=['generation'])\ndef stuck(inputs: StepInput):\n    yield inputs\n"
        "with Pipeline() as pipeline:",
    )
    with held_platform(tmp_path / "platform") as running:
        process = Process(script(folder, slow), running.environment(tmp_path / "cache"))
        process.wait_for("of 50 requests done")
        process.send(signal.SIGINT)
        process.send(signal.SIGINT)
        process.end(60)


def test_kill_9_during_polling_and_run_again_polls_on_and_submits_nothing(folder: Path, tmp_path: Path):
    with held_platform(tmp_path / "platform") as running:
        environment = running.environment(tmp_path / "cache")
        seed = script(folder, POLLING.replace("SECONDS", "0.1"))
        process = Process(seed, environment)
        process.wait_for("in_progress")
        process.kill()
        running.gate.set()
        assert_whole(run(seed, environment))
        assert len(running.batches()) == 1
    assert ledger_rows(tmp_path / "cache", "SELECT count(*) FROM jobs") == [(1,)]


def test_two_processes_at_once_submit_once(folder: Path, tmp_path: Path):
    with held_platform(tmp_path / "platform") as running:
        environment = running.environment(tmp_path / "cache")
        seed = script(folder, POLLING.replace("SECONDS", "0.1"))
        first = Process(seed, environment)
        first.wait_for("requests done")
        second = Process(seed, environment)
        assert second.end() == 1
        assert "is running already (process" in second.text
        running.gate.set()
        assert first.end() == 0
        assert_whole(first)
        assert len(running.batches()) == 1


def test_platform_killed_between_submit_and_collect_goes_on(folder: Path, tmp_path: Path):
    serve = folder / "serve.py"
    serve.write_text("from distilabel.cli.app import main\nmain()\n")
    arguments = ("serve", "--folder", str(tmp_path / "platform"))
    server = Process(serve, {}, *arguments, "--port", "0", "--delay", "600")
    server.wait_for("Serving")
    url = server.text.partition("Serving ")[2].split()[0]
    environment = Platform(url, tmp_path).environment(tmp_path / "cache")
    run(script(folder, SEED), environment)
    server.kill()
    server = Process(serve, {}, *arguments, "--port", str(urlsplit(url).port))
    try:
        server.wait_for("Serving")
        last = run(script(folder, POLLING.replace("SECONDS", "0.2")), environment)
    finally:
        server.kill()
    assert_whole(last)


# The child becomes another program at once.
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_every_step_and_job_is_shown_on_a_terminal(folder: Path, tmp_path: Path):
    import os
    import pty

    wanted = ("text_generation_0", "next poll", "in_progress", "of 50", "running", "in 0 s")
    with held_platform(tmp_path / "platform") as running:
        environment = {
            **os.environ,
            **running.environment(tmp_path / "cache"),
            "TERM": "xterm",
            "COLUMNS": "120",
        }
        seed = script(folder, POLLING.replace("SECONDS", "0.5"))
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(folder)
            os.execve(sys.executable, [sys.executable, str(seed)], environment)
        shown = b""
        opener = threading.Timer(60, running.gate.set)
        opener.start()
        try:
            while piece := os.read(terminal, 65536):
                shown += piece
                if all(words.encode() in shown for words in wanted):
                    running.gate.set()
        except OSError:  # Linux says so when the other end is closed
            pass
        opener.cancel()
        os.waitpid(child, 0)
        os.close(terminal)
    text = shown.decode()
    for words in wanted:
        assert words in text, f"{words!r} was never shown"


def test_jobs_commands_work_while_a_run_is_going_on(folder: Path, tmp_path: Path):
    command = folder / "command.py"
    command.write_text("from distilabel.cli.app import main\nmain()\n")
    with held_platform(tmp_path / "platform") as running:
        environment = running.environment(tmp_path / "cache")
        process = Process(script(folder, POLLING.replace("SECONDS", "0.05")), environment)
        process.wait_for("of 50 requests done")
        (job,) = json.loads(run(command, environment, "jobs", "ls", "--json").text)
        assert (job["state"], job["requests"]) == ("submitted", 50)
        shown = json.loads(run(command, environment, "jobs", "show", job["remote_id"], "--json").text)
        assert shown["outcomes"] == {"claimed": 50}
        running.gate.set()
        assert process.end() == 0
        assert_whole(process)
