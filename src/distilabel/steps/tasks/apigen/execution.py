"""Executing function calls in a separate process with a time limit."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distilabel.config import looks_secret
from distilabel.steps.tasks.apigen import runner
from distilabel.steps.tasks.apigen.functions import danger_in, function_in

__all__ = ["Library", "Outcome", "execute"]


_LAST_WORDS = 2.0


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


def execute(library: Library, calls: Sequence[dict[str, Any]], timeout: float) -> list[Outcome]:
    """Execute the calls of one row, one after the other.

    Args:
        library: Where the functions are.
        calls: Each with `name` and `arguments`.
        timeout: Seconds that all of them may take together.

    Returns:
        One outcome for each call. If one of them must not be called, none is executed: they belong together.
    """
    try:
        paths = [library.file_of(call["name"]) for call in calls]
    except ValueError as error:
        return [Outcome(ok=False, result=f"ValueError: {error}")] * len(calls)
    given = [{**call, "path": str(path)} for call, path in zip(calls, paths, strict=True)]
    lines, ending = _run(json.dumps({"calls": given}).encode("ascii"), timeout)
    outcomes = [Outcome(**json.loads(line)) for line in lines[: len(calls)]]
    return outcomes + [Outcome(ok=False, result=ending)] * (len(calls) - len(outcomes))


def _run(given: bytes, timeout: float) -> tuple[list[bytes], str]:
    """Return the lines that the runner wrote, and how it ended."""
    process = subprocess.Popen(  # noqa: S603 - our own script; what it calls is the user's own file
        [sys.executable, "-P", runner.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if not looks_secret(name)},
        start_new_session=True,
    )
    ending = "the call ended its process"
    try:
        output, _ = process.communicate(given, timeout)
    except subprocess.TimeoutExpired:
        output = _end(process)
        ending = f"TimeoutError: no answer within {timeout:g} s"
    # A line that was cut off by the end is none.
    return output.split(b"\n")[:-1], ending


def _end(process: "subprocess.Popen[bytes]") -> bytes:
    """End a process and all that it has started; return what it has written."""
    if os.name == "posix":
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    try:
        return process.communicate(timeout=_LAST_WORDS)[0]
    except subprocess.TimeoutExpired as late:  # one that has left the group holds the pipe open
        return late.output or b""
