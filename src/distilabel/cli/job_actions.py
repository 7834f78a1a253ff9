"""`distilabel jobs`: the commands that change a batch job, here or on its platform."""

import dataclasses
import re
import shutil
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Annotated, Any, Optional, TypeVar

import typer
from filelock import FileLock, Timeout

from distilabel import _event_loop as loop
from distilabel._files import cache_folder
from distilabel.cli.options import AsJson, CacheDir, print_json
from distilabel.exceptions import DistilabelException, DistilabelPlatformError, DistilabelUserError
from distilabel.ledger.jobs import Ledger
from distilabel.ledger.views import Views
from distilabel.progress.log_lines import job_name
from distilabel.providers.registry import PLATFORMS, platform
from distilabel.records import Job, JobCondition, JobState, custom_id

if TYPE_CHECKING:
    from distilabel.offline.client import PlatformClient

__all__ = ["cancel", "export", "forget", "prune", "recover", "retry"]

T = TypeVar("T")

_OVER_ON_PLATFORM = frozenset({JobState.ENDED, JobState.FETCHED})
_GIVEN_UP = "The job was given up by the user."
_AGE = re.compile(r"(\d+)([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def cancel(
    job: Annotated[Optional[str], typer.Argument(help="The job's id.")] = None,
    all_open: Annotated[bool, typer.Option("--all", help="Every job that has not ended.")] = False,
    cache_dir: CacheDir = None,
    as_json: AsJson = False,
) -> None:
    """Cancel a batch job, on its platform if it is there. The next run collects the results that it already has."""
    if (job is None) == (not all_open):
        raise DistilabelUserError("Name one job, or give --all: `distilabel jobs ls --open` lists them.")
    folder = cache_folder(cache_dir)
    views = Views(folder)
    jobs = [views.details(job).job] if job else views.jobs()
    cancelled, failed = list[str](), 0
    for found in jobs:
        if found.state.is_final or (all_open and found.state in _OVER_ON_PLATFORM):
            continue
        try:
            said = _cancel(folder, found)
        except DistilabelException as error:
            failed += 1
            typer.echo(f"Error: {job_name(found)} is not cancelled. {error}", err=True)
        else:
            cancelled.append(job_name(found))
            if not as_json:
                typer.echo(said)
    if as_json:
        print_json(cancelled)
    elif not cancelled and not failed:
        typer.echo("No open job to cancel." if all_open else f"Job {job_name(jobs[0])} is over already.")
    if failed:
        raise typer.Exit(1)


def _cancel(folder: Path, job: Job) -> str:
    """Cancel an open job, and say what was done."""
    if job.state in _OVER_ON_PLATFORM:
        raise DistilabelUserError(
            f"It has ended on its platform: run the pipeline to collect its results. `distilabel jobs forget {job_name(job)}` "
            "gives them up: what was paid for is lost."
        )
    if job.state == JobState.SUBMITTED:
        _cancel_on_platform(job)
        return f"Asked the platform to cancel {job.remote_id}."
    with _changing(folder, job) as ledger:
        if job.state == JobState.CREATING:
            job = _looked_up(ledger, job)
            if job.state == JobState.SUBMITTED:
                _cancel_on_platform(job)
                return f"The platform has {job.remote_id}. Asked it to cancel the job."
        ledger.jobs.withdraw(job, "The user cancelled the job before it was submitted.")
    return f"Cancelled {job_name(job)}, which its platform does not have: nothing of it was run or paid for."


def _cancel_on_platform(job: Job) -> None:
    try:
        _on_platform(job, lambda client: client.transport.run(client.provider.cancel(str(job.remote_id))))
    except DistilabelPlatformError as error:
        raise DistilabelUserError(
            f"{error.message} If the platform certainly no longer has the job, `distilabel jobs forget {job.remote_id}` ends it "
            "here; what it was paid for is lost."
        ) from error


