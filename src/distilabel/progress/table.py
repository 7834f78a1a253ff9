"""A live table of a run on a terminal: the rows of each step, and the progress of each batch job."""

import threading
from collections import Counter
from collections.abc import Callable
from time import time

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table

from distilabel.events import ChunkDone, Event, JobMoved, NextPoll, RunBegan, StepBegan, StepEnded
from distilabel.progress.log_lines import age, job_name
from distilabel.records import Job

__all__ = ["LiveTable"]

_MOST_JOBS = 12


class LiveTable:
    """Shows the run on a terminal; safe to call from several threads.

    Args:
        console: The terminal.
        clock: Returns the time in seconds since 1970.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._states: dict[str, str] = {}
        self._rows: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._jobs: dict[int, Job] = {}
        self._polls: dict[int, float] = {}
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=4, transient=True)

    def start(self) -> None:
        """Show the table."""
        self._live.start()

    def stop(self) -> None:
        """Remove the table; the log lines above it stay."""
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Update the table with an event."""
        with self._lock:
            match event:
                case RunBegan(_, steps):
                    self._states = dict.fromkeys(steps, "waiting")
                case StepBegan(step):
                    self._states[step] = "running"
                case StepEnded(step):
                    self._states[step] = "done"
                case ChunkDone(step, rows, failures, _):
                    self._rows[step] += rows
                    self._failures[step] += failures
                case JobMoved(job):
                    self._jobs[job.id] = job
                    self._polls.pop(job.id, None)
                case NextPoll(job, seconds):
                    self._polls[job.id] = self._clock() + seconds
                case _:
                    pass

    def _render(self) -> RenderableType:
        with self._lock:
            parts: list[RenderableType] = [self._steps_table()]
            if self._jobs:
                parts.append(self._jobs_table())
        return Group(*parts)

    def _steps_table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for column, justify in (("step", "left"), ("rows", "right"), ("no response", "right"), ("", "left")):
            table.add_column(column, justify="right" if justify == "right" else "left")
        for step, state in self._states.items():
            failures = self._failures[step]
            table.add_row(step, f"{self._rows[step]:,}", f"{failures:,}" if failures else "", state)
        return table

    def _jobs_table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for column in ("batch job", "state", "requests", "age", "next poll"):
            table.add_column(column, justify="right" if column in ("requests", "age") else "left")
        jobs = [job for job in self._jobs.values() if not job.state.is_final]
        for job in jobs[:_MOST_JOBS]:
            table.add_row(*self._job_row(job))
        if len(jobs) > _MOST_JOBS:
            table.add_row(f"and {len(jobs) - _MOST_JOBS} more")
        over = len(self._jobs) - len(jobs)
        if over:
            table.add_row(f"{over} done")
        return table

    def _job_row(self, job: Job) -> tuple[str, ...]:
        now = self._clock()
        poll = self._polls.get(job.id)
        state = job.remote_status if job.state == "submitted" and job.remote_status else job.state
        done = f"{job.completed or 0:,} of {job.requests:,}"
        return job_name(job), state, done, age(now - job.created_at), f"in {age(poll - now)}" if poll else ""
