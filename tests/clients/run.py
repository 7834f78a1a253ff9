"""Runs other clients of OpenAI's API against the embedded platform and prints what worked: `make clients`.

Each client has an environment of its own, `.venv-clients/NAME`, which uv makes once with the newest version. It is not part of CI:
it installs much, and a new version of a client may fail for reasons that are not ours.

Usage: python -m tests.clients.run [--fresh] [NAME ...]
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from distilabel.server import Settings, running

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / ".venv-clients"
SECONDS = 600


@dataclass(frozen=True)
class Client:
    """A client, what is installed for it, and the least Python that it needs."""

    name: str
    packages: tuple[str, ...]
    python: str = "3.11"

    @property
    def interpreter(self) -> Path:
        return ENVIRONMENTS / self.name / "bin" / "python"

    @property
    def script(self) -> Path:
        return HERE / f"use_{self.name.replace('-', '_')}.py"


CLIENTS = (
    Client("openai", ("openai",)),
    Client("litellm", ("litellm",)),
    Client("langchain-openai", ("langchain-openai",)),
    Client("pydantic-ai", ("pydantic-ai-slim[openai]",)),
    Client("instructor", ("instructor",)),
    Client("curator", ("bespokelabs-curator==0.1.31",)),
    Client("inspect-ai", ("inspect-ai", "openai")),
    Client("batchor", ("batchor",), python="3.12"),
    Client("llm", ("llm",)),
)


def install(client: Client) -> str | None:
    """Make the environment of a client, if there is none; return why that failed."""
    if client.interpreter.exists():
        return None
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    folder = ENVIRONMENTS / client.name
    # pyenv keeps the versions that are not chosen out of PATH.
    more = map(str, sorted(Path.home().glob(".pyenv/versions/3.*/bin")))
    path = os.pathsep.join([os.environ["PATH"], *more])
    environment = os.environ | {"PATH": path, "UV_PYTHON_DOWNLOADS": "never"}
    for command in (
        [uv, "venv", "--quiet", "--python", f">={client.python}", str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(client.interpreter), *client.packages],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            return f"not installed: {done.stderr.strip()[-200:]}"
    return None


def rows(client: Client, base_url: str, folder: Path) -> list[tuple[str, str, str, str]]:
    """What a client's script did: client, version, what, and `ok` or why not."""
    if failure := install(client):
        return [(client.name, "-", "installation", failure)]
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_BASE": base_url,
        "OPENAI_API_KEY": "any",
        "TMPDIR": str(folder),
        "TELEMETRY_ENABLED": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    command = [str(client.interpreter), str(client.script)]
    log = ENVIRONMENTS / f"{client.name}.log"
    try:
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return [(client.name, "-", "its script", f"did not end within {SECONDS} s")]
    log.write_text(done.stdout + done.stderr)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return [(client.name, "-", "its script", f"failed: {done.stderr.strip()[-200:]}")]
    found = json.loads(lines[-1])
    return [(client.name, found["version"], what, failure or "ok") for what, failure in found["results"]]


def main(words: list[str]) -> int:
    """Run the clients named, or all, and print a table; return 1 if something failed."""
    names = [word for word in words if word != "--fresh"]
    chosen = [client for client in CLIENTS if not names or client.name in names]
    if "--fresh" in words:
        for client in chosen:
            shutil.rmtree(ENVIRONMENTS / client.name, ignore_errors=True)
    ENVIRONMENTS.mkdir(exist_ok=True)
    failed = 0
    print("| Client | Version | What was done | Result |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, running(Settings(Path(folder) / "platform")) as base_url:
        for client in chosen:
            for name, version, what, result in rows(client, base_url, Path(folder)):
                failed += result != "ok"
                print(f"| {name} | {version} | {what} | {' '.join(result.split())[:200]} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
