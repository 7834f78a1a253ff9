"""Playing a case: from an empty folder to a verdict."""

import shutil
from pathlib import Path
from time import monotonic

from tests.chaos.cases import Case, Skipped, Stage, Verdict
from tests.chaos.dialects import DIALECTS, Dialect
from tests.chaos.runner import Runner

__all__ = ["play"]


def play(
    case: Case, folder: Path, runner: Runner, random_kills: int = 0, dialect: Dialect = DIALECTS["openai"]
) -> Verdict:
    """Play a case in a folder, which goes if all is well."""
    began = monotonic()
    case = dialect.of(case)
    stage = Stage(case, folder, runner, random_kills, dialect.emulator)
    try:
        with stage.platform:
            if case.play is not None:
                case.play(stage)
            else:
                stage.check(stage.run_until_done())
    except Skipped as why:
        stage.verdict.skipped = str(why)
    except Exception as error:  # noqa: BLE001 - one broken case must not end the others
        stage.verdict.faults.append(f"the case itself broke: {type(error).__name__}: {error}")
    stage.verdict.seconds = monotonic() - began
    if not stage.verdict.faults:
        shutil.rmtree(folder, ignore_errors=True)
    return stage.verdict
