"""Collects the results of a batch job that has ended: downloads them, records them, waits for those that are late."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from distilabel.events import Event, JobSettled, Notice
from distilabel.http import Flow
from distilabel.ledger.jobs import Ledger
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
# Results that must exist are fetched again after these seconds, or after the user's poll interval if it is longer. A platform
# may report that a job has succeeded before its file exists: https://github.com/tidyverse/ellmer/issues/926
_PAUSES = (10.0, 20.0, 40.0, 80.0, 160.0, 320.0)
# The longest that a platform may take for a job (Groq, Mistral: 7 days). The time for which it keeps results begins only when
# the job has ended.
_LONGEST_WINDOW = 7 * 86_400.0
# Error files hold requests that failed and cost nothing: if such a file is missing, they are sent again.
_ERRORS = "error"


class _Lack(NamedTuple):
    """What is missing of the results of a job that has ended.

    Attributes:
        what: In words, after the platform's name.
        is_certain: Whether the platform has said that results exist. Then they are waited for as long as the platform keeps
            results; else for some minutes, because a job may have ended without any.
    """

    what: str
    is_certain: bool = True


class Collector:
    """Collects the results of jobs that have ended.

    Args:
        ledger: Where every move is recorded.
        emit: Called with each event.

    Attributes:
        settling: The numbers of the jobs whose results are being read.
    """

    def __init__(self, ledger: Ledger, emit: Callable[[Event], None]) -> None:
        self._ledger = ledger
        self._emit = emit
        self.settling: set[int] = set()

    async def fetch(self, client: ModelClient, job: Job) -> Job | None:
        """Download a job's results; None if some that were paid for are still missing, which the next run fetches again."""
        for seconds in (*_PAUSES, None):
            paths, lack = await self._fetched(client, job)
            if lack is None:
                break
            if why := self._why_given_up(client, job, lack):
                self._emit(
                    Notice(
                        "warning",
                        f"{why} The requests it has not answered are submitted, and paid for, again.",
                    )
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
        """Return the result files that are on disk now, and what is missing of them."""
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
        """Say why missing results are no longer waited for; "" while they are."""
        kept = client.provider.limits.kept
        if job.condition is JobCondition.FORGOTTEN:
            return f"Batch job {job.remote_id} was given up by the user."
        if kept is not None and self._ledger.jobs.seconds_since(job.created_at) > kept + _LONGEST_WINDOW:
            days = kept / 86_400
            return f"The results of batch job {job.remote_id} are gone: {client.target.platform} keeps them for {days:g} days."
        noted = job.condition is JobCondition.RESULTS_MISSING
        if noted and not lack.is_certain and self._ledger.jobs.seconds_since(job.moved_at) >= sum(_PAUSES):
            return f"Batch job {job.remote_id} ended long ago, and {client.target.platform} {lack.what}."
        return ""

    def _note_awaited(self, client: ModelClient, job: Job, lack: _Lack) -> Job:
        """Report missing results to the user and in the ledger."""
        message = (
            f"{client.target.platform} reports that batch job {job.remote_id} has ended, but {lack.what}. This run and the next one "
            f"try again. To give the job up, run `distilabel jobs forget {job.remote_id}`: its requests are then paid for again."
        )
        self._emit(Notice("warning", message))
        # An overdue job keeps that condition, which decides what becomes of the unanswered requests. A condition that is
        # recorded already is not recorded again: its time must stay the time since when results are missing.
        if job.is_overdue or job.message == message:
            return job
        return self._ledger.jobs.note_condition(job, JobCondition.RESULTS_MISSING, message)

    async def _described(self, client: ModelClient, remote_id: str) -> RemoteJob | None:
        """Return the platform's description of a job that has ended; it may lag behind and name no files at first."""
        remote = None

        def poll() -> Flow[bool]:
            nonlocal remote
            remote = yield from client.provider.poll(remote_id)
            return bool(remote and remote.files)

        await retry_until_found(self._emit, client, poll)
        return remote

    async def settle(self, client: ModelClient, job: Job) -> Job:
        """Record what a job's results say, and release the requests that it left unanswered."""
        self.settling.add(job.id)
        try:
            return await self._settled(client, job)
        finally:
            self.settling.discard(job.id)

    async def _settled(self, client: ModelClient, job: Job) -> Job:
        odd = await asyncio.to_thread(index, self._ledger, client.provider, job)
        if odd:
            text = f"The results of batch job {job.remote_id} have {odd:,} lines that belong to no row; they were ignored."
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
    """Tell whether a job that has ended must have results: it counts some, or it counts none at all and was completed."""
    if job.is_overdue:
        return False
    if job.completed is not None:
        return job.completed > 0
    return remote is not None and remote.phase is JobPhase.COMPLETED


def _holds(path: Path) -> bool:
    """Tell whether a file is there, with something in it."""
    return path.exists() and path.stat().st_size > 0
