"""The measures: what is run, what is held against what, and the limit that must not be passed."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.process import PLAIN_PYTHON, Run, median_run, platform, run, stats
from benchmarks.prompts import prompts

__all__ = ["MEASURES", "NEEDS", "Figure", "Workplace"]

_MEGABYTE = 1_000_000
_IMPORTS = "distilabel, distilabel.pipeline, distilabel.llms, distilabel.steps.tasks"
_SAME_LIBRARIES = "pydantic, httpx2, rich, jinja2"


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes:
        measure: Which measure it belongs to.
        name: What was measured.
        value: The figure.
        unit: Of the figure.
        limit: What it may be; None where it is only reported.
        at_least: Whether the limit is the least, not the most.
        note: What else there is to say.
    """

    measure: str
    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def missed(self) -> bool:
        """Whether it passes its limit."""
        if self.limit is None:
            return False
        return self.value < self.limit if self.at_least else self.value > self.limit


@dataclass
class Workplace:
    """Where the programs run, and what they left for later measures.

    Attributes:
        folder: For prompts, caches and results.
        runs: How often each program is run for a median.
        growth: Points for the plot: kind to pairs of units and seconds.
    """

    folder: Path
    runs: int = 3
    growth: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    medians: dict[str, Run] = field(default_factory=dict)

    def batch(
        self,
        count: int,
        url: str,
        *arguments: str,
        size: int = 1000,
        cache: str = "cache",
        fresh: bool = True,
    ) -> Run:
        """Run this library's batch program once."""
        if fresh:
            self._empty(cache)
        return run(
            "-m", "benchmarks.programs.batch", prompts(self.folder, count), "--batch-size", str(size), *arguments,
            environment=self.environment(url, cache),
        )  # fmt: skip

    def steps(self, *arguments: str) -> Run:
        """Run this library's plain steps once."""
        self._empty("cache")
        return run("-m", "benchmarks.programs.steps", *arguments, environment=self.environment("", "cache"))

    def environment(self, url: str, cache: str) -> dict[str, str]:
        """Return the environment of this library's programs."""
        return {
            "OPENAI_BASE_URL": url,
            "OPENAI_API_KEY": "sk-benchmark",
            "DISTILABEL_CACHE_DIR": str(self.folder / cache),
            "DISTILABEL_PROGRESS": "none",
            "HF_HOME": str(self.folder / f"{cache}-datasets"),
            "HF_HUB_OFFLINE": "1",
        }

    def _empty(self, cache: str) -> None:
        """Forget what earlier runs kept, also what `datasets` made of the prompts."""
        for name in (cache, f"{cache}-datasets"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def median(self, make: Callable[[], Run], runs: int | None = None) -> Run:
        """Run something several times and return the median of each figure."""
        return median_run([make() for _ in range(runs or self.runs)])


def against_a_bare_script(at: Workplace) -> Iterator[Figure]:
    """100,000 prompts, from process start to the Distiset in hand, in turn with the bare script."""
    name, source = "1 bare script", prompts(at.folder, 100_000)
    ours, bare, share = [], [], 0.0
    with platform() as url:
        for _ in range(at.runs):
            before = stats(url)["cpu"]
            bare.append(run("-m", "benchmarks.programs.bare", url, source, at.folder / "bare.parquet"))
            between = stats(url)["cpu"]
            ours.append(at.batch(100_000, url))
            share = max(
                share, (stats(url)["cpu"] - between) / ours[-1].seconds, (between - before) / bare[-1].seconds
            )
    own, other = median_run(ours), median_run(bare)
    at.medians["100,000"] = own
    yield Figure(name, "bare script", other.seconds, "s", note=_used(other))
    yield Figure(name, "distilabel", own.seconds, "s", note=_used(own))
    yield Figure(name, "ratio", own.seconds / other.seconds, "", limit=2.0)
    yield Figure(
        name, "platform's own share of the time", share, "", note="of one core, at most over the runs"
    )


def a_million(at: Workplace) -> Iterator[Figure]:
    """1,000,000 prompts, streamed from a file."""
    name = "2 a million"
    with platform() as url:
        own = at.median(lambda: at.batch(1_000_000, url))
    at.medians["1,000,000"] = own
    yield Figure(name, "1,000,000 prompts", own.seconds, "s", note=_used(own))
    yield Figure(name, "peak memory", own.memory / _MEGABYTE, "MB", limit=400)
    yield Figure(name, "time, of that for 100,000", own.seconds / at.medians["100,000"].seconds, "", limit=11)


def plain_steps(at: Workplace) -> Iterator[Figure]:
    """100,000 rows through three steps, against `datasets.Dataset.map` three times, saved."""
    name, target = "3 plain steps", at.folder / "mapped"

    def mapped() -> Run:
        shutil.rmtree(target, ignore_errors=True)
        return run("-m", "benchmarks.programs.mapped", target)

    pairs = [(at.steps("--add-columns"), mapped()) for _ in range(at.runs)]
    own, other = (median_run(runs) for runs in zip(*pairs, strict=True))
    small = at.median(lambda: at.steps("--add-columns", "--batch-size", "50"))
    yield Figure(name, "datasets.map", other.seconds, "s", note=_used(other))
    yield Figure(name, "distilabel, batches of 1,000", own.seconds, "s", note=_used(own))
    yield Figure(name, "ratio", own.seconds / other.seconds, "", limit=2.5)
    yield Figure(name, "distilabel, batches of 50", small.seconds, "s", note=_used(small))
    yield Figure(name, "batches of 50, of those of 1,000", small.seconds / own.seconds, "", limit=2.0)


def online(at: Workplace) -> Iterator[Figure]:
    """2,000 requests, 128 in flight, log-normal latencies; counted while there is enough to ask."""
    reached = []
    for _ in range(at.runs):
        with platform() as url:
            run("-m", "benchmarks.programs.online", "2000", "128", environment=at.environment(url, "online"))
            reached.append(stats(url))
    middle = sorted(reached, key=lambda found: found["of_ideal"])[len(reached) // 2]
    yield Figure(
        "4 online", "throughput, of the ideal", middle["of_ideal"], "", limit=0.95, at_least=True,
        note=f"{middle['in_flight']:.0f} in flight, mean latency {middle['mean_latency'] * 1000:.0f} ms",
    )  # fmt: skip


def start(at: Workplace) -> Iterator[Figure]:
    """What importing costs, against the libraries that it stands on."""
    name, times = "5 start", 5 * at.runs
    pairs = [(run("-c", f"import {_IMPORTS}"), run("-c", f"import {_SAME_LIBRARIES}")) for _ in range(times)]
    own, other = (median_run(runs) for runs in zip(*pairs, strict=True))
    yield Figure(name, f"import {_SAME_LIBRARIES}", other.seconds, "s")
    yield Figure(name, f"import {_IMPORTS}", own.seconds, "s")
    yield Figure(name, "ratio", own.seconds / other.seconds, "", limit=2.0)
    help_run = at.median(lambda: run(PLAIN_PYTHON.with_name("distilabel"), "--help"), times)
    yield Figure(name, "distilabel --help", help_run.seconds, "s", limit=0.5)


def nothing_to_do(at: Workplace) -> Iterator[Figure]:
    """A finished pipeline of 100,000 rows, run again; the platform counts calls."""
    name = "6 nothing to do"
    with platform() as url:
        first = at.median(lambda: at.batch(100_000, url))
        before = stats(url)["calls"]
        again = at.median(lambda: at.batch(100_000, url, fresh=False))
        calls = stats(url)["calls"] - before - 1
    yield Figure(name, "first run", first.seconds, "s", note=_used(first))
    yield Figure(name, "run again", again.seconds, "s", note=_used(again))
    yield Figure(name, "run again, of the first", again.seconds / first.seconds, "", limit=0.15)
    yield Figure(name, "calls to the platform", calls, "", limit=0)


def cost_of_durability(at: Workplace) -> Iterator[Figure]:
    """The same run in 10 jobs, with and without waiting for the disk."""
    name = "7 durability"
    with platform() as url:
        pairs = [
            (
                at.batch(100_000, url, "--per-job", "10000"),
                at.batch(100_000, url, "--per-job", "10000", "--not-durable"),
            )
            for _ in range(at.runs)
        ]
    durable, not_durable = (median_run(runs) for runs in zip(*pairs, strict=True))
    yield Figure(name, "not durable", not_durable.seconds, "s", note=_used(not_durable))
    yield Figure(name, "durable", durable.seconds, "s", note=_used(durable))
    yield Figure(name, "what the promise costs", durable.seconds / not_durable.seconds - 1, "of the time")


def growth(at: Workplace) -> Iterator[Figure]:
    """What one more unit costs, when there are many already, against when there are few."""
    with platform() as url:
        small = at.median(lambda: at.batch(10_000, url))
    seconds = [small.seconds, *(at.medians[name].seconds for name in ("100,000", "1,000,000"))]
    yield from _level(at, "requests", (10_000, 100_000, 1_000_000), seconds)
    counts = (1, 10, 100)
    for kind, more in (("steps", ()), ("steps that each add a column", ("--add-columns",))):
        steps = [
            at.median(lambda n=n, m=more: at.steps("--rows", "20000", "--steps", str(n), *m)) for n in counts
        ]
        # Rows that get wider take longer, whoever carries them.
        yield from _level(at, kind, counts, [one.seconds for one in steps], limit=None if more else 1.5)
    with platform("3") as url:
        jobs = [at.median(lambda n=n: at.batch(n * 1000, url, "--per-job", "1000")).seconds for n in counts]
    yield from _level(at, "open jobs", counts, jobs)


def _level(
    at: Workplace, kind: str, units: Sequence[int], seconds: Sequence[float], limit: float | None = 1.5
) -> Iterator[Figure]:
    at.growth[kind] = list(zip(units, seconds, strict=True))
    few = (seconds[1] - seconds[0]) / (units[1] - units[0])
    many = (seconds[2] - seconds[1]) / (units[2] - units[1])
    taken = ", ".join(f"{n:,}: {s:.2f} s" for n, s in zip(units, seconds, strict=True))
    yield Figure("8 growth", f"{kind}: cost of one more", many * 1000, "ms", note=taken)
    yield Figure("8 growth", f"{kind}: the same, of that when there are few", many / few, "", limit)


def _used(run: Run) -> str:
    return f"processor {run.cpu:.2f} s, memory {run.memory / _MEGABYTE:.0f} MB"


MEASURES: dict[str, Callable[[Workplace], Iterator[Any]]] = {
    "1": against_a_bare_script,
    "2": a_million,
    "3": plain_steps,
    "4": online,
    "5": start,
    "6": nothing_to_do,
    "7": cost_of_durability,
    "8": growth,
}

NEEDS = {"2": ("1",), "8": ("1", "2")}
"""Which measures compare with figures of others."""
