"""The servers: how each is installed and started."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SERVERS", "Server"]

_FOLDER = Path("build/conformance").resolve()
_AIBRIX = """
import sys
from functools import partial
from aibrix.batch.client.sources.static import GatewayEndpointSource
from aibrix.metadata import app
# Outside Kubernetes the service runs jobs in its --dry-run alone, whose source of answers is replaced by a model.
app.NoopEndpointSource = partial(GatewayEndpointSource, sys.argv.pop(1))
app.main()
"""
_OGX = """
version: 2
image_name: conformance
apis: [inference, files, batches, messages]
providers:
  inference:
  - {{provider_id: up, provider_type: "remote::vllm", config: {{base_url: "{model}/v1", api_token: any}}}}
  files:
  - provider_id: files
    provider_type: inline::localfs
    config: {{storage_dir: "{folder}/files", metadata_store: {{backend: sql_default, table_name: files}}}}
  batches:
  - provider_id: batches
    provider_type: inline::reference
    config: {{sqlstore: {{backend: sql_default, table_name: batches}}}}
  messages:
  - provider_id: messages
    provider_type: inline::builtin
    config: {{kvstore: {{backend: kv_default, namespace: messages}}}}
storage:
  backends:
    kv_default: {{type: kv_sqlite, db_path: "{folder}/kv.db"}}
    sql_default: {{type: sql_sqlite, db_path: "{folder}/sql.db"}}
  stores:
    metadata: {{backend: kv_default, namespace: registry}}
    inference: {{backend: sql_default, table_name: inference, max_write_queue_size: 1000, num_writers: 2}}
    conversations: {{backend: sql_default, table_name: conversations}}
    prompts: {{backend: sql_default, table_name: prompts}}
server: {{port: {port}}}
"""


@dataclass(frozen=True)
class Server:
    """A server of other people.

    Attributes:
        name: With its version.
        platform: The dialect that the client speaks to it.
        path: What `base_url` ends in.
        model: The model's name there.
        is_counted: Whether it asks the model of this package, which counts; else it answers all prompts alike.
        environment: The folder of its environment.
        packages: What is installed there, by pip or by npm.
        python: The Python that it needs; "" for Node.
        command: Makes the command from the port, the model's URL and the server's folder.
    """

    name: str
    platform: str
    path: str
    model: str
    is_counted: bool
    environment: str
    packages: tuple[str, ...]
    python: str
    command: Callable[[int, str, Path], list[str]]

    def install(self) -> None:
        """Install the server, once."""
        home = _FOLDER / self.environment
        done = home / ".installed"
        if done.exists():
            return
        home.mkdir(parents=True, exist_ok=True)
        if self.python:
            uv = [sys.executable, "-m", "uv"]
            subprocess.run([*uv, "venv", "--quiet", "--python", self.python, str(home / "venv")], check=True)
            python = str(home / "venv" / "bin" / "python")
            subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, *self.packages], check=True)
        else:
            subprocess.run(["npm", "install", "--silent", "--prefix", str(home), *self.packages], check=True)
        done.touch()

    def start(self, port: int, model_url: str, folder: Path) -> "subprocess.Popen[bytes]":
        """Start the server with `folder` as its home and working folder; it may not be ready yet."""
        folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "HOME": str(folder)}
        with (folder / "server.log").open("wb") as log:
            return subprocess.Popen(
                self.command(port, model_url, folder), cwd=folder, env=environment, stdout=log, stderr=log
            )


def _ogx(port: int, model_url: str, folder: Path) -> list[str]:
    file = folder / "ogx.yaml"
    file.write_text(_OGX.format(model=model_url, folder=folder, port=port))
    return [str(_FOLDER / "ogx/venv/bin/ogx"), "run", str(file), "--port", str(port), "--insecure"]


def _aibrix(port: int, model_url: str, folder: Path) -> list[str]:
    script = folder / "start.py"
    script.write_text(_AIBRIX)
    python = str(_FOLDER / "aibrix/venv/bin/python")
    return [python, str(script), model_url, "--host", "127.0.0.1", "--port", str(port), "--dry-run"]


def _aimock(port: int, _model_url: str, folder: Path) -> list[str]:
    fixtures = folder / "fixtures"
    fixtures.mkdir(exist_ok=True)
    one = {"match": {"userMessage": "Say number"}, "response": {"content": "a number"}}
    (fixtures / "all.json").write_text(json.dumps({"fixtures": [one]}))
    return [str(_FOLDER / "aimock/node_modules/.bin/llmock"), "-p", str(port), "-f", str(fixtures)]


_OGX_PACKAGE = ("ogx==1.5.0",)
SERVERS = (
    Server("OGX 1.5.0", "openai", "/v1", "up/echo", True, "ogx", _OGX_PACKAGE, "3.12", _ogx),
    Server("OGX 1.5.0, Anthropic side", "anthropic", "", "up/echo", True, "ogx", _OGX_PACKAGE, "3.12", _ogx),
    Server("AIBrix 0.8.0", "openai", "/v1", "echo", True, "aibrix", ("aibrix==0.8.0",), "3.11", _aibrix),
    Server(
        "aimock 1.43.0", "openai", "/v1", "echo", False, "aimock", ("@copilotkit/aimock@1.43.0",), "", _aimock
    ),
)
