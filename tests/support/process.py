"""Real processes: a script of a user's, started, watched, interrupted and killed."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic, sleep

_SRC = Path(__file__).resolve().parents[2] / "src"


class Process:
    """A running script, with the package of this checkout; what it prints is gathered line by line."""

    def __init__(self, script: Path, environment: dict[str, str], *arguments: str) -> None:
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            cwd=script.parent,
            # Unbuffered, each word would be a write of its own, and the words of two processes would share a line.
            env={**os.environ, "PYTHONUNBUFFERED": "", "PYTHONPATH": str(_SRC), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, words: str, seconds: float = 60) -> None:
        """Wait until a line holds these words."""
        deadline = monotonic() + seconds
        while words not in self.text:
            assert self._process.poll() is None or words in self.text, (
                f"ended without {words!r}:\n{self.text}"
            )
            assert monotonic() < deadline, f"no {words!r} within {seconds} s:\n{self.text}"
            sleep(0.02)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._process.kill()
        self.end()

    def end(self, seconds: float = 300) -> int:
        """Wait for its end and return its exit code."""
        code = self._process.wait(seconds)
        self._reader.join(60)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code


def run(script: Path, environment: dict[str, str], *arguments: str) -> Process:
    """Run a script to its end; it must exit with 0."""
    process = Process(script, environment, *arguments)
    assert process.end() == 0, process.text
    return process
