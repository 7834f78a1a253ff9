"""Measure all, print the table, write the page; exit with 1 where a limit is passed.

`python -m benchmarks [--only 1,3] [--runs N] [--no-peers] [--page docs/benchmarks.md]`
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measures import MEASURES, NEEDS, Figure, Workplace
from benchmarks.peers.measure import peers
from benchmarks.report import page, plot, table


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description="Measure what this library costs.")
    parser.add_argument(
        "--only",
        default=",".join(MEASURES),
        help="numbers of measures, such as 1,2,6; those they compare with are taken too",
    )
    parser.add_argument("--runs", type=int, default=3, help="runs for each median")
    parser.add_argument("--no-peers", action="store_true", help="leave the other tools out")
    parser.add_argument("--page", type=Path, help="where to write the page and, beside it, the plot")
    chosen = parser.parse_args()
    wanted = set(chosen.only.split(","))
    if not wanted <= MEASURES.keys():
        parser.error(f"--only takes {', '.join(MEASURES)}, not {chosen.only}.")
    wanted |= {other for number in wanted for other in NEEDS.get(number, ())}
    figures: list[Figure] = []
    with TemporaryDirectory() as folder:
        at = Workplace(Path(folder), chosen.runs)
        for number in sorted(wanted):
            figures += _told(MEASURES[number](at))
        if not chosen.no_peers:
            figures += _told(peers(at))
        if chosen.page:
            chosen.page.write_text(page(figures), encoding="utf-8")
            plot(at.growth, chosen.page.with_suffix(".svg"))
    _say("\n" + table(figures))
    missed = [figure for figure in figures if figure.missed]
    _say(f"\n{len(missed)} limits passed." if missed else "\nAll limits are kept.")
    return 1 if missed else 0


def _told(measured: Iterable[Figure]) -> list[Figure]:
    figures = []
    for figure in measured:
        _say(f"{figure.measure}: {figure.name}: {figure.value:.4g} {figure.unit} {figure.note}".rstrip())
        figures.append(figure)
    return figures


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
