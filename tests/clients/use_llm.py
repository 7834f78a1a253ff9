"""llm, the command: a model of its configuration that is this platform."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from checks import report

HOME = Path(tempfile.mkdtemp())
MODEL = """
- model_id: toy
  model_name: toy
  api_base: {url}
  supports_schema: true
  supports_tools: true
"""


def llm(*words: str) -> str:
    command = [sys.executable, "-m", "llm", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout


def text() -> None:
    assert llm("-m", "toy", "Why is the sky blue?").startswith("About")
    assert llm("-m", "toy", "--no-stream", "Why?").startswith("About")


def schema() -> None:
    assert '"name"' in llm("-m", "toy", "--schema", "name, inhabitants int", "Oslo")


def embeddings() -> None:
    assert llm("embed", "-m", "3-small", "-c", "Hi").startswith("[")


if __name__ == "__main__":
    os.environ["LLM_USER_PATH"] = str(HOME)
    (HOME / "extra-openai-models.yaml").write_text(MODEL.format(url=os.environ["OPENAI_BASE_URL"]))
    report(
        "llm",
        [("a prompt, streamed and not", text), ("a schema", schema), ("an embedding", embeddings)],
    )
