"""A job's results on their way home: fetched to disk, entered in the ledger, and waited for where they must be there."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from distilabel.events import Event, JobSettled, Notice
from distilabel.http import Flow
from distilabel.ledger.store import Ledger
from distilabel.offline.client import ModelClient
from distilabel.offline.polling import pause, retry_until_found
from distilabel.offline.realtime_fallback import ask_online
from distilabel.offline.result_files import index
from distilabel.records import Job, JobCondition, JobPhase, RemoteJob

__all__ = ["Collector"]

# The codes that rows get for what a job of this condition left unanswered; users see them in `distilabel_metadata`.
_ROW_CODES = {
    JobCondition.CANCEL_DUE: "deadline",
    JobCondition.CANCEL_SENT: "deadline",
    JobCondition.FORGOTTEN: "given_up",
}
# Results that must be there are asked for again after these seconds, or after the user's where they are more: a platform may
# say that a job has succeeded before its file is there (https://github.com/tidyverse/ellmer/issues/926).
_PAUSES = (10.0, 20.0, 40.0, 80.0, 160.0, 320.0)
# The longest that a platform may take over a job (Groq, Mistral: 7 days); only then begins the time for which it keeps
# the results.
_LONGEST_WINDOW = 7 * 86_400.0
# Of a job's files, those that nobody paid for: what failed may be asked again.
_ERRORS = "error"


class _Lack(NamedTuple):
    """What the results of a job that has ended lack, in words, and whether the platform has said that it is there.

    What is certain is waited for as long as the platform keeps results; what is not, some minutes.
    """

    what: str
    is_certain: bool = True


class Collector:
    """Collects what jobs that have ended gave.

    Args:
        ledger: Where every move is put down.
        emit: Called with each event.

    Attributes:
        settling: The numbers of the jobs whose results are being read.
    """

    def __init__(self, ledger: Ledger, emit: Callable[[Event], None]) -> None:
        self._ledger = ledger
        self._emit = emit
        self.settling: set[int] = set()

    async def fetch(self, client: ModelClient, job: Job) -> Job | None:
        """Bring a job's results home; what is paid for and not there is asked for again, and left to the next run."""
        for seconds in (*_PAUSES, None):
            paths, lack = await self._fetched(client, job)
            if lack is None:
                break
            if why := self._why_given_up(client, job, lack):
                self._emit(
                    Notice("warning", f"{why} What it has not answered is asked, and paid for, again.")
                )
                break
            job = self._note_awaited(client, job, lack)
            if client.poll_interval is None or seconds is None:
                return None
            await pause(self._emit, job, max(client.poll_interval, seconds))
        if job.condition is JobCondition.RESULTS_MISSING:
            job = self._ledger.jobs.note_condition(job, None)
        return self._ledger.jobs.mark_fetched(job, paths)

    async def _fetched(self, client: ModelClient, job: Job) -> tuple[dict[str, Path], _Lack | None]:
        """Return the result files that are on disk now, and what must be there and is not."""
        assert job.remote_id is not None
        folder, paths, lack = self._ledger.jobs.folder(job), dict[str, Path](), None
        remote = await self._described(client, job.remote_id)
        files = remote.files if remote else {}
        for kind, file in files.items():
            path = folder / f"{kind}.jsonl"
            if _holds(path) or await retry_until_found(
                self._emit, client, partial(client.provider.fetch, file, path)
            ):
                paths[kind] = path
            elif not kind.startswith(_ERRORS):
                lack = _Lack(f"does not give its file {file}")
        if lack is None and not any(map(_holds, paths.values())) and _must_have_results(job, remote):
            if paths:
                lack = _Lack("gives empty files", is_certain=False)
            else:
                lack = _Lack("names no file of its results", is_certain=job.completed is not None)
        return paths, lack

    def _why_given_up(self, client: ModelClient, job: Job, lack: _Lack) -> str:
        """Say why results that are not there are not waited for any longer; "" where they are."""
        kept = client.provider.limits.kept
        if job.condition is JobCondition.FORGOTTEN:
            return f"Job {job.remote_id} was given up by hand."
        if kept is not None and self._ledger.jobs.seconds_since(job.created_at) > kept + _LONGEST_WINDOW:
            days = kept / 86_400
            return f"The results of job {job.remote_id} are gone: {client.target.platform} keeps them for {days:g} days."
        noted = job.condition is JobCondition.RESULTS_MISSING
        if noted and not lack.is_certain and self._ledger.jobs.seconds_since(job.moved_at) >= sum(_PAUSES):
            return f"Job {job.remote_id} has ended long ago, and {client.target.platform} {lack.what}."
        return ""

    def _note_awaited(self, client: ModelClient, job: Job, lack: _Lack) -> Job:
        """Say that results are not there, on the screen and in the ledger."""
        message = (
            f"{client.target.platform} says that job {job.remote_id} has ended, and {lack.what}: it is asked for again, also by "
            f"the next run. Give it up with `distilabel jobs forget {job.remote_id}`: then it is paid for again."
        )
        self._emit(Notice("warning", message))
        # One that was given up at its deadline keeps that reason: it says what becomes of the rest. And what is noted
        # already is not noted again: it would seem to be so only since now.
        if job.is_overdue or job.message == message:
            return job
        return self._ledger.jobs.note_condition(job, JobCondition.RESULTS_MISSING, message)

    async def _described(self, client: ModelClient, remote_id: str) -> RemoteJob | None:
        """Return what the platform says of a job that has ended; it may say so before it names its files."""
        remote = None

        def poll() -> Flow[bool]:
            nonlocal remote
            remote = yield from client.provider.poll(remote_id)
            return bool(remote and remote.files)

        await retry_until_found(self._emit, client, poll)
        return remote

    async def settle(self, client: ModelClient, job: Job) -> Job:
        """Enter in the ledger what a job's results say, and let go of what it left unanswered."""
        self.settling.add(job.id)
        try:
            return await self._settled(client, job)
        finally:
            self.settling.discard(job.id)

    async def _settled(self, client: ModelClient, job: Job) -> Job:
        odd = await asyncio.to_thread(index, self._ledger, client.provider, job)
        if odd:
            text = f"Job {job.remote_id} came back with {odd:,} lines that belong to no row; they were left aside."
            self._emit(Notice("warning", text))
        most_attempts = client.options.max_attempts
        if job.is_overdue:
            if client.options.at_deadline == "online":
                await ask_online(self._ledger, client, job)
            elif client.options.at_deadline == "fail":
                most_attempts = 0
        code = _ROW_CODES.get(job.condition) if job.condition else None
        settled = self._ledger.jobs.settle(job, most_attempts, code)
        self._emit(JobSettled(job.scope, tuple(self._ledger.jobs.ready_askers(job))))
        return settled


def _must_have_results(job: Job, remote: RemoteJob | None) -> bool:
    """Tell whether a job that has ended must have results: it counts some, or counts nothing and was run to its end."""
    if job.is_overdue:
        return False
    if job.completed is not None:
        return job.completed > 0
    return remote is not None and remote.phase is JobPhase.COMPLETED


def _holds(path: Path) -> bool:
    """Tell whether a file is there, with something in it."""
    return path.exists() and path.stat().st_size > 0
