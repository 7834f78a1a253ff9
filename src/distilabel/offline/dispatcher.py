"""Decides which batch jobs are submitted, and keeps one task per job on the background loop.

Every move is in the ledger before the next call is sent. So a process may die at any instruction and the next one continues:
a job whose creation was interrupted is looked up by its tag before it is created again.

Two locks, each over its own fields; the arrow is the only order in which they are taken:

    Dispatcher._submitting (RLock)              ->   _Tasks._lock
      what is wanted, held back, waiting for room      the tasks, and which of them only wait
      held while jobs are planned: may be long         held for a few statements
      taken by: threads that ask, the run's pump,      taken by: the same, and the loop's thread
      and worker threads of the loop

The loop's thread never takes `_submitting`: a task that needs it goes through `asyncio.to_thread`. `_Tasks` emits
`DispatcherIdle` after it has released its lock.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

from distilabel import _event_loop as loop
from distilabel.events import DispatcherIdle, Event, JobMoved, JobSettled, NextPoll, Notice, RunFailed
from distilabel.exceptions import DistilabelAccountError, DistilabelPlatformError
from distilabel.ledger.jobs import Ledger
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
_NOT_SUBMITTED = frozenset({JobState.PLANNED, JobState.UPLOADING, JobState.UPLOADED})
_LONGEST_DRAIN = 30.0
_ENDED_BEFORE = "The run ended before the job was submitted."


class _Tasks:
    """The tasks on the background loop, and those of them that only wait. Its lock guards all fields.

    Args:
        on_idle: Called, without the lock, when the last task has ended.
    """

    def __init__(self, on_idle: Callable[[], None]) -> None:
        self._on_idle = on_idle
        self._lock = threading.Lock()
        self._running: set[Future[None]] = set()
        self._waiting: set[object] = set()
        self._stopped = False

    @property
    def busy(self) -> bool:
        with self._lock:
            return bool(self._running)

    @property
    def resting(self) -> bool:
        with self._lock:
            return len(self._waiting) >= len(self._running)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        with self._lock:
            if self._stopped:
                work.close()
                return
            task = loop.start(work)
            self._running.add(task)
        task.add_done_callback(self._ended)  # called in this thread, at once, if the task has ended already

    def wait(self, name: object) -> None:
        """Note that a task only waits from now on: it is named by its job's number, or by its lane."""
        with self._lock:
            self._waiting.add(name)

    def resume(self, name: object) -> None:
        """Note that a task does something again, or has ended."""
        with self._lock:
            self._waiting.discard(name)

    def stop(self) -> None:
        """Cancel all tasks and start no more."""
        with self._lock:
            self._stopped = True
            tasks = list(self._running)
        for task in tasks:
            task.cancel()

    def _ended(self, task: "Future[None]") -> None:
        with self._lock:
            self._running.discard(task)
            idle = not self._running
        if idle:
            self._on_idle()


@dataclass(slots=True)
class _Lane:
    """What is known of one scope's requests to one target.

    Attributes:
        client: The first that asked there.
        gathered: Requests that do not fill a job yet.
        refusals: How often the platform had no room for a job.
        quota: The most tokens that the refusals since the last submission have left.
        is_held: Whether nothing more is submitted until the wait after such a refusal is over.
        is_waiting: Whether a task waits for room.
    """

    client: ModelClient
    gathered: int = 0
    refusals: int = 0
    quota: int = 0
    is_held: bool = False
    is_waiting: bool = False


