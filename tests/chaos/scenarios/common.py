"""What the scenarios share: waiting, expecting errors, worlds beside the first, and the points of a run."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep

from tests.chaos.cases import Stage
from tests.chaos.runner import Outcome

__all__ = ["points", "raises", "run_well", "until", "world"]


def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait until something has come."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"{what} never came"
        sleep(0.005)


def raises(stage: Stage, outcome: Outcome, name: str, *parts: str) -> None:
    """Note a fault unless a run ended with this error, and its text has these parts."""
    if outcome.error != name or not all(part in outcome.message for part in parts):
        reported = f"{outcome.error}: {outcome.message}" if outcome.error else "no error"
        stage.verdict.faults.append(f"{name} with {parts} was expected, not {reported}")


def points(stage: Stage, before: int) -> list[str]:
    """Return the names of the points that a run passes."""
    with world(stage, "counting") as counting:
        run_well(counting, before)
        path = counting.folder / "points"
        counting.run(points=str(path))
        return [line.split(" ", 1)[1] for line in path.read_text("utf-8").splitlines()]


def run_well(stage: Stage, runs: int) -> None:
    """Run so many times, and let the platform's jobs end after each."""
    for _ in range(runs):
        stage.run()
        until(stage.platform.idle, "the end of the platform's jobs")


@contextmanager
def world(stage: Stage, name: str) -> Iterator[Stage]:
    """Set up a stage beside, with a separate platform; its figures count in the first one's."""
    folder = stage.folder / name.replace(" ", "-").replace("/", "-")
    beside = Stage(stage.case, folder, stage.runner, emulator=stage.emulator)
    with beside.platform:
        yield beside
    beside.verdict.faults = [f"({name}) {fault}" for fault in beside.verdict.faults]
    stage.verdict.add(beside.verdict)
    if not beside.verdict.faults:
        shutil.rmtree(beside.folder)
