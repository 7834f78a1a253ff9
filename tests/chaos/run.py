"""`make chaos`: plays the whole table, and a chosen part of it in every other dialect; prints one line a case, from the
platform's books.

python -m tests.chaos.run [--only GROUP|NAME ...] [--dialects NAME ...] [--full] [--kills N] [--keep FOLDER]
    [--workers N]
"""

import argparse
import logging
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from time import monotonic

from tests.chaos.cases import Case, Verdict
from tests.chaos.dialects import DIALECTS, Dialect
from tests.chaos.play import play
from tests.chaos.runner import Runner
from tests.chaos.table import CASES

_COLUMNS = ("rows", "answered", "unanswered", "wrong", "paid", "lost", "twice", "kills", "runs")
_HEADS = ("rows", "answ.", "None", "wrong", "paid", "lost", "twice", "kills", "runs")
_NAME = 62


def main() -> int:
    """Play the cases that are asked for; 1 if any failed."""
    arguments = _arguments()
    logging.getLogger("distilabel.server").setLevel(
        logging.CRITICAL
    )  # what a killed client leaves undone is no news
    wanted = arguments.only or [""]
    cases = [
        (case, dialect)
        for dialect in (DIALECTS[name] for name in arguments.dialects)
        for case in CASES
        if any(word in (case.group, case.name, "") for word in wanted) and not dialect.why_not(case)
        if arguments.full or dialect.name == "openai" or case.sample or case.group == "disaster"
    ]
    if not cases:
        sys.exit(f"No case or group is called {', '.join(wanted)}.")
    began = monotonic()
    print(_line("case", _HEADS, "seconds", "verdict"), flush=True)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        verdicts = _play_all(cases, Path(arguments.keep or folder), arguments.workers, arguments.kills)
    total = Verdict()
    for verdict in verdicts:
        total.add(verdict)
    failed = sum(bool(verdict.faults) for verdict in verdicts)
    skipped = sum(bool(verdict.skipped) for verdict in verdicts)
    said = f"{len(cases) - failed - skipped} ok, {failed} failed, {skipped} skipped"
    print(_line(f"{len(cases)} cases", _figures(total), f"{monotonic() - began:.1f}", said))
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="groups or names of cases")
    parser.add_argument(
        "--dialects",
        nargs="+",
        choices=DIALECTS,
        default=[d.name for d in DIALECTS.values() if d.exists()],
        help="of which platforms",
    )
    parser.add_argument("--full", action="store_true", help="all cases in every dialect, not the chosen ones")
    parser.add_argument("--kills", type=int, default=120, help="how many kills at random moments")
    parser.add_argument("--keep", help="a folder that keeps what failing cases leave")
    parser.add_argument("--workers", type=int, default=3, help="cases played side by side")
    return parser.parse_args()


def _play_all(cases: list[tuple[Case, Dialect]], folder: Path, workers: int, kills: int) -> list[Verdict]:
    runners: SimpleQueue[Runner] = SimpleQueue()
    started = [Runner() for _ in range(workers)]
    for runner in started:
        runners.put(runner)

    def one(numbered: tuple[int, tuple[Case, Dialect]]) -> Verdict:
        number, (case, dialect) = numbered
        runner = runners.get()
        try:
            verdict = play(case, folder / f"{number:03}", runner, kills, dialect)
        finally:
            runners.put(runner)
        _print(f"{dialect.name}: {case.group}: {case.name}", verdict)
        return verdict

    try:
        # The long ones first, so that no worker is left with one at the end.
        order = sorted(enumerate(cases), key=lambda numbered: not numbered[1][0].long)
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(one, order))
    finally:
        for runner in started:
            runner.close()


def _print(name: str, verdict: Verdict) -> None:
    said = f"skipped: {verdict.skipped}" if verdict.skipped else "FAILED" if verdict.faults else "ok"
    text = _line(name, _figures(verdict), f"{verdict.seconds:.1f}", said)
    print("\n".join([text, *(f"    {fault}" for fault in verdict.faults[:6])]), flush=True)


def _figures(verdict: Verdict) -> tuple[str, ...]:
    return tuple(str(getattr(verdict, name)) for name in _COLUMNS)


def _line(name: str, figures: tuple[str, ...], seconds: str, said: str) -> str:
    return f"{name:<{_NAME}}" + "".join(f"{figure:>7}" for figure in figures) + f"{seconds:>9}  {said}"


if __name__ == "__main__":
    sys.exit(main())
