"""Other processes, by their id: whether they are there, and waiting until something is so."""

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep


def wait_until(so: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is so."""
    deadline = monotonic() + seconds
    while not so():
        assert monotonic() < deadline, f"not so within {seconds} s"
        sleep(0.01)


def is_alive(pid: int) -> bool:
    """Tell whether a process is there; one that has ended and waits to be looked at is not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
