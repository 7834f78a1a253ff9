"""Executing function calls in a separate process with limits and a clean environment."""

import hashlib
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distilabel.steps.tasks.apigen import runner
from distilabel.steps.tasks.apigen.functions import danger_in, function_in

__all__ = ["Library", "Limits", "Outcome", "execute"]

_LAST_WORDS = 2.0
_ENVIRONMENT = frozenset(
    {
        *("PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "VIRTUAL_ENV"),
        *("PYTHONHOME", "PYTHONPATH", "PYTHONHASHSEED", "PYTHONUTF8", "PYTHONDONTWRITEBYTECODE"),
        *("SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT"),  # Windows starts no Python without the first
    },
)
"""The variables that Python and its packages need; all others may hold secrets under any name."""

_MOST_FILES = 256
_LARGEST_FILE = 64 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a call: whether it returned, and the result or the error, as text."""

    ok: bool
    result: str


@dataclass(frozen=True, slots=True)
class Library:
    """The functions that may be called: those of a file, or of a folder with a file for each.

    Attributes:
        path: The file or the folder.
        check_is_dangerous: Whether functions that look dangerous are not called; see `danger_in`.
    """

    path: Path
    check_is_dangerous: bool = True

    def digest(self) -> str:
        """Return 32 hexadecimal digits that stand for the code in its files; what that imports is not looked at."""
        digest = hashlib.blake2b(digest_size=16)
        for path in sorted(self.path.glob("*.py")) if self.path.is_dir() else [self.path]:
            source = path.read_bytes() if path.is_file() else b""
            digest.update(f"{path.name} {len(source)}\n".encode() + source)
        return digest.hexdigest()

    def file_of(self, name: str) -> Path:
        """Find the file in which a function is.

        Raises:
            ValueError: It is not there, or must not be called.
        """
        path = self.path / f"{name}.py" if self.path.is_dir() else self.path
        # Anything but a name could lead out of the folder.
        source = path.read_text("utf-8") if name.isidentifier() and path.is_file() else ""
        try:
            function = function_in(source, name)
        except SyntaxError as error:
            raise ValueError(f"{path.name} is not valid Python: {error.msg}") from None
        if function is None:
            raise ValueError(f"there is no function {name!r} in {self.path.name}")
        danger = danger_in(function) if self.check_is_dangerous else None
        if danger is not None:
            raise ValueError(f"{name} was not called: it uses {danger}, which may be dangerous")
        return path.resolve()


@dataclass(frozen=True, slots=True)
class Limits:
    """What the process of one row may use.

    Attributes:
        seconds: Seconds that all its calls may take together.
        megabytes: Memory of the process.
        network: Whether it may use the network.
        variables: Environment variables that it gets beside those that Python needs.
    """

    seconds: float
    megabytes: int = 4096
    network: bool = False
    variables: Sequence[str] = ()

    def of_process(self) -> dict[str, int]:
        """Return the limits by the names that the system gives them."""
        return {
            "RLIMIT_CPU": math.ceil(self.seconds) + 1,  # ends those too that have left the process group
            "RLIMIT_AS": self.megabytes << 20,
            "RLIMIT_NOFILE": _MOST_FILES,
            "RLIMIT_FSIZE": _LARGEST_FILE,
            "RLIMIT_CORE": 0,
        }

    def environment(self) -> dict[str, str]:
        """Return the environment of the process."""
        allowed = _ENVIRONMENT.union(self.variables)
        return {k: v for k, v in os.environ.items() if k in allowed or k.startswith("LC_")}


def execute(library: Library, calls: Sequence[dict[str, Any]], limits: Limits) -> list[Outcome]:
    """Execute the calls of one row, one after the other.

    Args:
        library: Where the functions are.
        calls: Each with `name` and `arguments`.
        limits: What their process may use.

    Returns:
        One outcome for each call. If one of them must not be called, none is executed: they belong together.
    """
    try:
        paths = [library.file_of(call["name"]) for call in calls]
    except ValueError as error:
        return [Outcome(ok=False, result=f"ValueError: {error}")] * len(calls)
    given = [{**call, "path": str(path)} for call, path in zip(calls, paths, strict=True)]
    lines, ending = _run(given, limits)
    outcomes = [Outcome(**json.loads(line)) for line in lines[: len(calls)]]
    return outcomes + [Outcome(ok=False, result=ending)] * (len(calls) - len(outcomes))


def _run(calls: list[dict[str, Any]], limits: Limits) -> tuple[list[bytes], str]:
    """Return the lines that the runner wrote, and how it ended."""
    given = {"calls": calls, "limits": limits.of_process(), "network": limits.network}
    process = subprocess.Popen(  # noqa: S603 - our own script; what it calls is the user's own file
        [sys.executable, "-P", runner.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=limits.environment(),
        start_new_session=True,
    )
    ending = "the call ended its process"
    try:
        output, _ = process.communicate(json.dumps(given).encode("ascii"), limits.seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        try:
            output = process.communicate(timeout=_LAST_WORDS)[0]
        except subprocess.TimeoutExpired as late:  # one that has left the group holds the pipe open
            output = late.output or b""
        ending = f"TimeoutError: no answer within {limits.seconds:g} s"
    finally:
        _end(process)  # what the calls started does not outlive them
    # A line that was cut off by the end is none.
    return output.split(b"\n")[:-1], ending


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process and its process group."""
    if os.name == "posix":
        with suppress(
            ProcessLookupError, PermissionError
        ):  # macOS: the group has only members that have ended
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