def _looked_up(ledger: Ledger, job: Job) -> Job:
    """Return a job whose creation was interrupted: submitted if its platform has it, else uploaded."""
    from distilabel.offline.client import ModelClient  # noqa: PLC0415 - slow to import, and `--help` needs none of it
    from distilabel.offline.job_state_machine import JobStateMachine  # noqa: PLC0415

    machine = JobStateMachine(ledger, lambda _: None)
    found = _on_platform(
        job, lambda client: machine.look_up(ModelClient(job.target, client.provider, client.transport), job)
    )
    if found is None:
        raise DistilabelUserError(
            "Its creation was interrupted, and its platform does not show yet whether it has the job: try again later."
        )
    return found


def forget(job: str, cache_dir: CacheDir = None, as_json: AsJson = False) -> None:
    """Give up a batch job that its platform does not have, or whose results it does not give.

    The next run that needs its unanswered requests submits them again: if the platform has run them, they are paid for again.
    """
    folder = cache_folder(cache_dir)
    found = Views(folder).details(job).job
    if found.state.is_final:
        raise DistilabelUserError(
            f"Job {job_name(found)} is {found.state}: only an open job can be given up."
        )
    if found.state == JobState.ENDED and found.condition is not JobCondition.FORGOTTEN:
        # A run that waits for the results may go on: the next one collects what there is, and does not wait for the rest.
        ledger = Ledger(folder)
        try:
            ledger.jobs.note_condition(found, JobCondition.FORGOTTEN, _GIVEN_UP)
        finally:
            ledger.close()
        rest = f"; `distilabel jobs forget {job_name(found)}` once more ends the job now, and its results are lost"
    else:
        with _changing(folder, found) as ledger:
            _give_up(ledger, found)
        rest = ""
    if as_json:
        print_json({"job": job_name(found), "requests": found.requests})
    else:
        typer.echo(
            f"Gave up {job_name(found)}: the next run that needs its unanswered requests submits them again{rest}."
        )


def _give_up(ledger: Ledger, job: Job) -> None:
    if job.state == JobState.SUBMITTED:
        ledger.jobs.lose(job, most_attempts=sys.maxsize, code="job_lost", message=_GIVEN_UP)
    elif job.state in _OVER_ON_PLATFORM:
        from distilabel.offline.result_files import index  # noqa: PLC0415 - as above

        if job.state == JobState.ENDED:
            paths = {
                path.stem: path for path in ledger.jobs.folder(job).glob("*.jsonl") if path.stem != "input"
            }
            job = ledger.jobs.mark_fetched(job, paths)
        index(ledger, platform(job.target.platform).provider(), job)
        ledger.jobs.settle(job, sys.maxsize, "given_up")
    else:
        ledger.jobs.withdraw(job, _GIVEN_UP)


@contextmanager
def _changing(folder: Path, job: Job) -> Iterator[Ledger]:
    """Open the ledger to change a job, while no run drives the job.

    Raises:
        DistilabelUserError: A run of the pipeline is active.
    """
    pipeline, is_of_pipeline, _ = job.scope.partition("/")
    path = folder / pipeline / "run.lock" if is_of_pipeline else folder / f"{pipeline}.lock"
    ledger = Ledger(folder)
    try:
        with FileLock(path, timeout=0) if path.exists() else nullcontext():
            yield ledger
    except Timeout:
        raise DistilabelUserError(
            f"Pipeline {pipeline!r} is running and works on the job: stop the run with Ctrl+C, and try again."
        ) from None
    finally:
        ledger.close()


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


def _on_platform(job: Job, call: Callable[["PlatformClient"], Coroutine[Any, Any, T]]) -> T:
    """Make a call to a job's platform and return its result."""
    from distilabel.offline.client import connect  # noqa: PLC0415 - as above

    client = connect(job.target.platform, job.target.base_url)
    try:
        return loop.run(call(client))
    finally:
        loop.run(client.transport.close())


def _seconds(text: str) -> float:
    match = _AGE.fullmatch(text)
    if match is None:
        raise DistilabelUserError(f"--older-than is {text!r}: write a number and d, h or m, such as 30d.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])}).total_seconds()
