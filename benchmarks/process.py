"""Running a program as a whole process: how long it took, on the clock and of the processor, and its peak memory."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import httpx2

__all__ = ["PLAIN_PYTHON", "ROOT", "Failed", "Run", "median_run", "platform", "run", "stats"]

ROOT = Path(__file__).resolve().parents[1]

_PLAIN = ROOT / ".venv-bench" / "bin" / "python"
PLAIN_PYTHON = _PLAIN if _PLAIN.exists() else Path(sys.executable)
"""The Python of an environment that has what users have, and none of the developers' tools; `make bench` makes it."""

# An installed package has been compiled; one that developers run from its sources may not be allowed to.
_AS_USERS = {"PYTHONDONTWRITEBYTECODE": ""}


class Failed(Exception):  # noqa: N818 - a program failed, this one did not
    """A program ended with an error; the text is the end of what it said."""


@dataclass(frozen=True)
class Run:
    """One run of a program.

    Attributes:
        seconds: On the clock, from its start to its end.
        cpu: Seconds of processor, its own and the system's for it.
        memory: Peak resident memory in bytes.
        said: What it wrote to its standard output.
    """

    seconds: float
    cpu: float
    memory: int
    said: str


def run(
    *arguments: str | Path, environment: Mapping[str, str] | None = None, python: str | Path = PLAIN_PYTHON
) -> Run:
    """Run a module or a script with Python and wait for its end.

    Args:
        arguments: As for Python itself, such as `-m benchmarks.programs.bare`.
        environment: Beside that of this process.
        python: Which Python.

    Raises:
        Failed: It ended with an error.
    """
    with TemporaryDirectory() as folder, (Path(folder) / "said").open("w+") as said:
        began = perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own programs
            [str(python), *map(str, arguments)], cwd=ROOT, env={**os.environ, **_AS_USERS, **(environment or {})},
            stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    if process.returncode != 0:
        raise Failed(text[-2000:] or f"exit code {process.returncode}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _MEMORY_UNIT, text)


# Linux counts in kilobytes, macOS in bytes.
_MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024


def median_run(runs: Sequence[Run]) -> Run:
    """Return the median of each figure."""
    return Run(
        median(run.seconds for run in runs),
        median(run.cpu for run in runs),
        int(median(run.memory for run in runs)),
        runs[-1].said,
    )


@contextlib.contextmanager
def platform(*arguments: str) -> Iterator[str]:
    """Run the platform of the benchmarks and give its address."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "benchmarks.platform", *arguments], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


def stats(url: str) -> dict[str, float]:
    """Return what the platform says of itself: seconds of processor, calls, latencies."""
    found: dict[str, float] = httpx2.get(f"{url}/stats").json()
    return found
