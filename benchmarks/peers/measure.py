"""The peers' measures: each tool is installed into a separate environment, once, and run once."""

import os
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measures import Figure, Workplace
from benchmarks.process import ROOT, Failed, Run, platform, run
from benchmarks.prompts import prompts

__all__ = ["peers"]

_HOME = ROOT / ".venv-peers"
_COUNT = 100_000


def peers(at: Workplace) -> Iterator[Figure]:
    """Run what can be installed; a peer that cannot is named with the reason."""
    with platform() as url:
        source = prompts(at.folder, _COUNT)
        yield from _measured(
            "OpenAI's SDK in a script, 100,000 prompts",
            lambda: run(
                "-m", "benchmarks.programs.sdk", url, source, at.folder / "sdk.parquet", python=sys.executable
            ),
        )
    yield from _measured("curator 0.1.31, 100,000 prompts", lambda: _curator(at, source))
    yield from _measured("distilabel 1.5.3, 100,000 rows through three plain steps", lambda: _predecessor(at))
    yield Figure(
        "9 peers",
        "distilabel 1.5.3, 100,000 prompts",
        0,
        "runs",
        note="sends one file over the platform's limit",
    )


def _curator(at: Workplace, source: Path) -> Run:
    python = _installed("curator", "bespokelabs-curator==0.1.31")
    environment = {"HOME": str(at.folder), "CURATOR_CACHE_DIR": str(at.folder / "curator")}
    with platform() as url:
        return run(
            ROOT / "benchmarks" / "peers" / "curator.py", url, source, python=python, environment=environment
        )


def _predecessor(at: Workplace) -> Run:
    # Its OpenAI client needs requests, which it does not ask for.
    python = _installed("distilabel-1.5", "distilabel[openai]==1.5.3", "requests")
    program = ROOT / "benchmarks" / "peers" / "distilabel_1_5.py"
    return run(program, str(_COUNT), python=python, environment={"HOME": str(at.folder), "PYTHONPATH": ""})


def _measured(name: str, make: Callable[[], Run]) -> Iterator[Figure]:
    try:
        found = make()
    except (Failed, OSError, subprocess.SubprocessError) as error:
        reason = " ".join(str(error).split())[-160:]
        yield Figure("9 peers", name, 0, "runs", note=f"skipped: {reason}")
        return
    megabytes = found.memory / 1_000_000
    yield Figure(
        "9 peers", name, found.seconds, "s", note=f"processor {found.cpu:.2f} s, memory {megabytes:.0f} MB"
    )


def _installed(name: str, *packages: str) -> Path:
    """Return the Python of an environment that has these packages."""
    folder = _HOME / name
    python = folder / ("Scripts" if os.name == "nt" else "bin") / Path(sys.executable).name
    if not (folder / "done").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run(  # noqa: S603 - pip, for packages named here
            [str(python), "-m", "pip", "install", "-q", *packages],
            check=True,
            capture_output=True,
            timeout=600,
        )
        (folder / "done").touch()
    return python
