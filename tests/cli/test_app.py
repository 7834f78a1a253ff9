"""The command `distilabel`: its version, its help, and mistakes reported in one sentence."""

import os
import subprocess
import sys
from inspect import signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from distilabel import __version__
from distilabel import _optional as extras
from distilabel import server as platform
from distilabel.cli import serve
from distilabel.cli.app import main
from distilabel.providers.openai_family.compatible import SERVICES
from distilabel.server import FolderError


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["distilabel", *words])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_version_is_reported(monkeypatch, capsys):
    assert call(monkeypatch, "--version") == 0
    assert capsys.readouterr() == (f"{__version__}\n", "")


@pytest.mark.parametrize("words", [("--help",), ("jobs", "--help"), ("serve", "--help")])
def test_help_tells_the_commands(monkeypatch, capsys, words):
    assert call(monkeypatch, *words) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert {"--help": "serve", "jobs": "ls", "serve": "--port"}[words[0]] in out


def test_unknown_command_is_an_error(monkeypatch, capsys):
    assert call(monkeypatch, "srve") == 2
    assert "srve" in capsys.readouterr().err


def test_command_is_installed_and_tells_a_mistake_without_a_traceback(tmp_path: Path):
    command = [sys.executable, "-m", "distilabel", "jobs", "ls"]
    environment = {**os.environ, "DISTILABEL_CACHE_DIR": str(tmp_path / "none")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: There is no ledger in ")
    assert done.stderr.count("\n") == 1


class Server(SimpleNamespace):
    """Stands in for `distilabel.server`."""

    Settings = SimpleNamespace
    FolderError = FolderError

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__(error=error, served=[])

    def serve(self, settings: Any, *, host: str, port: int, ready: Any) -> None:
        if self.error:
            raise self.error
        self.served.append((settings, host, port))
        ready(f"http://{host}:{port}/v1")


class TestServe:
    def test_without_its_extra_it_names_the_command_that_installs_it(self, monkeypatch, capsys):
        def missing(module):
            raise ModuleNotFoundError("No module named 'starlette'", name="starlette")

        monkeypatch.setattr(extras, "import_module", missing)
        assert call(monkeypatch, "serve") == 1
        expected = "Error: The package 'starlette' is missing: pip install 'distilabel[server]'.\n"
        assert capsys.readouterr() == ("", expected)

    def test_it_serves_as_told_and_says_how_to_use_it(self, monkeypatch, capsys, tmp_path):
        server = Server()
        monkeypatch.setattr(serve, "require", lambda *_: server)
        words = (
            "--port",
            "9",
            "--host",
            "::1",
            "--folder",
            str(tmp_path),
            "--delay",
            "2.5",
            "--concurrency",
            "3",
        )
        assert call(monkeypatch, "serve", *words) == 0
        ((settings, host, port),) = server.served
        assert (host, port) == ("::1", 9)
        assert (settings.folder, settings.delay, settings.concurrency) == (tmp_path, 2.5, 3)
        assert (settings.upstream, settings.upstream_key) == (None, None)
        out = capsys.readouterr().out
        assert "export OPENAI_BASE_URL=http://::1:9/v1 OPENAI_API_KEY=any" in out
        assert "Answers come from a toy model: they mean nothing." in out

    def test_key_for_the_upstream_comes_from_the_environment_and_is_not_shown(self, monkeypatch, capsys):
        server = Server()
        monkeypatch.setattr(serve, "require", lambda *_: server)
        monkeypatch.setenv("DISTILABEL_UPSTREAM_KEY", "hunter2")
        assert call(monkeypatch, "serve", "--upstream", "http://vllm:8000/v1") == 0
        assert server.served[0][0].upstream_key == "hunter2"
        out, err = capsys.readouterr()
        assert "Answers come from http://vllm:8000/v1." in out
        assert "hunter2" not in out + err

    def test_default_port_is_the_one_that_the_list_of_platforms_names(self, monkeypatch):
        server = Server()
        monkeypatch.setattr(serve, "require", lambda *_: server)
        assert call(monkeypatch, "serve") == 0
        (named,) = [service.base_url for service in SERVICES if service.name == "distilabel"]
        ((_, _, port),) = server.served
        assert named == f"http://127.0.0.1:{port}/v1"
        assert signature(platform.serve).parameters["port"].default == port

    def test_port_that_is_taken_is_one_sentence(self, monkeypatch, capsys):
        monkeypatch.setattr(serve, "require", lambda *_: Server(OSError(98, "Address already in use")))
        assert call(monkeypatch, "serve", "--port", "80") == 1
        err = capsys.readouterr().err
        assert err.startswith("Error: Cannot listen on 127.0.0.1:80 (")
        assert err.endswith("choose another --port.\n")

    def test_folder_that_cannot_be_used_is_one_sentence(self, monkeypatch, capsys, tmp_path):
        (tmp_path / "platform.db").write_bytes(b"this is no database, whatever its name says" * 99)
        assert call(monkeypatch, "serve", "--port", "0", "--folder", str(tmp_path)) == 1
        err = capsys.readouterr().err
        assert err.startswith(
            f"Error: {tmp_path} cannot be used (file is not a database): give another folder"
        )
        assert err.count("\n") == 1
