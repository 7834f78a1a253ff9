"""Brings jobs home: claims what is wanted, submits, polls, fetches and settles, one task a job on the background loop.

Every move is in the ledger before the next call goes out, so that a process which dies at any instruction can be
followed by another: what was being created is looked up by its tag before it is created again.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from distilabel import loop
from distilabel.events import Broken, Event, JobMoved, NextPoll, Notice, Quiet, Settled
from distilabel.exceptions import (
    DistilabelException,
    DistilabelJobRejectedError,
    DistilabelPlatformError,
    DistilabelUncertainError,
    DistilabelUnreachableError,
)
from distilabel.ledger.states import FINAL_JOB_STATES, JobState
from distilabel.ledger.store import Ledger
from distilabel.offline.desk import Desk
from distilabel.offline.pack import pack
from distilabel.offline.results import index
from distilabel.records import Job, JobError, JobPhase, RemoteJob, custom_id
from distilabel.wire import Flow

__all__ = ["Dispatcher"]

T = TypeVar("T")

# A creation whose outcome is not known is looked for at once and again after these seconds: a list may lag behind.
_LOOK_UP_AGAIN_AFTER = (1.0, 3.0, 6.0)
_RATE_LIMITED = 429
_SERVER_FAULT = 500
_PATIENCE = 5
_QUOTA_CODES = frozenset({"token_limit_exceeded", "rate_limit_exceeded", "quota_exceeded"})
# Told of a line, true of the job: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch (November 2026)
_CONCERN_ALL_LINES = frozenset({"model_not_found", "model_mismatch", "url_mismatch"})
_UPLOADS_AT_ONCE = 4


class Dispatcher:
    """Drives all jobs of one run.

    Args:
        ledger: Where everything is recorded.
        run_id: From `Ledger.begin_run`; only what this run draws is submitted.
        emit: Called with each event, from any thread; must not block.
    """

    def __init__(self, ledger: Ledger, run_id: int, emit: Callable[[Event], None]) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._emit = emit
        self._desks: dict[tuple[str, str], Desk] = {}
        self._tasks: set[Future[None]] = set()
        self._lock = threading.RLock()
        self._stopped = False
        self._fresh: set[int] = set()
        self._held: set[tuple[str, str]] = set()
        self._uploads = asyncio.Semaphore(_UPLOADS_AT_ONCE)
        self._steps: dict[JobState, Callable[[Desk, Job], Awaitable[Job | None]]] = {
            JobState.PLANNED: self._upload,
            JobState.UPLOADED: self._create,
            JobState.CREATING: self._look_up,
            JobState.SUBMITTED: self._poll,
            JobState.ENDED: self._fetch,
            JobState.FETCHED: self._settle,
        }

    @property
    def busy(self) -> bool:
        """Whether any job is being worked on or waited for."""
        with self._lock:
            return bool(self._tasks)

    def open(self, scope: str, desk: Desk) -> None:
        """Take up the jobs of a scope at a desk where an earlier run left them. Done twice, it changes nothing."""
        with self._lock:
            if (scope, desk.target.identity) in self._desks:
                return
            self._desks[scope, desk.target.identity] = desk
            for job in self._ledger.open_jobs(scope, desk.target):
                self._start(desk, self._recovered(job))

    def adopt(self, scope: str, desk: Desk, remote_id: str) -> None:
        """Take over a job that the platform has, for all that this run wants of the scope."""
        with self._lock:
            wanted = self._ledger.wanted(scope, desk.target, self._run_id, desk.provider.limits.requests)
            job = self._ledger.adopt_job(scope, desk.target, remote_id, [sample for sample, _ in wanted])
            if job is not None:
                self._start(desk, job)

    def flush(self) -> None:
        """Submit all that is wanted, in jobs as large as the platforms allow."""
        with self._lock:
            for (scope, _), desk in list(self._desks.items()):
                self._submit_wanted(scope, desk)

    def submit_full(self, scope: str, desk: Desk, wanted: int) -> bool:
        """Submit what is wanted if it fills at least one job; tell whether it did."""
        if wanted < desk.provider.limits.requests:
            return False
        with self._lock:
            self._submit_wanted(scope, desk)
        return True

    def stop(self) -> None:
        """Leave off at once; everything stays as the ledger has it."""
        with self._lock:
            self._stopped = True
            tasks = list(self._tasks)
        for task in tasks:
            task.cancel()

    # One job

    def _submit_wanted(self, scope: str, desk: Desk) -> None:
        limits, target = desk.provider.limits, desk.target
        if (scope, target.identity) in self._held:
            return
        overhead = len(desk.provider.encode(custom_id("0" * 32, 999_999_999), b"", target.endpoint))
        while wanted := self._ledger.wanted(scope, target, self._run_id, limits.requests):
            packed = pack(wanted, limits, overhead)
            self._refuse(
                scope, packed.too_large, f"{target.platform} takes at most {limits.size:,} bytes in one job."
            )
            for planned in packed.jobs:
                job = self._ledger.plan_job(scope, target, uuid4().hex, planned.samples, planned.size)
                self._start(desk, job)

    def _refuse(self, scope: str, samples: Sequence[int], message: str) -> None:
        if samples:
            self._ledger.fail_samples(samples, "request_too_large", message)
            self._emit(Settled(scope, tuple(self._ledger.ready_askers_of_samples(samples))))

    def _recovered(self, job: Job) -> Job:
        """Return a job as it can be taken up: a broken-off upload begins anew."""
        if job.state == JobState.UPLOADING:
            return self._ledger.move(job, JobState.PLANNED)
        return job

    def _start(self, desk: Desk, job: Job) -> None:
        with self._lock:
            if self._stopped:
                return
            task = loop.start(self._drive(desk, job))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: "Future[None]") -> None:
        with self._lock:
            self._tasks.discard(task)
            quiet = not self._tasks
        if quiet:
            self._emit(Quiet())

    async def _drive(self, desk: Desk, job: Job) -> None:
        try:
            self._emit(JobMoved(job))
            while job.state not in FINAL_JOB_STATES:
                moved = await self._steps[JobState(job.state)](desk, job)
                if moved is None:
                    return
                job = moved
                self._emit(JobMoved(job))
        except DistilabelException as error:
            self._emit(Broken(error))
        except Exception as error:  # noqa: BLE001 - a fault of ours must end the run, not hang it
            self._emit(Broken(error))

    async def _upload(self, desk: Desk, job: Job) -> Job:
        async with self._uploads:
            path = self._ledger.job_folder(job) / "input.jsonl"
            await asyncio.to_thread(self._spool, desk, job, path)
            job = self._ledger.move(job, JobState.UPLOADING)
            self._emit(JobMoved(job))
            file = await self._patiently(desk, lambda: desk.provider.upload(job, path))
            return self._ledger.move(job, JobState.UPLOADED, input_file=file)

    def _spool(self, desk: Desk, job: Job, path: Path) -> None:
        with path.open("wb", buffering=1 << 20) as file:
            for key, sample, body in self._ledger.job_lines(job):
                file.write(desk.provider.encode(custom_id(key, sample), body, job.target.endpoint))

    async def _create(self, desk: Desk, job: Job) -> Job:
        for attempt in range(_PATIENCE):
            job = self._ledger.move(job, JobState.CREATING)
            try:
                return self._submitted(job, await desk.transport.run(desk.provider.create(job)))
            except DistilabelUncertainError:
                return await self._look_up(desk, job)
            except DistilabelUnreachableError:
                self._ledger.move(job, JobState.UPLOADED)
                raise
            except DistilabelPlatformError as error:
                if error.status != _RATE_LIMITED or attempt == _PATIENCE - 1:
                    self._ledger.release(job, JobState.REJECTED, code=error.code, message=error.message)
                    raise
                job = self._ledger.move(job, JobState.UPLOADED)
                await asyncio.sleep(error.retry_after or 2.0**attempt)
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    async def _look_up(self, desk: Desk, job: Job) -> Job:
        """Adopt the job if the platform has it under our tag; only if it has not may it be created again."""
        for seconds in (0.0, *_LOOK_UP_AGAIN_AFTER):
            if seconds and self._ledger.clock() - job.moved_at > sum(_LOOK_UP_AGAIN_AFTER):
                break
            await asyncio.sleep(seconds)
            found = await self._patiently(desk, lambda: desk.provider.find(job))
            if found:
                first, *twins = sorted(found, key=lambda remote: remote.created_at or 0.0)
                for twin in twins:
                    await desk.transport.run(desk.provider.cancel(twin.remote_id))
                return self._submitted(job, first)
        return self._ledger.move(job, JobState.UPLOADED)

    def _submitted(self, job: Job, remote: RemoteJob) -> Job:
        facts = {"remote_id": remote.remote_id, "remote_status": remote.status}
        moved = self._ledger.move(job, JobState.SUBMITTED, **facts)
        self._fresh.add(moved.id)
        return moved

    async def _poll(self, desk: Desk, job: Job) -> Job | None:
        """Ask about a job until it is over; a run that does not wait asks about what it found, once."""
        assert job.remote_id is not None
        if job.id in self._fresh:
            self._fresh.discard(job.id)
            if desk.every is None:
                return None
            await self._pause(desk, job)
        while True:
            remote = await self._patiently(desk, partial(desk.provider.poll, job.remote_id))
            if remote is None:
                return self._lost(job)
            if remote.phase is JobPhase.REJECTED:
                return await self._rejected(desk, job, remote)
            if remote.phase is JobPhase.ENDED:
                counts = {"completed": remote.completed, "failed": remote.failed}
                return self._ledger.move(job, JobState.ENDED, remote_status=remote.status, **counts)
            job = self._ledger.note_progress(job, remote.status, remote.completed, remote.failed)
            self._emit(JobMoved(job))
            if desk.every is None:
                return None
            await self._pause(desk, job)

    async def _patiently(self, desk: Desk, flow: Callable[[], Flow[T]]) -> T:
        """Carry out a flow that may be carried out twice; a run that waits anyway waits for the platform too."""
        while True:
            try:
                return await desk.transport.run(flow())
            except DistilabelPlatformError as error:
                away = isinstance(error, DistilabelUnreachableError) or (error.status or 0) >= _SERVER_FAULT
                if desk.every is None or not away:
                    raise
                self._emit(Notice("warning", f"{error.message} Trying again in {desk.every:g} s."))
                await asyncio.sleep(desk.every)

    async def _pause(self, desk: Desk, job: Job) -> None:
        seconds = desk.every or 0.0
        self._emit(NextPoll(job, seconds))
        await asyncio.sleep(seconds)

    def _lost(self, job: Job) -> Job:
        message = "The platform does not know this job any more; its requests are asked again."
        return self._ledger.release(job, JobState.LOST, code="job_lost", message=message)

    async def _rejected(self, desk: Desk, job: Job, remote: RemoteJob) -> Job:
        first = remote.errors[0] if remote.errors else JobError("failed", "the platform gave no reason")
        refused = [
            (error.line, error.code, error.message)
            for error in remote.errors
            if error.line and error.code not in _CONCERN_ALL_LINES
        ]
        facts = {"remote_status": remote.status, "code": first.code, "message": first.message}
        job = self._ledger.release(job, JobState.REJECTED, refused=refused, **facts)
        self._emit(Settled(job.scope, tuple(self._ledger.ready_askers(job))))
        if first.code in _QUOTA_CODES:
            await self._wait_for_quota(desk, job)
        elif not refused:
            raise DistilabelJobRejectedError(
                f"{desk.target.platform} rejected job {job.remote_id} ({first.code}: {first.message}). Nothing of it was "
                "run or paid for: mend the cause and run again.",
                code=first.code,
            )
        return job

    async def _wait_for_quota(self, desk: Desk, job: Job) -> None:
        """Hold the desk back: for a while where the run waits, else until the next run."""
        key = (job.scope, desk.target.identity)
        self._held.add(key)
        self._emit(
            Notice("warning", f"{desk.target.platform} has no room for more at the moment: {job.message}")
        )
        if desk.every is not None:
            await self._pause(desk, job)
            self._held.discard(key)

    async def _fetch(self, desk: Desk, job: Job) -> Job:
        assert job.remote_id is not None
        remote = await self._patiently(desk, partial(desk.provider.poll, job.remote_id))
        folder, paths = self._ledger.job_folder(job), {}
        for kind, file in (remote.files if remote else {}).items():
            path = folder / f"{kind}.jsonl"
            if path.exists() or await self._patiently(desk, partial(desk.provider.fetch, file, path)):
                paths[kind] = path
        return self._ledger.mark_fetched(job, paths)

    async def _settle(self, desk: Desk, job: Job) -> Job:
        await asyncio.to_thread(index, self._ledger, desk.provider, job)
        settled = self._ledger.settle(job, desk.most_attempts)
        (self._ledger.job_folder(job) / "input.jsonl").unlink(missing_ok=True)
        self._emit(Settled(job.scope, tuple(self._ledger.ready_askers(job))))
        return settled
