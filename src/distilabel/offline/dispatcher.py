"""Decides which jobs go out and which are under way: one task a job on the background loop.

Every move is in the ledger before the next call goes out, so that a process which dies at any instruction can be
followed by another: what was being created is looked up by its tag before it is created again.
"""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import replace
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

from distilabel import _event_loop as loop
from distilabel.events import DispatcherIdle, Event, JobMoved, JobSettled, NextPoll, Notice, RunFailed
from distilabel.ledger.store import Ledger
from distilabel.offline.client import ModelClient
from distilabel.offline.job_state_machine import JobStateMachine, is_quota
from distilabel.offline.packing import PlannedJob, estimated_tokens, pack
from distilabel.providers.base import Limits
from distilabel.records import Job, JobState, custom_id

__all__ = ["Dispatcher"]

# OpenAI names the limit like this: Enqueued token limit reached for gpt-4o in organization x. Limit: 90,000 enqueued
# tokens. https://github.com/openai/openai-python/issues/2084
_NAMED_LIMIT = re.compile(r"Limit: ([\d,]+)")
_LONGEST_QUOTA_WAIT = 60.0
_LONGEST_DRAIN = 30.0


class Dispatcher:
    """Submits what is wanted and drives all jobs of one run.

    Args:
        ledger: Where everything is recorded.
        run_id: From `Ledger.begin_run`; only what this run draws is submitted.
        emit: Called with each event, from any thread; must not block.
        eager: Whether jobs go out as soon as they are full; else only by `flush`.
    """

    def __init__(
        self, ledger: Ledger, run_id: int, emit: Callable[[Event], None], *, eager: bool = True
    ) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._emit = emit
        self._eager = eager
        self._machine = JobStateMachine(ledger, self._hear)
        self._clients: dict[tuple[str, str], ModelClient] = {}
        self._tasks: set[Future[None]] = set()
        # The first may be held long, by one who submits; the second guards the tasks alone, and is taken within the first.
        self._submitting = threading.RLock()
        self._lock = threading.Lock()
        self._stopped = False
        self._held: set[tuple[str, str]] = set()
        self._refusals: Counter[tuple[str, str]] = Counter()
        self._waiting: set[tuple[str, str]] = set()
        self._token_limits: dict[str, int] = {}
        # Requests that were gathered and do not fill a job yet; whether anything may be wanted since the last flush; and
        # the tasks that only wait, by their job's number or by what waits for room.
        self._gathered: Counter[tuple[str, str]] = Counter()
        self._stirred = False
        self._awaited: set[object] = set()

    @property
    def busy(self) -> bool:
        """Whether any job is being worked on or waited for."""
        with self._lock:
            return bool(self._tasks)

    @property
    def resting(self) -> bool:
        """Whether nothing moves: jobs are at most waited for, until their platform has done them or has room for more."""
        with self._lock:
            return len(self._awaited) >= len(self._tasks)

    def open(self, scope: str, client: ModelClient) -> None:
        """Take up the jobs of a scope and client where an earlier run left them. Done twice, it changes nothing."""
        with self._submitting:
            if (scope, client.target.identity) in self._clients:
                return
            self._clients[scope, client.target.identity] = client
            for job in self._ledger.jobs.open(scope, client.target):
                self._start(self._drive(client, self._machine.recovered(job)))

    def take_up(self, client: ModelClient, jobs: Sequence[Job]) -> None:
        """Take up jobs that were recovered before anybody knew whose they are."""
        for job in jobs:
            self._start(self._drive(client, self._machine.recovered(job)))

    def adopt(self, scope: str, client: ModelClient, remote_id: str) -> None:
        """Take over a job that the platform has, for all that this run wants of the scope."""
        with self._submitting:
            wanted = self._ledger.samples.wanted(
                scope, client.target, self._run_id, client.provider.limits.requests
            )
            job = self._ledger.jobs.adopt(scope, client.target, remote_id, [sample for sample, _ in wanted])
            if job is not None:
                self._start(self._drive(client, job))

    def gather(self, scope: str, client: ModelClient, new: int) -> None:
        """Note that something is wanted, and so many more requests than before; what fills a job goes out."""
        with self._submitting:
            self._stirred = True
            key = (scope, client.target.identity)
            jobs, self._gathered[key] = divmod(self._gathered[key] + new, _limits(client).requests)
            if jobs and self._eager:
                self._submit_wanted(scope, client, only_full=True)

    def flush(self) -> None:
        """Submit all that is wanted, in jobs as large as the platforms allow; while jobs are awaited, only if that is news."""
        with self._submitting:
            if self._tasks and not self._stirred:
                return
            self._stirred = False
            for (scope, _), client in list(self._clients.items()):
                self._submit_wanted(scope, client)

    def drain(self) -> None:
        """Let jobs whose results are being read come to their end: their rows may be done before they are."""
        deadline = monotonic() + _LONGEST_DRAIN
        while self._machine.settling and monotonic() < deadline:
            sleep(0.005)

    def stop(self) -> None:
        """Leave off at once; everything stays as the ledger has it."""
        with self._lock:
            self._stopped = True
            tasks = list(self._tasks)
        for task in tasks:
            task.cancel()

    # What goes out

    def _submit_wanted(self, scope: str, client: ModelClient, *, only_full: bool = False) -> None:
        """Submit page by page: what comes back from its job meanwhile is left to the next time."""
        limits, target = _limits(client), client.target
        if (scope, target.identity) in self._held:
            return
        longest = custom_id("0" * 32, 999_999_999, "0" * 16 if client.provider.tags_ids else "")
        overhead = len(client.provider.encode(longest, b"", target.endpoint))
        last = 0
        while wanted := self._ledger.samples.wanted(scope, target, self._run_id, limits.requests, after=last):
            room = self._room(client, limits, overhead + wanted[0][1])
            if room is None:
                self._wait_for_room(scope, client)
                return
            packed = pack(wanted, room, overhead)
            self._refuse(
                scope, packed.too_large, f"{target.platform} takes {room.size:,} bytes in one job at most."
            )
            more_comes = only_full or len(wanted) == limits.requests
            planned = packed.full(limits.requests) if more_comes else packed.jobs
            planned = planned[: 1 if room.tokens is not None else self._free_jobs(client)]
            if not planned and not packed.too_large:
                return
            for each in planned:
                self._submit(scope, client, each)
                last = each.samples[-1]

    def _submit(self, scope: str, client: ModelClient, planned: PlannedJob) -> None:
        job = self._ledger.jobs.plan(
            scope,
            client.target,
            uuid4().hex,
            planned.samples,
            planned.size,
            tokens=estimated_tokens(planned.size),
            label=client.options.tag,
            account=client.account,
        )
        self._start(self._drive(client, job))

    def _room(self, client: ModelClient, limits: Limits, first: int) -> Limits | None:
        """Return what the next job may hold beside those under way; None if there is no room for it."""
        jobs, tokens = self._ledger.jobs.in_flight(client.target)
        most_jobs = client.options.max_jobs_in_flight
        if most_jobs is not None and jobs >= most_jobs:
            return None
        most_tokens = self._token_limits.get(client.target.identity, client.options.max_enqueued_tokens)
        if most_tokens is None:
            return limits
        if jobs and most_tokens - tokens < estimated_tokens(first):
            return None
        return replace(limits, tokens=most_tokens - tokens if jobs else most_tokens)

    def _free_jobs(self, client: ModelClient) -> int | None:
        most = client.options.max_jobs_in_flight
        return None if most is None else max(0, most - self._ledger.jobs.in_flight(client.target)[0])

    def _refuse(self, scope: str, samples: Sequence[int], message: str) -> None:
        if samples:
            self._ledger.samples.fail(samples, "request_too_large", message)
            self._emit(JobSettled(scope, tuple(self._ledger.samples.ready_askers(samples))))

    # What waits for room

    def _wait_for_room(self, scope: str, client: ModelClient, seconds: float = 0.0) -> None:
        """Submit the rest later, where the run waits; else the next run will."""
        key = (scope, client.target.identity)
        if client.poll_interval is not None and key not in self._waiting:
            self._waiting.add(key)
            self._start(self._submit_later(scope, client, max(seconds, client.poll_interval)))

    async def _submit_later(self, scope: str, client: ModelClient, seconds: float) -> None:
        key = (scope, client.target.identity)
        self._awaited.add(key)
        await asyncio.sleep(seconds)
        self._awaited.discard(key)
        await asyncio.to_thread(self._submit_again, scope, client)

    def _submit_again(self, scope: str, client: ModelClient) -> None:
        with self._submitting:
            key = (scope, client.target.identity)
            self._waiting.discard(key)
            self._held.discard(key)
            self._submit_wanted(scope, client)

    def _hold(self, client: ModelClient, job: Job) -> None:
        """Keep a client's further jobs back after its platform said that too much is under way."""
        key = (job.scope, client.target.identity)
        self._emit(
            Notice("warning", f"{client.target.platform} has no room for more at the moment: {job.message}")
        )
        with self._submitting:
            if named := _NAMED_LIMIT.search(job.message or ""):
                self._token_limits[client.target.identity] = int(named[1].replace(",", ""))
            self._refusals[key] += 1
            self._held.add(key)
            seconds = (client.poll_interval or 0.0) * 2.0 ** self._refusals[key]
            self._wait_for_room(job.scope, client, min(_LONGEST_QUOTA_WAIT, seconds))

    # What is under way

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        with self._lock:
            if self._stopped:
                work.close()
                return
            task = loop.start(work)
            self._tasks.add(task)
        task.add_done_callback(self._ended)  # at once, and here, where it has ended already

    def _ended(self, task: "Future[None]") -> None:
        with self._lock:
            self._tasks.discard(task)
            quiet = not self._tasks
        if quiet:
            self._emit(DispatcherIdle())

    def _hear(self, event: Event) -> None:
        match event:
            case NextPoll(job):
                self._awaited.add(job.id)
            case JobMoved(job) if job.state != JobState.SUBMITTED:
                self._awaited.discard(job.id)
            case JobSettled():
                self._stirred = True
        self._emit(event)

    async def _drive(self, client: ModelClient, job: Job) -> None:
        try:
            job = await self._machine.drive(client, job)
        except Exception as error:  # noqa: BLE001 - whatever it is must end the run, not hang it
            self._emit(RunFailed(error))
        finally:
            self._awaited.discard(job.id)
        if is_quota(job):
            await asyncio.to_thread(self._hold, client, job)


def _limits(client: ModelClient) -> Limits:
    """Return what one job may hold: the platform's limits, or the user's where they are tighter."""
    own, platform = client.options, client.provider.limits
    return Limits(
        min(platform.requests, own.max_requests or platform.requests),
        min(platform.size, own.max_bytes or platform.size),
    )
