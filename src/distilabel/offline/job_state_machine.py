"""The state machine of a batch job: what is done in each state, and what is recorded before the next call is sent."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from distilabel._files import writing
from distilabel.events import Event, JobMoved, JobSettled, NextPoll, Notice
from distilabel.exceptions import (
    DistilabelAccountError,
    DistilabelJobRejectedError,
    DistilabelPlatformError,
    DistilabelUncertainError,
    DistilabelUnreachableError,
)
from distilabel.http import Flow
from distilabel.ledger.jobs import Ledger, is_adopted
from distilabel.offline.client import ModelClient, lookup_delays, retry_until_found, retry_while_down
from distilabel.offline.realtime_fallback import ask_online
from distilabel.offline.result_files import Indexed, index, is_whole
from distilabel.providers.base import INLINE
from distilabel.providers.parsing.errors import concerns_account
from distilabel.records import Found, Job, JobCondition, JobError, JobPhase, JobState, RemoteJob, custom_id

__all__ = ["JobStateMachine", "is_quota"]

# After its cancellation was accepted, a job has this long to end. OpenAI: "cancelling for up to 10 minutes",
# https://platform.openai.com/docs/api-reference/batch/cancel
_LONGEST_CANCELLING = 900.0
_SUCCESS = range(200, 300)
_NOT_FOUND = 404
_RATE_LIMITED = 429
_PATIENCE = 5
_RATE_LIMIT = "rate_limit_exceeded"
_QUOTA_CODES = frozenset({"token_limit_exceeded", "quota_exceeded", _RATE_LIMIT})
# What a platform says of a job that needs more tokens than it admits at once. A limit on the number of jobs is no such.
_TOO_LARGE = re.compile(r"token|enqueued|(?<!service)quota(?!.*\bjobs\b)", re.IGNORECASE | re.DOTALL)
# Codes that platforms give for one line though they are true of all: every line must be sent again; those that concern the
# account are so too. https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch (November 2026)
_CONCERN_ALL_LINES = frozenset({"model_mismatch", "url_mismatch"})
# More uploads at once are not faster, since they share one connection.
_UPLOADS_AT_ONCE = 4
# The codes that rows get for what a job of this condition left unanswered; users see them in `distilabel_metadata`.
_ROW_CODES = {
    JobCondition.CANCEL_DUE: "deadline",
    JobCondition.CANCEL_SENT: "deadline",
    JobCondition.FORGOTTEN: "given_up",
}
# Results that must exist are fetched again after these seconds, or after the user's poll interval if it is longer. A platform
# may report that a job has succeeded before its file exists: https://github.com/tidyverse/ellmer/issues/926
_RESULT_PAUSES = (10.0, 20.0, 40.0, 80.0, 160.0, 320.0)
# The longest that a platform may take for a job (Groq, Mistral: 7 days). The time for which it keeps results begins only when
# the job has ended.
_LONGEST_WINDOW = 7 * 86_400.0
# Error files hold requests that failed and cost nothing: if such a file is missing, they are sent again.
_ERRORS = "error"
# Parts of the platforms' words for jobs that were cancelled or failed.
_STOPPED = ("cancel", "stop", "fail")


def is_quota(job: Job) -> bool:
    """Tell whether a job was rejected because too much is under way: it may be submitted again later."""
    return job.state == JobState.REJECTED and job.code in _QUOTA_CODES


class JobStateMachine:
    """Moves jobs from their present state as far as this run can.

    Args:
        ledger: Where every move is recorded before the next call is sent.
        emit: Called with each event.
    """

    def __init__(self, ledger: Ledger, emit: Callable[[Event], None]) -> None:
        self._ledger = ledger
        self._emit = emit
        self._fresh: set[int] = set()
        self._written: set[int] = set()
        self._collector = _Collector(ledger, emit)
        self.settling = self._collector.settling
        self._uploads = asyncio.Semaphore(_UPLOADS_AT_ONCE)
        self._steps: dict[JobState, Callable[[ModelClient, Job], Awaitable[Job | None]]] = {
            JobState.PLANNED: self._upload,
            JobState.UPLOADED: self._create,
            JobState.CREATING: self.look_up,
            JobState.SUBMITTED: self._poll,
            JobState.ENDED: self._collector.fetch,
            JobState.FETCHED: self._collector.settle,
        }

    async def drive(self, client: ModelClient, job: Job) -> Job:
        """Drive a job to a final state, or to where this run does not wait for it.

        Raises:
            DistilabelPlatformError: The run cannot continue; the job stays in the state that the ledger has.
        """
        self._emit(JobMoved(job))
        while not job.state.is_final:
            moved = await self._steps[job.state](client, job)
            if moved is None:
                return job
            job = moved
            self._emit(JobMoved(job))
        return job

    # To the platform

    async def _upload(self, client: ModelClient, job: Job) -> Job:
        async with self._uploads:
            path = await self._spooled(client, job)
            job = self._ledger.jobs.move(job, JobState.UPLOADING)
            self._emit(JobMoved(job))
            # The address may be wrong, and lead to a page that looks like a success: that is not waited for.
            file = await retry_while_down(
                self._emit, client, lambda: client.provider.upload(job, path), most_malformed=_PATIENCE
            )
            return self._ledger.jobs.move(job, JobState.UPLOADED, input_file=file)

    async def _spooled(self, client: ModelClient, job: Job) -> Path:
        """Return the file of the job's requests; one of another process may be incomplete, and is written again."""
        path = self._spool(job)
        if job.id not in self._written:
            await asyncio.to_thread(self._write, client, job, path)
            self._written.add(job.id)
        return path

    def _spool(self, job: Job) -> Path:
        """Return the path of a job's input file, which is deleted when the platform has the job, or has refused it."""
        return self._ledger.jobs.folder(job) / "input.jsonl"

    def _write(self, client: ModelClient, job: Job, path: Path) -> None:
        tag = job.tag if client.provider.tags_ids else ""
        with writing(path.parent), path.open("wb", buffering=1 << 20) as file:
            for key, sample, body in self._ledger.jobs.lines(job):
                file.write(client.provider.encode(custom_id(key, sample, tag), body, job.target.endpoint))

    async def _create(self, client: ModelClient, job: Job) -> Job | None:
        """Create the job on the platform; a platform that has no room for it is waited for, or left to the next run."""
        path = await self._spooled(client, job) if job.input_file == INLINE else Path()
        for attempt in range(_PATIENCE):
            job = self._ledger.jobs.move(job, JobState.CREATING)
            try:
                return self._submitted(job, await client.transport.run(client.provider.create(job, path)))
            except DistilabelUncertainError as error:
                looked_up = await self.look_up(client, job)
                if looked_up is None or looked_up.state != JobState.UPLOADED:
                    return looked_up
                job = looked_up
                # A success of another shape comes from a proxy or from a wrong address: that is not waited for.
                is_passing = client.poll_interval is not None and error.status not in _SUCCESS
                if attempt == _PATIENCE - 1 and not is_passing:
                    raise
                self._emit(
                    Notice("warning", f"{error.message} The batch job does not exist; it is created again.")
                )
            except DistilabelUnreachableError:
                self._ledger.jobs.move(job, JobState.UPLOADED)
                raise
            except DistilabelPlatformError as error:
                if error.status != _RATE_LIMITED or isinstance(error, DistilabelAccountError):
                    self._ledger.jobs.release(job, JobState.REJECTED, code=error.code, message=error.message)
                    self._spool(job).unlink(missing_ok=True)
                    raise
                if attempt < _PATIENCE - 1:
                    job = self._ledger.jobs.move(job, JobState.UPLOADED)
                    await asyncio.sleep(error.retry_after or 2.0**attempt)
                else:
                    job = self._not_taken(client, job, error)
        if client.poll_interval is None or job.state.is_final:
            return job if job.state.is_final else None
        await _pause(self._emit, job, client.poll_interval)
        return job

    def _not_taken(self, client: ModelClient, job: Job, error: DistilabelPlatformError) -> Job:
        """Keep a job for which the platform has no room; if nothing of ours takes the room, the job is too large itself."""
        is_alone = self._ledger.jobs.in_flight(job.target)[0] <= 1
        if is_alone and job.requests > 1 and _TOO_LARGE.search(f"{error.code} {error.message}"):
            self._spool(job).unlink(missing_ok=True)
            code = error.code if error.code in _QUOTA_CODES else "quota_exceeded"
            return self._ledger.jobs.release(job, JobState.REJECTED, code=code, message=error.message)
        what = (
            "The next run submits the batch job." if client.poll_interval is None else "The batch job waits."
        )
        self._emit(Notice("warning", f"{error.message} {what}"))
        return self._ledger.jobs.move(job, JobState.UPLOADED)

    async def look_up(self, client: ModelClient, job: Job) -> Job | None:
        """Adopt a job if the platform has it; return it as `uploaded` if the platform certainly does not have it.

        Returns:
            The job; None if this cannot be decided yet.
        """
        while True:
            found = await self._sought(client, job)
            if found.ours:
                return await self._adopt(client, job, found.ours)
            if not found.doubtful:
                return self._ledger.jobs.move(job, JobState.UPLOADED)
            self._emit(Notice("warning", _doubt(client, job, found.doubtful[0])))
            if client.poll_interval is None:
                return None
            await _pause(self._emit, job, client.poll_interval)

    async def _sought(self, client: ModelClient, job: Job) -> Found:
        """Find a job whose create call was interrupted.

        Lists are eventually consistent, so look several times before concluding that it does not exist. The looks are
        counted, not the time since the creation: this machine's clock may be wrong, or the process may have slept.
        """
        found = Found()
        for seconds in lookup_delays():
            await asyncio.sleep(seconds)
            found = await retry_while_down(self._emit, client, partial(client.provider.find, job))
            strangers = (
                r
                for r in found.doubtful
                if not self._ledger.jobs.knows(job.target.platform, job.target.base_url, r)
            )
            found = replace(found, doubtful=tuple(strangers))
            if found.ours or found.doubtful:
                break
        return found

    async def _adopt(self, client: ModelClient, job: Job, found: Sequence[RemoteJob]) -> Job:
        first, *others = sorted(found, key=lambda remote: remote.created_at or 0.0)
        # A list may have one job twice, such as at the end of a page and at the start of the next one.
        for twin in (other for other in others if other.remote_id != first.remote_id):
            # A retried create call may have made two. One that is over already cannot be cancelled; its answers are not used.
            with suppress(DistilabelPlatformError):
                await client.transport.run(client.provider.cancel(twin.remote_id))
        return self._submitted(job, first)

    def _submitted(self, job: Job, remote: RemoteJob) -> Job:
        facts = {"remote_id": remote.remote_id, "remote_status": remote.status}
        moved = self._ledger.jobs.move(job, JobState.SUBMITTED, **facts)
        self._fresh.add(moved.id)
        self._spool(job).unlink(missing_ok=True)
        return moved

    # Waiting

    async def _poll(self, client: ModelClient, job: Job) -> Job | None:
        """Poll a job until it is over. A run that does not wait polls, once, only jobs that an earlier run submitted."""
        assert job.remote_id is not None
        waits = _waits(client.poll_interval or 0.0)
        if job.id in self._fresh:
            self._fresh.discard(job.id)
            if client.poll_interval is None:
                return None
            await _pause(self._emit, job, next(waits))
        while True:
            remote = await retry_until_found(self._emit, client, partial(client.provider.poll, job.remote_id))
            if remote is None:
                return self._lost(client, job)
            if remote.phase is not JobPhase.RUNNING:
                return self._ended(client, job, remote)
            job = self._ledger.jobs.note_progress(job, remote.status, remote.completed, remote.failed)
            self._emit(JobMoved(job))
            deadline = client.options.deadline
            is_late = deadline is not None and self._ledger.jobs.seconds_since(job.moved_at) > deadline
            if is_late or job.is_overdue:
                job = await self._give_up(client, job)
                if job.state == JobState.ENDED:
                    return job
            if client.poll_interval is None:
                return None
            await _pause(self._emit, job, next(waits))

    def _ended(self, client: ModelClient, job: Job, remote: RemoteJob) -> Job:
        if not remote.was_run:
            return self._rejected(client, job, remote)
        if remote.phase is JobPhase.REJECTED:
            self._emit(Notice("warning", _failed_late(remote)))
        self._ledger.jobs.grow_quota(job)
        counts = {"completed": remote.completed, "failed": remote.failed}
        return self._ledger.jobs.move(job, JobState.ENDED, remote_status=remote.status, **counts)

    async def _give_up(self, client: ModelClient, job: Job) -> Job:
        """Cancel a job at its deadline; if it has not ended long after that, collect what it has.

        `CANCEL_DUE` is recorded before the call, so the job is treated as overdue however it ends. `CANCEL_SENT` is recorded
        only when the platform has accepted: a process that dies in between cancels the job again.
        """
        assert job.remote_id is not None
        deadline = client.options.deadline or 0.0
        if job.condition is JobCondition.CANCEL_SENT:
            patience = min(deadline, _LONGEST_CANCELLING)
            over = self._ledger.jobs.seconds_since(job.moved_at) > patience
            return self._ledger.jobs.move(job, JobState.ENDED) if over else job
        message = f"The batch job had not ended {deadline:g} s after its submission and was cancelled."
        job = self._ledger.jobs.note_condition(job, JobCondition.CANCEL_DUE, message)
        try:
            await client.transport.run(client.provider.cancel(str(job.remote_id)))
        except DistilabelPlatformError as error:
            self._emit(Notice("warning", f"Batch job {job.remote_id} cannot be cancelled: {error.message}"))
            if not 400 <= (error.status or 0) < 500:  # noqa: PLR2004 - not refused: cancelled again at the next poll
                return job
        self._emit(Notice("warning", f"{job.remote_id}: {message} What it has finished is kept."))
        return self._ledger.jobs.note_condition(job, JobCondition.CANCEL_SENT, message)

    def _lost(self, client: ModelClient, job: Job) -> Job:
        if job.account and job.account != client.account:
            raise DistilabelPlatformError(
                f"{client.target.platform} does not know batch job {job.remote_id} under this key, and it was submitted with "
                "another: use that key; the batch job and its responses belong to it.",
                status=_NOT_FOUND,
            )
        if is_adopted(job):
            self._ledger.jobs.lose(job, sys.maxsize, "job_unknown", "The platform does not know this job.")
            raise DistilabelPlatformError(
                f"{client.target.platform} does not know the batch job {job.remote_id} given as jobs_ids: check the id and the "
                "key.",
                status=_NOT_FOUND,
            )
        message = "The platform does not know this job any more."
        job = self._ledger.jobs.lose(job, client.options.max_attempts, "job_lost", message)
        self._emit(JobSettled(job.scope, tuple(self._ledger.jobs.ready_askers(job))))
        return job

    def _rejected(self, client: ModelClient, job: Job, remote: RemoteJob) -> Job:
        first = remote.errors[0] if remote.errors else JobError("failed", "the platform gave no reason")
        refused = [
            (error.line, error.code, error.message)
            for error in remote.errors
            if error.line
            and error.code not in _CONCERN_ALL_LINES
            and not concerns_account([error.code], error.message)
        ]
        facts = {"remote_status": remote.status, "code": first.code, "message": first.message}
        job = self._ledger.jobs.release(job, JobState.REJECTED, refused=refused, **facts)
        if not refused and not is_quota(job):
            what = (
                "None of its requests was answered" if remote.failed else "Nothing of it was run or paid for"
            )
            raise DistilabelJobRejectedError(
                f"{client.target.platform} rejected batch job {job.remote_id} ({first.code}: {first.message}). {what}: fix the "
                "cause and run again.",
                code=first.code,
            )
        self._emit(JobSettled(job.scope, tuple(self._ledger.jobs.ready_askers(job))))
        return job


