"""`distilabel jobs`: the commands that change a batch job, here or on its platform."""

import dataclasses
import re
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from time import time
from typing import Annotated, Any, Optional

import typer

from distilabel import _event_loop as loop
from distilabel._files import cache_folder
from distilabel.cli.options import AsJson, CacheDir, print_json
from distilabel.exceptions import DistilabelUserError
from distilabel.ledger.jobs import Ledger
from distilabel.ledger.views import Views
from distilabel.progress.log_lines import job_name
from distilabel.providers.registry import PLATFORMS, platform
from distilabel.records import Job, JobCondition, JobState, custom_id

__all__ = ["cancel", "export", "forget", "prune", "recover", "retry"]

_AGE = re.compile(r"(\d+)([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def cancel(
    job: Annotated[Optional[str], typer.Argument(help="The job's id.")] = None,
    all_open: Annotated[bool, typer.Option("--all", help="Every job that has not ended.")] = False,
    cache_dir: CacheDir = None,
    as_json: AsJson = False,
) -> None:
    """Cancel a batch job on its platform. The next run collects the results that it already has."""
    if (job is None) == (not all_open):
        raise DistilabelUserError("Name one job, or give --all: `distilabel jobs ls --open` lists them.")
    views = Views(cache_folder(cache_dir))
    jobs = [views.details(job).job] if job else views.jobs()
    stopped = [found for found in jobs if not found.state.is_final and found.remote_id]
    for found in stopped:
        _with_client(
            found.target.platform,
            found.target.base_url,
            lambda client, f=found: client.provider.cancel(f.remote_id),
        )
    if as_json:
        print_json([found.remote_id for found in stopped])
    else:
        typer.echo(
            "\n".join(f"Asked the platform to cancel {found.remote_id}." for found in stopped)
            or "No open job to cancel."
        )


def forget(job: str, cache_dir: CacheDir = None, as_json: AsJson = False) -> None:
    """Give up a batch job whose results the platform no longer has. Its requests are submitted, and paid for, again."""
    folder = cache_folder(cache_dir)
    found = Views(folder).details(job).job
    if found.state not in (JobState.SUBMITTED, JobState.ENDED):
        raise DistilabelUserError(
            f"Job {job_name(found)} is {found.state}: only a submitted or ended job can be given up."
        )
    ledger = Ledger(folder)
    try:
        _give_up(ledger, found)
    finally:
        ledger.close()
    if as_json:
        print_json({"job": job_name(found), "requests": found.requests})
    else:
        typer.echo(f"Gave up {job_name(found)}: the next run submits its unanswered requests again.")


def _give_up(ledger: Ledger, job: Job) -> None:
    message = "The job was given up by the user."
    if job.state == JobState.ENDED:
        # The next run collects what there is, and no longer waits for the rest.
        ledger.jobs.note_condition(job, JobCondition.FORGOTTEN, message)
    else:
        ledger.jobs.lose(job, most_attempts=sys.maxsize, code="job_lost", message=message)


def retry(job: str, cache_dir: CacheDir = None, as_json: AsJson = False) -> None:
    """Have the next run submit the failed requests of a batch job again."""
    folder = cache_folder(cache_dir)
    found = Views(folder).details(job).job
    ledger = Ledger(folder)
    try:
        count = ledger.jobs.want_again(found.id)
    finally:
        ledger.close()
    if as_json:
        print_json({"job": job_name(found), "requests": count})
    else:
        typer.echo(f"{count:,} requests of {job_name(found)} will be submitted again: run the pipeline.")


def recover(
    name: Annotated[str, typer.Option("--platform", help=f"One of: {', '.join(PLATFORMS)}.")] = "openai",
    base_url: Annotated[
        Optional[str], typer.Option(help="The platform's address; default: its usual one.")
    ] = None,
    cache_dir: CacheDir = None,
    as_json: AsJson = False,
) -> None:
    """Find your batch jobs on a platform after the cache folder was lost, so that nothing is paid for again."""
    from distilabel.offline.client import connect  # noqa: PLC0415 - slow to import, and `--help` needs none of it
    from distilabel.offline.recovery import recover as recover_jobs  # noqa: PLC0415

    ledger, client = Ledger(cache_folder(cache_dir)), connect(name, base_url)
    try:
        jobs = loop.run(recover_jobs(ledger, client))
    finally:
        loop.run(client.transport.close())
        ledger.close()
    if as_json:
        print_json([dataclasses.asdict(job) for job in jobs])
        return
    for job in jobs:
        typer.echo(f"Recovered {job.remote_id} of {job.scope}: {job.requests:,} requests.")
    typer.echo(
        "Run the pipeline again to collect the answers."
        if jobs
        else "No job was found that is not known already."
    )


def prune(
    older_than: Annotated[str, typer.Option(help="The least age, such as 30d, 12h or 90m.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    cache_dir: CacheDir = None,
    as_json: AsJson = False,
) -> None:
    """Delete batch jobs that ended long ago, with their results. If a run needs them again, they are paid for again."""
    folder, before = cache_folder(cache_dir), time() - _seconds(older_than)
    old = [job for job in Views(folder).jobs() if job.state.is_final and job.moved_at < before]
    if old and not yes and not as_json:
        typer.confirm(
            f"Delete {len(old):,} jobs and their results? If a run needs them again, they are paid for again.",
            abort=True,
        )
    ledger = Ledger(folder)
    try:
        pruned = ledger.jobs.prune(before)
    finally:
        ledger.close()
    for number in pruned:
        shutil.rmtree(folder / "jobs" / str(number), ignore_errors=True)
    if as_json:
        print_json(pruned)
    else:
        typer.echo(f"Deleted {len(pruned):,} jobs.")


def export(
    job: str,
    to: Annotated[Optional[Path], typer.Option(help="The folder to write to; default: the job's id.")] = None,
    cache_dir: CacheDir = None,
    as_json: AsJson = False,
) -> None:
    """Write the requests and raw results of a batch job to JSONL files."""
    folder = cache_folder(cache_dir)
    views = Views(folder)
    details = views.details(job)
    target = to or Path(job_name(details.job).lstrip("#"))
    target.mkdir(parents=True, exist_ok=True)
    provider = platform(details.job.target.platform).provider()
    written = [target / "requests.jsonl"]
    with written[0].open("wb") as file, views.lines(details.job) as lines:
        for key, sample, body in lines:
            file.write(provider.encode(custom_id(key, sample), body, details.job.target.endpoint))
    for path in details.files:
        written.append(target / Path(path).name)
        shutil.copyfile(folder / path, written[-1])
    if as_json:
        print_json([str(path) for path in written])
    else:
        typer.echo("\n".join(f"Wrote {path}." for path in written))


def _with_client(name: str, base_url: str, flow: Any) -> None:
    from distilabel.offline.client import connect  # noqa: PLC0415 - as above

    client = connect(name, base_url)
    try:
        loop.run(client.transport.run(flow(client)))
    finally:
        loop.run(client.transport.close())


def _seconds(text: str) -> float:
    match = _AGE.fullmatch(text)
    if match is None:
        raise DistilabelUserError(f"--older-than is {text!r}: write a number and d, h or m, such as 30d.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])}).total_seconds()