class Dispatcher:
    """Submits what is wanted and drives all batch jobs of one run.

    Args:
        ledger: Where every move is recorded.
        run_id: From `Ledger.begin_run`; only what this run draws is submitted.
        emit: Called with each event, from any thread; must not block.
        eager: Whether jobs are submitted as soon as they are full; else only by `flush`.
    """

    def __init__(
        self, ledger: Ledger, run_id: int, emit: Callable[[Event], None], *, eager: bool = True
    ) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._emit = emit
        self._eager = eager
        self._machine = JobStateMachine(ledger, self._hear)
        self._tasks = _Tasks(lambda: emit(DispatcherIdle()))
        self._submitting = threading.RLock()
        # Guarded by `_submitting`: lanes by scope and target.
        self._lanes: dict[tuple[str, str], _Lane] = {}
        # Whether anything may be wanted since the last flush. Any thread sets it; `flush` clears it before it reads the
        # ledger, so what sets it afterwards is seen by the next flush at the latest.
        self._stirred = False
        self._failed = False
        # The numbers of the jobs that this run planned. It draws from them, also when another job carries their requests already.
        self._planned: set[int] = set()
        # Jobs of earlier runs that could not be driven further, each with why.
        self._stuck: list[tuple[Job, DistilabelPlatformError]] = []

    @property
    def busy(self) -> bool:
        """Whether any job is being worked on or waited for."""
        return self._tasks.busy

    @property
    def resting(self) -> bool:
        """Whether every task only waits: until a platform has finished a job, or has room for another."""
        return self._tasks.resting

    def open(self, scope: str, client: ModelClient) -> None:
        """Resume the jobs of a scope and client where an earlier run left them. Done twice, it changes nothing."""
        with self._submitting:
            if (scope, client.target.identity) in self._lanes:
                return
            self._lanes[scope, client.target.identity] = _Lane(client)
            jobs = self._ledger.jobs.open(scope, client.target)
            for job in jobs:
                if job.state in _NOT_SUBMITTED:
                    # The user may have corrected the requests since: what this run asks for is planned again.
                    self._ledger.jobs.withdraw(job, _ENDED_BEFORE)
            self.take_up(client, [job for job in jobs if job.state not in _NOT_SUBMITTED])

    def take_up(self, client: ModelClient, jobs: Sequence[Job]) -> None:
        """Resume jobs that an earlier run left, or that were recovered before their scope was known."""
        for job in jobs:
            self._tasks.start(self._drive(client, job))

    def adopt(self, scope: str, client: ModelClient, remote_id: str) -> None:
        """Adopt a job that the platform has already, for all that this run wants of the scope."""
        with self._submitting:
            wanted = self._ledger.samples.wanted(
                scope, client.target, self._run_id, client.provider.limits.requests
            )
            job = self._ledger.jobs.adopt(scope, client.target, remote_id, [sample for sample, _ in wanted])
            if job is not None:
                self._tasks.start(self._drive(client, job))

    def gather(self, scope: str, client: ModelClient, new: int) -> None:
        """Note that the scope wants something, among it `new` new requests; what fills a job is submitted."""
        with self._submitting:
            self._stirred = True
            lane = self._lanes[scope, client.target.identity]
            jobs, lane.gathered = divmod(lane.gathered + new, _limits(client).requests)
            if jobs and self._eager:
                self._submit_wanted(scope, client, only_full=True)

    def flush(self) -> None:
        """Submit all that is wanted, in jobs as large as the platforms allow.

        While jobs are under way and nothing was asked or settled since the last flush, there is nothing to submit.
        """
        for job, error in self._stuck:
            if self._ledger.jobs.is_drawn_from(job, self._run_id):
                self._fail(error)
        with self._submitting:
            if (self._tasks.busy and not self._stirred) or self._failed:
                return
            self._stirred = False
            for (scope, _), lane in list(self._lanes.items()):
                self._submit_wanted(scope, lane.client)

    def drain(self) -> None:
        """Wait until jobs whose results are being read are settled: their rows may be done before they are."""
        deadline = monotonic() + _LONGEST_DRAIN
        while self._machine.settling and monotonic() < deadline:
            sleep(0.005)

    def stop(self) -> None:
        """Stop at once; everything stays as the ledger has it."""
        self._tasks.stop()

    # Submitting

    def _submit_wanted(self, scope: str, client: ModelClient, *, only_full: bool = False) -> None:
        """Submit page by page, in ascending order; what its job gives back meanwhile is left to the next submission."""
        limits, target = _limits(client), client.target
        if self._lanes[scope, target.identity].is_held:
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
            if packed.too_large:
                text = f"{target.platform} takes at most {room.size:,} bytes in one batch job."
                self._ledger.samples.fail(packed.too_large, "request_too_large", text)
                ready = self._ledger.samples.ready_askers(packed.too_large)
                self._emit(JobSettled(scope, tuple(ready)))
            more_comes = only_full or len(wanted) == limits.requests
            planned = packed.full(limits.requests) if more_comes else packed.jobs
            most_jobs = client.options.max_jobs_in_flight
            if room.tokens is not None:
                planned = planned[
                    :1
                ]  # how many tokens are free is known again only when this job is in the ledger
            elif most_jobs is not None:
                planned = planned[: max(0, most_jobs - self._ledger.jobs.in_flight(target)[0])]
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
        self._planned.add(job.id)
        self._tasks.start(self._drive(client, job))

    def _room(self, client: ModelClient, limits: Limits, first: int) -> Limits | None:
        """Return what the next job may hold beside those under way; None if there is no room for it."""
        jobs, tokens = self._ledger.jobs.in_flight(client.target)
        most_jobs = client.options.max_jobs_in_flight
        if most_jobs is not None and jobs >= most_jobs:
            return None
        known = (self._ledger.jobs.quota(client.target, client.account), client.options.max_enqueued_tokens)
        most_tokens = min((most for most in known if most is not None), default=None)
        if most_tokens is None:
            return limits
        if jobs and most_tokens - tokens < estimated_tokens(first):
            return None
        return replace(limits, tokens=most_tokens - tokens if jobs else most_tokens)

    # Waiting for room

    def _wait_for_room(self, scope: str, client: ModelClient, seconds: float = 0.0) -> None:
        """Submit the rest later if this run waits for jobs; else the next run submits it."""
        lane = self._lanes[scope, client.target.identity]
        if client.poll_interval is not None and not lane.is_waiting:
            lane.is_waiting = True
            self._tasks.start(self._submit_later(scope, client, max(seconds, client.poll_interval)))

    async def _submit_later(self, scope: str, client: ModelClient, seconds: float) -> None:
        key = (scope, client.target.identity)
        self._tasks.wait(key)
        await asyncio.sleep(seconds)
        self._tasks.resume(key)
        await asyncio.to_thread(self._submit_again, scope, client)

    def _submit_again(self, scope: str, client: ModelClient) -> None:
        with self._submitting:
            lane = self._lanes[scope, client.target.identity]
            lane.is_waiting = lane.is_held = False
            lane.quota = 0
            self._submit_wanted(scope, client)

    def _hold(self, client: ModelClient, job: Job) -> None:
        """Hold further jobs back after the platform rejected one because too much is under way; wait longer each time."""
        with self._submitting:
            lane = self._lanes[job.scope, client.target.identity]
            most = self._learn_quota(client, job, lane)
            text = f"{client.target.platform} takes no more batch jobs at the moment: {job.message}"
            what = f" at most {most:,} tokens (estimated) at once" if most else " the same requests"
            if client.poll_interval is None:
                text += f" The next run submits{what}."
            elif most:
                text += f" This run submits{what} from now on."
            self._emit(Notice("warning", text))
            lane.refusals += 1
            lane.is_held = True
            seconds = (client.poll_interval or 0.0) * 2.0**lane.refusals
            self._wait_for_room(job.scope, client, min(_LONGEST_QUOTA_WAIT, seconds))

    def _learn_quota(self, client: ModelClient, job: Job, lane: _Lane) -> int | None:
        """Record what a refused job shows about the quota; None if it shows nothing.

        A job that is refused while nothing else of ours is under way is too large by itself, if the platform names no limit, or
        if our estimate of its tokens may be too low for the limit named. A limit far above it is used up by others.
        """
        named = _NAMED_LIMIT.search(job.message or "")
        most = int(named[1].replace(",", "")) if named else None
        is_alone = not self._ledger.jobs.in_flight(client.target)[0]
        if job.requests > 1 and is_alone and (most is None or most // 2 <= job.tokens <= most):
            # Of several jobs that were refused together, the largest shows the quota.
            most = lane.quota = max(lane.quota, -(-job.tokens // 2))
        if most is not None:
            self._ledger.jobs.set_quota(client.target, client.account, most)
        return most

    # Driving

    def _hear(self, event: Event) -> None:
        match event:
            case NextPoll(job):
                self._tasks.wait(job.id)
            case JobMoved(job) if job.state != JobState.SUBMITTED:
                self._tasks.resume(job.id)
            case JobSettled():
                self._stirred = True
        self._emit(event)

    def _fail(self, error: Exception) -> None:
        """Report an error that ends the run; nothing more is submitted."""
        self._failed = True
        self._emit(RunFailed(error))

    async def _drive(self, client: ModelClient, job: Job) -> None:
        if self._failed and job.state == JobState.PLANNED:
            # A refused job releases its requests in the ledger before `_fail` is called, and another thread may have planned
            # them again in between. Both happen on this loop without a pause, so such a job is always seen here.
            self._ledger.jobs.withdraw(job, _ENDED_BEFORE)
            return
        try:
            job = await self._machine.drive(client, job)
        except DistilabelPlatformError as error:
            if isinstance(error, DistilabelAccountError) and self._ledger.jobs.has_refusal_since(
                job, self._run_id
            ):
                # An earlier run reported it, and the account may have been fixed since then: the requests are sent again.
                self._emit(Notice("warning", f"A batch job of an earlier run: {error.message}"))
                self._hear(JobSettled(job.scope, tuple(self._ledger.jobs.ready_askers(job))))
                return
            # A job of an earlier run must not end this one, which may have asked for something else after a correction. Whether
            # this run draws from it may be known only later: `flush` looks again.
            if job.id in self._planned or self._ledger.jobs.is_drawn_from(job, self._run_id):
                self._fail(error)
            else:
                self._stuck.append((job, error))
                self._emit(Notice("warning", f"A batch job of an earlier run: {error.message}"))
        except Exception as error:  # noqa: BLE001 - an error that only ended this task would leave the run waiting for ever
            self._fail(error)
        finally:
            self._tasks.resume(job.id)
        if is_quota(job):
            await asyncio.to_thread(self._hold, client, job)


def _limits(client: ModelClient) -> Limits:
    """Return what one job may hold: the platform's limits, or the user's where they are tighter."""
    own, platform = client.options, client.provider.limits
    return Limits(
        min(platform.requests, own.max_requests or platform.requests),
        min(platform.size, own.max_bytes or platform.size),
    )
