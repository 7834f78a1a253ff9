"""`distilabel jobs`: what the ledger knows of batch jobs. Reads beside a run without disturbing it."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Annotated, Any, Optional

import orjson
import typer
from rich.console import Console
from rich.table import Table

from distilabel.folders import cache_folder
from distilabel.ledger.states import FINAL_JOB_STATES
from distilabel.ledger.views import Views
from distilabel.progress.narrate import age, job_name
from distilabel.records import Job

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Look at batch jobs.")

CacheDir = Annotated[Optional[Path], typer.Option(help="The cache folder; default: DISTILABEL_CACHE_DIR.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("ls")
def ls(
    cache_dir: CacheDir = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only jobs that are not over.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the jobs, oldest first."""
    jobs = [
        job
        for job in Views(cache_folder(cache_dir)).jobs()
        if not (open_only and job.state in FINAL_JOB_STATES)
    ]
    if as_json:
        _print_json([dataclasses.asdict(job) for job in jobs])
        return
    table = Table("job", "step", "platform", "model", "state", "requests", "age", box=None, pad_edge=False)
    for job in jobs:
        table.add_row(*_row(job))
    Console().print(table if jobs else "No jobs.")


@app.command("show")
def show(job: str, cache_dir: CacheDir = None, as_json: AsJson = False) -> None:
    """Show one job: its requests by outcome, its times and files."""
    details = Views(cache_folder(cache_dir)).details(job)
    if as_json:
        _print_json(dataclasses.asdict(details))
        return
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"Job {job_name(details.job)} of {details.job.scope}", markup=False)
    console.print(f"  platform  {details.job.target.platform} at {details.job.target.base_url}", markup=False)
    console.print(f"  model     {details.job.target.model}", markup=False)
    console.print(f"  requests  {details.job.requests:,}: {_counts(details.outcomes) or 'none settled'}")
    if details.reasons:
        console.print(f"  reasons   {_counts(details.reasons)}", markup=False)
    if details.anomalies:
        console.print(f"  odd lines {details.anomalies:,} (twice there, foreign or unreadable)")
    for state, at in details.history:
        console.print(f"  {datetime.fromtimestamp(at, UTC).astimezone():%Y-%m-%d %H:%M:%S}  {state}")
    for path in details.files:
        console.print(f"  file      {path}", markup=False)


def _row(job: Job) -> tuple[str, ...]:
    state = f"{job.state} ({job.remote_status})" if job.state == "submitted" else job.state
    step, target = job.scope.rpartition("/")[2], job.target
    done = f"{job.completed or 0:,} of {job.requests:,}"
    return job_name(job), step, target.platform, target.model, state, done, age(time() - job.created_at)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _print_json(value: Any) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