class _Lack(NamedTuple):
    """What is missing of the results of a job that has ended.

    Attributes:
        what: In words, after the platform's name.
        is_certain: Whether the platform has said that results exist. Then they are waited for as long as the platform keeps
            results; else for some minutes, because a job may have ended without any.
    """

    what: str
    is_certain: bool = True


class _Collector:
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
        for seconds in (*_RESULT_PAUSES, None):
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
            await _pause(self._emit, job, max(client.poll_interval, seconds))
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
            if await self._is_whole(client, job, path) or await retry_until_found(
                self._emit, client, partial(client.provider.fetch, file, path)
            ):
                paths[kind] = path
                if (
                    _holds(path)
                    and not kind.startswith(_ERRORS)
                    and not await self._is_whole(client, job, path)
                ):
                    lack = _Lack("gives a file that breaks off or has no line of the job", is_certain=False)
            elif not kind.startswith(_ERRORS):
                lack = _Lack(f"does not give its file {file}")
        if lack is None and not any(map(_holds, paths.values())) and _must_have_results(job, remote):
            if paths:
                lack = _Lack("gives empty files", is_certain=False)
            else:
                # A job that was cancelled or failed may count what it ran and then give none of it; one that expired keeps it.
                stopped = remote is not None and any(word in remote.status.lower() for word in _STOPPED)
                is_certain = job.completed is not None and not stopped
                lack = _Lack("names no file of its results", is_certain)
        return paths, lack

    async def _is_whole(self, client: ModelClient, job: Job, path: Path) -> bool:
        # An adopted job may hold none of the requests that it was adopted for.
        if is_adopted(job):
            return _holds(path)
        return await asyncio.to_thread(is_whole, self._ledger, client.provider, job, path)

    def _why_given_up(self, client: ModelClient, job: Job, lack: _Lack) -> str:
        """Say why missing results are no longer waited for; "" while they are."""
        kept = client.provider.limits.kept
        if job.condition is JobCondition.FORGOTTEN:
            return f"Batch job {job.remote_id} was given up by the user."
        if kept is not None and self._ledger.jobs.seconds_since(job.created_at) > kept + _LONGEST_WINDOW:
            days = kept / 86_400
            return f"The results of batch job {job.remote_id} are gone: {client.target.platform} keeps them for {days:g} days."
        noted = job.condition is JobCondition.RESULTS_MISSING
        if (
            noted
            and not lack.is_certain
            and self._ledger.jobs.seconds_since(job.moved_at) >= sum(_RESULT_PAUSES)
        ):
            return f"Batch job {job.remote_id} ended long ago, and {client.target.platform} {lack.what}."
        return ""

    def _note_awaited(self, client: ModelClient, job: Job, lack: _Lack) -> Job:
        """Report missing results to the user and in the ledger."""
        message = (
            f"{client.target.platform} reports that batch job {job.remote_id} has ended, but {lack.what}. This run and the next one "
            "try again; nothing is submitted twice meanwhile."
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
        said = await asyncio.to_thread(index, self._ledger, client.provider, job)
        if said.odd:
            text = f"The results of batch job {job.remote_id} have {said.odd:,} lines that belong to no row; they were ignored."
            self._emit(Notice("warning", text))
        most_attempts = client.options.max_attempts
        if job.is_overdue:
            if client.options.at_deadline == "online":
                await ask_online(self._ledger, client, job)
            elif client.options.at_deadline == "fail":
                most_attempts = 0
        code = _ROW_CODES.get(job.condition) if job.condition else None
        refusals = {code: failure.message for code, failure in said.refusals.items()}
        settled = self._ledger.jobs.settle(job, most_attempts, code, refusals)
        if refusals:
            # No `JobSettled`: it would have the requests submitted again at once, and refused again.
            raise DistilabelAccountError(_refusal(client, settled, said), code=settled.code)
        self._emit(JobSettled(job.scope, tuple(self._ledger.jobs.ready_askers(job))))
        return settled


async def _pause(emit: Callable[[Event], None], job: Job, seconds: float) -> None:
    """Wait before a job is polled again, and emit that."""
    emit(NextPoll(job, seconds))
    await asyncio.sleep(seconds)


def _waits(poll_interval: float) -> Iterator[float]:
    """Yield the seconds between polls: shorter ones at first, since small jobs may end soon.

    Examples:
        >>> [seconds for seconds, _ in zip(_waits(16.0), range(6), strict=False)]
        [1.0, 2.0, 4.0, 8.0, 16.0, 16.0]
    """
    yield from (poll_interval / part for part in (16, 8, 4, 2))
    yield from repeat(poll_interval)


def _doubt(client: ModelClient, job: Job, remote: RemoteJob) -> str:
    return (
        f"The creation of a batch job of {job.requests:,} requests was interrupted. {client.target.platform} has one of that "
        f"size and time, {remote.remote_id}, but shows only when it has ended whether it is this one. It is waited for, so "
        "that nothing is paid for twice."
    )


def _failed_late(remote: RemoteJob) -> str:
    """Say that a job failed after it had been run in part."""
    why = f" ({remote.errors[0].code}: {remote.errors[0].message})" if remote.errors else ""
    return (
        f"Batch job {remote.remote_id} failed{why} after it had answered some requests. The answers are collected; the other "
        "requests are submitted again."
    )


def _refusal(client: ModelClient, job: Job, said: Indexed) -> str:
    """Say that a platform refused requests because of the account, and what to do."""
    return (
        f"{client.target.platform} refused {said.refused:,} requests of batch job {job.remote_id} because of the account "
        f"({job.code}: {job.message}): fix its credit, limit, key or access on the platform, and run again. The answers are "
        "kept, and only the refused requests are submitted again."
    )


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
