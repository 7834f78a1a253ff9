"""What is done to processes: kills, signals, two at once, and clocks that are wrong."""

import os
import signal
import sqlite3
from contextlib import closing
from random import Random
from time import sleep

from tests.chaos.cases import Stage
from tests.chaos.scenarios.common import points, raises, run_well, until, world


def kills_everywhere(stage: Stage, before: int = 0, cut_wal: bool = False, every: int = 1) -> None:
    """Kill a run at each of its points, each time in a separate world, and run again until done.

    Args:
        stage: The case's stage.
        before: How many runs go well before the one that is killed.
        cut_wal: Whether the power goes with it: what was not synced is lost.
        every: Which points: each of them, each second, ...
    """
    for k, name in list(enumerate(points(stage, before), start=1))[::every]:
        with world(stage, f"{k} {name}") as one:
            run_well(one, before)
            outcome = one.run(kill_at=k, points=str(one.folder / "points"))
            if cut_wal and outcome.signal:
                _cut_wal(one)
            one.judge(outcome if outcome.rows is not None else one.run_until_done())


def kills_when_collecting(stage: Stage) -> None:
    """Kill the second run, the one that collects, at each of its points."""
    kills_everywhere(stage, before=1)


def kills_when_retrying(stage: Stage) -> None:
    """Kill the run that asks again for all failed rows at each of its points, and ask for them again until done."""
    with world(stage, "counting") as counting:
        counting.run_until_done()
        path = counting.folder / "points"
        counting.judge(counting.run(retry_failed=True, points=str(path)))
        names = [line.split(" ", 1)[1] for line in path.read_text("utf-8").splitlines()]
    for k, name in enumerate(names, start=1):
        with world(stage, f"{k} {name}") as one:
            one.run_until_done()
            outcome = one.run(retry_failed=True, kill_at=k)
            one.judge(outcome if outcome.rows is not None else one.run_until_done(retry_failed=True))


def power_losses(stage: Stage) -> None:
    """Kill a run at each of its points, and lose what was not synced."""
    kills_everywhere(stage, cut_wal=True)


def kills_at_random(stage: Stage) -> None:
    """Kill runs at random moments, several times on the way to one dataset."""
    random = Random(20261122)
    number = 0
    while stage.verdict.kills < stage.random_kills and not stage.verdict.faults:
        number += 1
        with world(stage, f"world {number}") as one:
            for _ in range(min(6, stage.random_kills - stage.verdict.kills)):
                _kill_after(one, random.uniform(0.01, 0.7))
            one.judge(one.run_until_done())


def half_a_result_file(stage: Stage) -> None:
    """Die while a result file is written: half of it is on the disk."""
    with world(stage, "half a file") as one:
        one.run(kill_first="before a download is synced")
        (part,) = one.cache.glob("jobs/*/*.part")
        part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])
        one.judge(one.run_until_done())


def interrupted(stage: Stage) -> None:
    """Send SIGINT."""
    _signalled(stage, signal.SIGINT)


def terminated(stage: Stage) -> None:
    """Send SIGTERM."""
    _signalled(stage, signal.SIGTERM)


def two_at_once(stage: Stage) -> None:
    """Start the same pipeline twice."""
    spec = stage.spec()
    stage.platform.gate.clear()
    first = stage.runner.start(spec)
    until(lambda: stage.platform.books.calls["poll"] > 0, "a poll")
    stage.verdict.runs += 1
    second = stage.run(out=str(stage.folder / "second.json"))
    stage.platform.gate.set()
    raises(stage, second, "DistilabelRunningError", "running already")
    stage.check(stage.noted(stage.runner.end(first, spec)))


def two_pipelines(stage: Stage) -> None:
    """Run two pipelines at once in one cache folder."""
    other = stage.spec(name="other", model="toy-2", out=str(stage.folder / "other.json"))
    spec = stage.spec()
    processes = stage.runner.start(other), stage.runner.start(spec)
    stage.verdict.runs += 2
    also = stage.noted(stage.runner.end(processes[0], other))
    stage.check(stage.noted(stage.runner.end(processes[1], spec)))
    if also.rows is None or [row["text"] for row in also.rows if row["text"] is None]:
        stage.verdict.faults.append(f"the other pipeline did not come through: {also}")


def clock_back(stage: Stage) -> None:
    """Have the clock jump back by a day between submitting and collecting."""
    stage.run()
    stage.check(stage.run_until_done(clock=-86_400.0))


def clock_back_while_unknown(stage: Stage) -> None:
    """Die between the creation and its record; the next run's clock is a day behind, or ahead."""
    for clock in (-86_400.0, 86_400.0):
        with world(stage, f"clock {clock:+g}") as one:
            one.run(kill_first="after POST batches")
            one.judge(one.run_until_done(clock=clock))


def _kill_after(one: Stage, seconds: float) -> None:
    spec = one.spec()
    process = one.runner.start(spec)
    sleep(seconds)
    if not one.runner.ended(process):
        os.kill(process, signal.SIGKILL)
    one.verdict.runs += 1
    one.noted(one.runner.end(process, spec))


def _signalled(stage: Stage, number: signal.Signals) -> None:
    spec = stage.spec(wait=3600.0)
    stage.platform.gate.clear()
    process = stage.runner.start(spec)
    until(lambda: _submitted(stage), "a job")
    os.kill(process, number)
    stage.verdict.runs += 1
    outcome = stage.noted(stage.runner.end(process, spec))
    stage.platform.gate.set()
    if outcome.signal or outcome.error or outcome.rows is not None:
        stage.verdict.faults.append(f"after {number.name}: {outcome}")
    stage.check(stage.run_until_done())


def _submitted(stage: Stage) -> bool:
    """Tell whether the ledger knows a job that waits for its next poll."""
    path = stage.cache / "ledger.db"
    if not path.exists():
        return False
    with closing(sqlite3.connect(path, timeout=60)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'jobs'").fetchone():
            return False
        return bool(connection.execute("SELECT 1 FROM jobs WHERE state = 'submitted'").fetchone())


def _cut_wal(one: Stage) -> None:
    """Cut the ledger's log to what was synced last, put half a frame of garbage after it, and lose half of each chunk."""
    for chunks in one.cache.glob("chaos/chunks/*"):
        size = chunks.stat().st_size
        with chunks.open("r+b") as file:
            file.seek(size // 2)
            file.write(bytes(size - size // 2))
    wal = one.cache / "ledger.db-wal"
    if not wal.exists():
        return
    points = (one.folder / "points").read_text("utf-8").splitlines()
    synced = [int(line.rpartition(" ")[2]) for line in points if " after a durable commit" in line]
    with wal.open("r+b") as file:
        file.truncate(synced[-1] if synced else 0)
        file.seek(0, os.SEEK_END)
        file.write(b"\xa5" * 2000)
    wal.with_name("ledger.db-shm").unlink(missing_ok=True)
