"""Logs events as sentences."""

import shlex
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from time import time

from distilabel._files import without_credentials
from distilabel.config import looks_secret, public
from distilabel.events import (
    ChunkDone,
    Event,
    JobMoved,
    NextPoll,
    Notice,
    RunBegan,
    RunEnded,
    StepEnded,
)
from distilabel.records import Job

__all__ = ["EventLogger", "age", "how_to_resume", "job_name", "job_progress", "jobs_of_earlier_runs"]

_LEVELS = {"info": 20, "warning": 30, "error": 40}
# States that tell a user nothing new.
_SILENT = frozenset({"uploading", "uploaded", "creating", "fetched"})


class EventLogger:
    """Turns events into log lines.

    Args:
        log: Called with a level of `logging` and a sentence.
        clock: Returns the time in seconds since 1970.
    """

    def __init__(self, log: Callable[[int, str], None], clock: Callable[[], float] = time) -> None:
        self._log = log
        self._clock = clock
        self._rows: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._cached: Counter[str] = Counter()
        self._last: dict[int, str] = {}

    def __call__(self, event: Event) -> None:
        """Log an event, if it concerns the user."""
        match event:
            case RunBegan(pipeline, steps):
                self._info(f"Pipeline {pipeline!r} starts: {', '.join(steps)}.")
            case ChunkDone(step, rows, failures, cached):
                self._rows[step] += rows
                self._failures[step] += failures
                self._cached[step] += rows if cached else 0
            case StepEnded(step):
                self._step_ended(step)
            case JobMoved(job):
                self._job(job)
            case NextPoll(job, seconds):
                self._log(10, f"Batch job {job_name(job)}: next poll in {seconds:g} s.")
            case Notice(level, text):
                self._log(_LEVELS[level], text)
            case RunEnded():
                self._ended(event)
            case _:
                pass

    def _info(self, text: str) -> None:
        self._log(20, text)

    def _step_ended(self, step: str) -> None:
        kept = self._cached[step]
        text = f"Step {step!r} is done: {_count(self._rows[step], 'row')}"
        self._info(text + (f", {kept:,} of them from the cache." if kept else "."))
        if self._failures[step]:
            self._log(
                30,
                f"Step {step!r} has no response for {_count(self._failures[step], 'row')}; the reasons are in "
                "`distilabel_metadata` (Pipeline(enable_metadata=True) keeps it).",
            )

    def _job(self, job: Job) -> None:
        step = job.scope.rpartition("/")[2]
        text = f"Batch job {job_name(job)} of step {step!r}: {job_progress(job)}."
        if job.state not in _SILENT and self._last.get(job.id) != text:
            self._last[job.id] = text
            self._info(text)

    def _ended(self, event: RunEnded) -> None:
        if event.complete:
            self._info(f"Pipeline {event.pipeline!r} is done: {_count(event.rows, 'row')}.")
            return
        jobs, own = event.open_jobs, event.own_jobs
        lines = [
            f"Pipeline {event.pipeline!r} is not finished: {_count(len(jobs) + len(own), 'batch job')} open."
        ]
        lines += [
            f"  {job_name(job)}: {job_progress(job)}, {age(self._clock() - job.created_at)} old"
            for job in jobs
        ]
        lines += [f"  {name}: submitted by a custom LLM" for name in own]
        lines.append(f"Nothing is lost. To continue, run it again: {how_to_resume()}")
        self._info("\n".join(lines))


def job_name(job: Job) -> str:
    """Return the platform's id of a batch job, or the number in the ledger while it has none."""
    return job.remote_id or f"#{job.id}"


def job_progress(job: Job) -> str:
    """Return the state and progress of a batch job as text."""
    if job.state == "submitted":
        done = job.completed if job.completed is not None else 0
        return f"{job.remote_status or 'submitted'}, {done:,} of {_count(job.requests, 'request')} done"
    if job.reason:
        return f"{job.state} ({job.reason}: {job.message})"
    return f"{job.state}, {_count(job.requests, 'request')}"


def jobs_of_earlier_runs(jobs: Sequence[Job]) -> str:
    """Return a text that names open jobs for which a run does not wait, and says what to do about them."""
    lines = [f"Open batch jobs of earlier runs, for which this run does not wait: {len(jobs):,}."]
    lines += [
        f"  {job_name(job)} of step {job.scope.rpartition('/')[2]!r}: {job.target.model} at {job.target.base_url}, "
        f"{job_progress(job)}"
        for job in jobs
    ]
    name = job_name(jobs[0]) if len(jobs) == 1 else "ID"
    lines.append(
        f"A run with that model, address and parameters collects the responses. `distilabel jobs cancel {name}` ends a job, and "
        f"`distilabel jobs forget {name}` one that its platform certainly does not have."
    )
    if any(job.scope.startswith("pipeline_") for job in jobs):
        lines.append("If another program submitted a job, give this pipeline a name: Pipeline(name=...).")
    return "\n".join(lines)


def age(seconds: float) -> str:
    """Return a time span as text in the largest unit that fits.

    Examples:
        >>> age(42), age(600), age(7300)
        ('42 s', '10 min', '2.0 h')
    """
    if seconds < 120:  # noqa: PLR2004
        return f"{max(0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004


def how_to_resume() -> str:
    """Return the command that runs this program again, without secrets; in a notebook, the call."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    arguments = _without_secrets(sys.argv[1:])
    if spec is not None and spec.name:
        return shlex.join(["python", "-m", spec.name.removesuffix(".__main__"), *arguments])
    if main is None:
        return "pipeline.run()"
    if Path(sys.argv[0]).stem == "distilabel":
        return shlex.join(["distilabel", *arguments])
    return shlex.join(["python", sys.argv[0], *arguments])


def _without_secrets(arguments: Sequence[str]) -> list[str]:
    """Replace the values of options that hold credentials: `--token ...`, `--token=...`, `step.api_key=...`."""
    shown, hide = [], False
    for word in arguments:
        name, is_pair, _ = word.partition("=")
        key = name.lstrip("-").rpartition(".")[2]
        secret = looks_secret(key) or not public("", {key: {"": ""}})
        shown.append("..." if hide else f"{name}=..." if is_pair and secret else without_credentials(word))
        hide = secret and not is_pair and word.startswith("--") and not hide
    return shown


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
