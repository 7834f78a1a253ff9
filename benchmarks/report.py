"""What was measured, as a table for the terminal, a page, and a plot."""

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measures import Figure

__all__ = ["page", "plot", "table"]

_HEAD = """# Benchmarks

Made by `make bench`, which measures all of this, prints it, and fails where a limit is exceeded. Every figure is that
of whole processes, the median of several runs; where two programs are held against each other, they ran in turn. The
platform is a small one of the benchmarks' own (`benchmarks/platform.py`) that answers at once; the bare script is
`benchmarks/programs/bare.py`: a plain HTTP client with everything in memory, which can neither resume nor lose nothing.

"""


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table."""
    rows = [("measure", "what", "figure", "limit", "verdict", "")]
    for figure in figures:
        verdict = "" if figure.limit is None else "MISSED" if figure.missed else "ok"
        sign = "" if figure.limit is None else "≥ " if figure.at_least else "≤ "
        limit = "" if figure.limit is None else f"{sign}{figure.limit:g} {figure.unit}".strip()
        value = f"{figure.value:.3g}" if abs(figure.value) < 100 else f"{figure.value:,.0f}"  # noqa: PLR2004
        rows.append(
            (figure.measure, figure.name, f"{value} {figure.unit}".strip(), limit, verdict, figure.note)
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def page(figures: Sequence[Figure]) -> str:
    """Return the page of the documentation."""
    machine = f"{os.cpu_count()} processors, {platform.system()}, Python {sys.version.split()[0]}"
    return f"{_HEAD}Measured on: {machine}.\n\n{table(figures)}\n\n![Seconds by size, on logarithmic scales](benchmarks.svg)\n"


def plot(growth: Mapping[str, Sequence[tuple[int, float]]], path: Path) -> None:
    """Draw seconds by units, one line a kind, both scales logarithmic."""
    import matplotlib as mpl  # noqa: PLC0415 - only where something is drawn
    from matplotlib import pyplot as plt  # noqa: PLC0415

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "distilabel"
    figure, axes = plt.subplots(figsize=(7, 4))
    for kind, points in growth.items():
        axes.plot(*zip(*points, strict=True), marker="o", label=kind)
    axes.set(
        xscale="log", yscale="log", xlabel="requests, steps or open jobs", ylabel="seconds, whole process"
    )
    axes.grid(which="both", alpha=0.2)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
