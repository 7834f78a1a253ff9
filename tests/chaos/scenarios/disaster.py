"""The cache folder is gone: what the platform still holds is found again."""

import shutil

from tests.chaos.cases import Stage
from tests.chaos.scenarios.common import raises, run_well, until, world


def recovered_in_python(stage: Stage) -> None:
    """Delete the cache folder after submitting; recover by `Pipeline.recover()`."""
    stage.run()
    until(stage.platform.idle, "the end of the platform's jobs")
    _recover(stage)


def recovered_by_command(stage: Stage) -> None:
    """The same, by `distilabel jobs recover`."""
    stage.run()
    until(stage.platform.idle, "the end of the platform's jobs")
    _recover(stage, "jobs", "recover")


def recovered_while_running(stage: Stage) -> None:
    """Recover while the platform's jobs still run."""
    stage.run()
    _recover(stage)


def recovered_when_done(stage: Stage) -> None:
    """Delete the cache folder when all is done."""
    stage.run_until_done()
    _recover(stage)


def recovered_twice(stage: Stage) -> None:
    """Recover a second time: there is nothing left to find."""
    stage.run()
    shutil.rmtree(stage.cache)
    counts = [stage.run(command=("recover",)).recovered for _ in range(2)]
    if counts[1] != 0:
        stage.verdict.faults.append(f"recovered {counts}")
    stage.check(stage.run_until_done())


def recovered_ledger(stage: Stage) -> None:
    """Do as the message about a damaged ledger says: move it aside, recover, run again."""
    stage.run()
    ledger = stage.cache / "ledger.db"
    ledger.write_bytes(b"\x5a" * 8192)
    raises(stage, stage.run(), "DistilabelCacheError", "recover")
    for path in stage.cache.glob("ledger.db*"):
        path.rename(stage.folder / path.name)
    stage.noted(stage.run(command=("jobs", "recover")))
    stage.check(stage.run_until_done())


def kills_when_recovering(stage: Stage) -> None:
    """Kill the recovery at each of its points, and recover again."""
    for k, name in enumerate(_points_of_recovery(stage), start=1):
        with world(stage, f"{k} {name}") as one:
            run_well(one, 1)
            shutil.rmtree(one.cache)
            one.run(command=("recover",), kill_at=k)
            again = one.run(command=("recover",))
            if again.error:
                one.verdict.faults.append(f"recovering again raised {again.error}: {again.message}")
            one.judge(one.run_until_done())


def _points_of_recovery(stage: Stage) -> list[str]:
    with world(stage, "counting") as one:
        run_well(one, 1)
        shutil.rmtree(one.cache)
        path = one.folder / "points"
        one.run(command=("recover",), points=str(path))
        one.judge(one.run_until_done())
        return [line.split(" ", 1)[1] for line in path.read_text("utf-8").splitlines()]


def _recover(stage: Stage, *command: str) -> None:
    shutil.rmtree(stage.cache)
    outcome = stage.run(command=command or ("recover",))
    if outcome.error:
        stage.verdict.faults.append(f"recovering raised {outcome.error}: {outcome.message}")
    stage.check(stage.run_until_done())
