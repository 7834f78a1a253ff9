"""`distilabel jobs`: showing batch jobs. Reads the ledger, also while a run is writing to it."""

import dataclasses
from datetime import UTC, datetime
from time import sleep, time
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from distilabel._files import cache_folder
from distilabel.cli import job_actions
from distilabel.cli.options import AsJson, CacheDir, print_json
from distilabel.ledger.views import Views
from distilabel.progress.log_lines import age, job_name
from distilabel.records import Job

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Show and manage batch jobs.")
app.command("cancel")(job_actions.cancel)
app.command("retry")(job_actions.retry)
app.command("recover")(job_actions.recover)
app.command("prune")(job_actions.prune)
app.command("export")(job_actions.export)
app.command("forget")(job_actions.forget)

_WIDEST = 10_000

OpenOnly = Annotated[bool, typer.Option("--open", help="Only jobs that have not ended.")]


@app.command("ls")
def ls(cache_dir: CacheDir = None, open_only: OpenOnly = False, as_json: AsJson = False) -> None:
    """List the batch jobs, oldest first."""
    jobs = _jobs(Views(cache_folder(cache_dir)), open_only=open_only)
    if as_json:
        print_json([dataclasses.asdict(job) for job in jobs])
    elif jobs:
        table = _table(jobs)
        # Nothing is cut off: users copy the job's id.
        wide = Console(width=_WIDEST).measure(table).maximum
        Console(width=max(Console().width, wide)).print(table)
    else:
        typer.echo("No jobs.")


@app.command("watch")
def watch(
    cache_dir: CacheDir = None,
    every: Annotated[float, typer.Option(help="Seconds between updates.")] = 2.0,
    as_json: AsJson = False,
) -> None:
    """Show the open batch jobs until there are none. A run in another process collects them."""
    views = Views(cache_folder(cache_dir))
    if as_json:
        _watch_as_json(views, every)
        return
    with Live(console=Console(), auto_refresh=False, transient=True) as live:
        while jobs := _jobs(views, open_only=True):
            live.update(_table(jobs), refresh=True)
            sleep(every)
    typer.echo("No open jobs.")


def _watch_as_json(views: Views, every: float) -> None:
    while jobs := _jobs(views, open_only=True):
        print_json([dataclasses.asdict(job) for job in jobs], indent=False)
        sleep(every)
    print_json([], indent=False)


@app.command("show")
def show(job: str, cache_dir: CacheDir = None, as_json: AsJson = False) -> None:
    """Show one batch job: its requests by outcome, times, tokens and files."""
    details = Views(cache_folder(cache_dir)).details(job)
    if as_json:
        print_json(dataclasses.asdict(details))
        return
    found = details.job
    lines = [
        f"Job {job_name(found)} of {found.scope}",
        f"  platform  {found.target.platform} at {found.target.base_url}",
        f"  model     {found.target.model}",
        f"  state     {found.state}" + (f" ({found.reason}: {found.message})" if found.reason else ""),
        f"  requests  {found.requests:,}: {_counts(details.outcomes) or 'all will be submitted again'}",
        f"  tokens    about {found.tokens:,} in its prompts",
    ]
    lines += [f"  reasons   {_counts(details.reasons)}"] if details.reasons else []
    invalid = f"  invalid   {details.anomalies:,} result lines (repeated, unknown or unreadable)"
    lines += [invalid] if details.anomalies else []
    lines += [
        f"  {datetime.fromtimestamp(at, UTC).astimezone():%Y-%m-%d %H:%M:%S}  {state}"
        for state, at in details.history
    ]
    lines += [f"  file      {path}" for path in details.files]
    typer.echo("\n".join(lines))


def _jobs(views: Views, *, open_only: bool) -> list[Job]:
    return [job for job in views.jobs() if not (open_only and job.state.is_final)]


def _table(jobs: list[Job]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("job", "step", "platform", "model", "state", "requests", "age"):
        table.add_column(column, no_wrap=True, justify="right" if column in ("requests", "age") else "left")
    for job in jobs:
        why = job.remote_status if job.state == "submitted" else job.reason
        state = f"{job.state} ({why})" if why else job.state
        step, target = job.scope.rpartition("/")[2], job.target
        done = f"{job.completed or 0:,} of {job.requests:,}"
        old = age(time() - job.created_at)
        table.add_row(*map(Text, (job_name(job), step, target.platform, target.model, state, done, old)))
    return table


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
