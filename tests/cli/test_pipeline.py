"""`distilabel pipeline`: run, info and validate, from files and over loopback HTTP, in processes of their own."""

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from distilabel import _event_loop as loop
from distilabel.cli import pipeline as commands
from distilabel.cli.app import main
from distilabel.distiset import Distiset
from distilabel.exceptions import DistilabelUnreachableError, DistilabelUserError
from distilabel.pipeline import Pipeline
from distilabel.steps import KeepColumns, LoadDataFromFileSystem
from distilabel.transport import fetch
from tests.support.platform import held_platform
from tests.support.process import Process

SCRIPT = '''\
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, RuntimeParameter, StepInput, step
from helping import shout

@step(inputs=["text"], outputs=["loud"])
def Shout(inputs: StepInput, mark: RuntimeParameter[str] = "!", times: RuntimeParameter[int] = 1):
    """Shouts."""
    yield [{**row, "loud": shout(row["text"]) + mark * times} for row in inputs]

with Pipeline("shouting", description="Says it loudly") as pipeline:
    LoadDataFromDicts(name="load", data=[{"text": "a"}, {"text": "b"}]) >> Shout(name="shout")

other = pipeline
print("IMPORTED")
if __name__ == "__main__":
    raise SystemExit("run as a program")
'''
OFFLINE = """\
from distilabel.llms import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

with Pipeline("asking") as pipeline:
    load = LoadDataFromDicts(data=[{"instruction": f"What is {i}?"} for i in range(4)])
    load >> TextGeneration(name="ask", llm=OpenAILLM(model="toy-1", use_offline_batch_generation=True))
"""
TOKEN = "hf_5up3rS3cr3tT0ken"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a script, a module beside it, and a program that is the command."""
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "my_pipeline.py").write_text(SCRIPT)
    (folder / "helping.py").write_text("def shout(text):\n    return text.upper()\n")
    (folder / "distilabel.command.py").write_text("from distilabel.cli.app import main\nmain()\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def say(client: Path, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Run the command in a process of its own; gives its exit code and all that it said."""

    def call(*words: str, **environment: str) -> tuple[int, str]:
        known = {"DISTILABEL_CACHE_DIR": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1", "HF_TOKEN": TOKEN}
        process = Process(client / "distilabel.command.py", {**known, **environment}, "pipeline", *words)
        return process.end(), process.text

    return call


@pytest.fixture
def address(client: Path) -> Iterator[str]:
    """The address of the working folder on a web server of this machine."""

    class DispatcherIdle(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(DispatcherIdle, directory=str(client)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def written(folder: Path) -> Path:
    """A pipeline of our own classes, saved as YAML; it reads rows.jsonl."""
    (folder / "rows.jsonl").write_text('{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n')
    with Pipeline("kept") as pipeline:
        load = LoadDataFromFileSystem(name="load", data_files=str(folder / "rows.jsonl"))
        load >> KeepColumns(name="keep", columns=["a"])
    pipeline.save(folder / "kept.yaml", format="yaml")
    return folder / "kept.yaml"


@pytest.mark.slow  # starts the command several times in each test
class TestRun:
    def test_script_runs_as_a_module_beside_its_own_files(self, say):
        code, said = say("run", "--script", "my_pipeline.py")
        assert (code, said.count("IMPORTED")) == (0, 1)
        assert "default/train: 2 rows of text, loud." in said
        assert "run as a program" not in said

    def test_parameters_are_read_as_what_they_look_like_or_as_text(self, say, tmp_path):
        folder = tmp_path / "saved"
        words = ("run", "--script", "my_pipeline.py", "--param", "shout.times=3", "--save-to", str(folder))
        assert say(*words, "--param", "shout.mark=1.0")[0] == 0
        loud = Distiset.load_from_disk(folder)["default"]["train"]["loud"]
        assert list(loud) == ["A1.01.01.0", "B1.01.01.0"]

    def test_configuration_runs_and_uses_the_cache_unless_told_not_to(self, say, client):
        words = ("run", "--config", str(written(client)))
        assert "2 of them from the cache" not in say(*words)[1]
        assert "2 of them from the cache" in say(*words)[1]
        code, said = say(*words, "--ignore-cache")
        assert code == 0
        assert "from the cache" not in said

    def test_pipeline_under_another_name_is_named(self, say):
        code, said = say("run", "--script", "my_pipeline.py", "--pipeline-variable-name", "mine")
        assert code == 1
        assert "has no top-level pipeline named 'mine': --pipeline-variable-name pipeline." in said
        assert say("run", "--script", "my_pipeline.py", "--pipeline-variable-name", "other")[0] == 0

    def test_batches_that_are_not_ready_are_said_so_and_collected_by_the_same_command(
        self, say, client, tmp_path
    ):
        (client / "ask.py").write_text(OFFLINE)
        with held_platform(tmp_path / "platform") as running:
            environment = running.environment(tmp_path / "cache")
            words = ("run", "--script", "ask.py", "--repo-id", "me/mine", "--token", TOKEN)
            code, said = say(*words, **environment)
            assert code == 0
            assert "Not ready yet: there is no dataset so far. Nothing was pushed or saved;" in said
            assert "--token ..." in said
            assert TOKEN not in said
            running.wait()
            code, said = say("run", "--script", "ask.py", **environment)
            assert code == 0
            assert "default/train: 4 rows of" in said
            assert len(running.batches()) == 1
        held = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
        assert held
        assert not [path for path in held if TOKEN.encode() in path.read_bytes()]

    def test_without_the_cache_it_is_refused_or_waits_and_the_command_continues_after_a_kill(
        self, say, client, tmp_path
    ):
        (client / "ask.py").write_text(OFFLINE)
        words = ("run", "--script", "ask.py", "--ignore-cache")
        waiting = ("--param", "ask.llm.offline_batch_generation_block_until_done=0.05")
        with held_platform(tmp_path / "platform") as running:
            environment = running.environment(tmp_path / "cache")
            code, said = say(*words, **environment)
            assert (code, "Nothing was submitted." in said, running.batches()) == (1, True, [])
            process = Process(client / "distilabel.command.py", environment, "pipeline", *words, *waiting)
            process.wait_for("of 4 requests done")
            process.kill()
            running.wait()
            code, said = say(*words, *waiting, **environment)
            assert (code, "default/train: 4 rows of" in said) == (0, True)
            assert len(running.batches()) == 1

    def test_ctrl_c_stops_it_as_it_stops_run(self, client, tmp_path):
        (client / "ask.py").write_text(OFFLINE)
        with held_platform(tmp_path / "platform") as running:
            words = ("--param", "ask.llm.offline_batch_generation_block_until_done=0.05")
            process = Process(
                client / "distilabel.command.py",
                running.environment(tmp_path / "cache"),
                *("pipeline", "run", "--script", "ask.py", *words),
            )
            process.wait_for("of 4 requests done")
            process.send(signal.SIGINT)
            assert process.end() == 0
        assert "Not ready yet" in process.text
        assert "Traceback" not in process.text

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ((), "Give either --config or --script"),
            (("--config", "a.yaml", "--script", "b.py"), "Give either --config or --script"),
            (("--config", "gone.yaml"), "gone.yaml cannot be read"),
            (("--script", "gone.py"), "There is no script gone.py: check the path."),
            (("--script", "notes.txt"), "notes.txt is not a Python script: its name must end in .py."),
            (("--script", "empty.py"), "has no top-level pipeline named 'pipeline': make one"),
            (("--script", "my_pipeline.py", "--param", "shout.tiems=3"), "did you mean 'times'?"),
            (("--script", "my_pipeline.py", "--param", "shuot.times=3"), "did you mean 'shout'?"),
            (("--script", "my_pipeline.py", "--param", "shout=3"), "does not have the form step.parameter=value"),
            (("--script", "my_pipeline.py", "--param", "shout.times=x"), "`times` of Shout 'shout' cannot be 'x'"),
        ],
    )  # fmt: skip
    def test_mistake_is_one_sentence(self, client, monkeypatch, capsys, words, message):
        (client / "empty.py").write_text("")
        (client / "notes.txt").write_text("")
        monkeypatch.setattr(sys, "path", list(sys.path))
        monkeypatch.setattr(sys, "argv", ["distilabel", "pipeline", "run", *words])
        for name in ("my_pipeline", "helping", "empty", "pipeline_script"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 1
        err = capsys.readouterr().err
        assert err.startswith("Error: ")
        assert message in err
        assert err.count("\n") == 1


@pytest.mark.slow  # starts the command several times in each test
class TestAddress:
    def test_it_is_shown_and_asked_about_and_no_means_no(self, say, address):
        code, said = say("run", "--script", f"{address}/my_pipeline.py")
        assert code == 1
        assert "def Shout(inputs: StepInput" in said
        assert "This came from http://127.0.0.1:" in said
        assert "IMPORTED" not in said.replace('print("IMPORTED")', "")

    def test_yes_runs_it(self, say, client, address):
        script = SCRIPT.replace("from helping import shout", "shout = str.upper")
        (client / "alone.py").write_text(script)
        code, said = say("run", "--script", f"{address}/alone.py", "--yes")
        assert (code, "2 rows of text, loud." in said) == (0, True)
        assert "def Shout" not in said

    @pytest.mark.parametrize("ending", ["yaml", "json"])
    def test_configuration_is_read_by_its_ending(self, say, client, address, ending):
        path = client / f"kept.{ending}"
        Pipeline.from_yaml(written(client)).save(path, format=ending)
        code, said = say("run", "--config", f"{address}/{path.name}?download=true", "--yes")
        assert (code, "2 rows of a." in said) == (0, True)
        assert "keep (KeepColumns)" in say("info", "--config", f"{address}/{path.name}", "--yes")[1]

    def test_what_a_terminal_would_hide_is_written_out(self, say, client, address):
        (client / "sly.py").write_text("print('evil')  # \x1b[2K\u202e\r harmless\n")
        code, said = say("run", "--script", f"{address}/sly.py")
        assert code == 1
        assert r"\x1b[2K\u202e\r harmless" in said
        assert "\x1b[2K" not in said

    def test_token_does_not_go_to_a_stranger(self, client, address, monkeypatch):
        seen: list[str] = []
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.setattr(
            SimpleHTTPRequestHandler, "end_headers", _noting(seen, SimpleHTTPRequestHandler.end_headers)
        )
        assert loop.run(fetch(f"{address}/helping.py", max_bytes=1000)).startswith(b"def shout")
        assert "Host" in seen[0]
        assert TOKEN not in seen[0]

    def test_what_is_too_large_or_not_there_is_refused(self, client, address):
        (client / "large.py").write_bytes(b"#" * 2000)
        with pytest.raises(DistilabelUserError, match="has more than 1,000 bytes: download it"):
            loop.run(fetch(f"{address}/large.py", max_bytes=1000))
        with pytest.raises(DistilabelUserError, match=r"has no file at this address \(HTTP 404\)"):
            loop.run(fetch(f"{address}/gone.py", max_bytes=1000))
        with pytest.raises(DistilabelUnreachableError, match="cannot be reached"):
            loop.run(fetch("http://127.0.0.1:1/x.py", max_bytes=1000))
        with pytest.raises(DistilabelUserError, match="The address cannot be used"):
            loop.run(fetch("ftp://127.0.0.1/x.py", max_bytes=1000))


def _noting(seen: list[str], end: Callable[[Any], None]) -> Callable[[Any], None]:
    def note(self: Any) -> None:
        seen.append(str(self.headers))
        end(self)

    return note


class TestInfo:
    def test_it_tells_steps_arrows_and_parameters(self, say):
        code, said = say("info", "--script", "my_pipeline.py")
        assert code == 0
        for words in (
            "Pipeline shouting: Says it loudly",
            "load (LoadDataFromDicts) >> shout",
            "shout (Shout)",
            "  shout.times",
            "  load.batch_size: How many rows to yield at once.",
        ):
            assert words in said.splitlines()

    def test_parameter_that_must_be_set_is_marked_and_nested_ones_have_their_path(self, capsys):
        with Pipeline("p") as pipeline:
            LoadDataFromFileSystem(name="load")
        commands_said = "\n".join(commands._describe(pipeline))
        assert "  load.data_files (must be set)" in commands_said

    def test_json_can_be_read_by_programs(self, client, monkeypatch, capsys):
        monkeypatch.setattr(
            sys, "argv", ["distilabel", "pipeline", "info", "--json", "--config", str(written(client))]
        )
        with pytest.raises(SystemExit):
            main()
        message = json.loads(capsys.readouterr().out)
        assert message["connections"][0] == {"from": "load", "to": ["keep"]}
        assert {"load", "keep"} == set(message["runtime_parameters"])


class TestValidate:
    def test_sound_pipeline_is_valid_and_is_not_run(self, say, tmp_path):
        assert say("validate", "--script", "my_pipeline.py") == (
            0,
            "IMPORTED\nPipeline 'shouting' is valid: 2 steps.",
        )
        assert not (tmp_path / "cache").exists()

    def test_fault_is_reported(self, say, client):
        written(client)
        with Pipeline("bad") as pipeline:
            KeepColumns(name="keep", columns=["a"])
        pipeline.save(client / "bad.json")
        code, said = say("validate", "--config", "bad.json")
        assert (code, "Error: Step 'keep' gets no rows" in said) == (1, True)

    def test_class_of_a_users_own_module_may_be_allowed(self, say, tmp_path):
        assert say("run", "--script", "my_pipeline.py")[0] == 0
        config = str(tmp_path / "cache" / "shouting" / "pipeline.yaml")
        code, said = say("info", "--config", config)
        assert (code, "'my_pipeline.Shout' is not in an allowed package" in said) == (1, True)
        code, said = say("info", "--config", config, "--allow", "my_pipeline")
        assert (code, "shout (Shout)" in said) == (0, True)


class TestPush:
    @pytest.fixture
    def pushed(self, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
        """What would have been pushed to the Hub."""
        calls: list[dict[str, Any]] = []
        monkeypatch.setattr(
            Distiset, "push_to_hub", lambda _, repo_id, **how: calls.append({"repo_id": repo_id, **how})
        )
        return calls

    def run(self, monkeypatch: pytest.MonkeyPatch, config: Path, *words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["distilabel", "pipeline", "run", "--config", str(config), *words])
        with pytest.raises(SystemExit) as left:
            main()
        return int(left.value.code or 0)

    def test_dataset_goes_to_the_hub_with_the_token_of_the_environment(
        self, client, monkeypatch, pushed, capsys
    ):
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(client / "cache"))
        words = ("--repo-id", "me/mine", "--private", "--commit-message", "First")
        assert self.run(monkeypatch, written(client), *words) == 0
        assert pushed == [{"repo_id": "me/mine", "private": True, "token": TOKEN, "commit_message": "First"}]
        out, err = capsys.readouterr()
        assert "Pushed to me/mine." in out
        assert TOKEN not in out + err

    def test_refusal_of_the_hub_is_reported_without_the_token(self, client, monkeypatch, capsys):
        def refuse(_: Any, __: str, **how: Any) -> None:
            raise ValueError(f"no, not with {how['token']}")

        monkeypatch.setattr(Distiset, "push_to_hub", refuse)
        monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(client / "cache"))
        assert self.run(monkeypatch, written(client), "--repo-id", "me/mine", "--token", TOKEN) == 1
        out, err = capsys.readouterr()
        assert "could not be pushed to me/mine (ValueError: no, not with [secret])" in err
        assert TOKEN not in out + err
