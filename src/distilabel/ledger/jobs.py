"""The ledger of one folder, and the batch jobs in it: each move, and what became of each job's samples."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from time import time
from typing import Any

import orjson

from distilabel.ledger.database import Database, connect, joined, json_array, mapped_errors, query
from distilabel.ledger.samples import SamplePool
from distilabel.records import Job, JobCondition, JobPhase, JobState, RemoteJob, Target

__all__ = ["JobLedger", "Ledger", "is_adopted", "job_of"]

_ADOPTED = "adopted-"
_RECOVERED = "recovered"
# Platforms give a job 24 hours. One that no run has polled for longer no longer counts against the limits.
_LONGEST_JOB = 26 * 3600.0
_JOB = (
    "id", "scope", "tag", "requests", "size", "created_at", "moved_at", "tokens", "label", "account", "input_file", "remote_id",
    "remote_status", "completed", "failed", "code", "message",
)  # fmt: skip


def is_adopted(job: Job) -> bool:
    """Tell whether a user named this job as holding their inputs; the library did not create it."""
    return job.tag.startswith(_ADOPTED)


def job_of(row: dict[str, Any]) -> Job:
    """Return the job in a row of the table `jobs`, joined with its scope and target."""
    target = Target(row["platform"], row["base_url"], row["endpoint"], row["model"])
    condition = JobCondition(row["condition"]) if row["condition"] else None
    state = JobState(row["state"])
    return Job(target=target, state=state, condition=condition, **{name: row[name] for name in _JOB})


class Ledger:
    """The ledger in one folder: `ledger.db`, and below `jobs/` the files of each job.

    Safe to use from several threads, and from several processes at once. Moves of jobs are on disk before the call
    returns. Draws do not wait for the disk, since nothing has been paid for yet.

    Args:
        folder: Made where it is missing.
        clock: Gives the time in seconds since 1970.

    Attributes:
        database: The connection that `samples` and `jobs` share.
        samples: What is asked, and what each answer is.
        jobs: The batch jobs.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time) -> None:
        self.folder = folder
        self.database = Database(folder, clock)
        self.samples = SamplePool(self.database)
        self.jobs = JobLedger(self.database)

    def begin_run(self, name: str) -> int:
        """Record that a run begins and return its number."""
        with self.database.transaction(durable=False):
            return int(self.database.one("begin_run", name=name, now=self.database.clock())[0])

    def close(self) -> None:
        """Close the database; the ledger cannot be used after."""
        self.database.close()


class JobLedger:
    """The batch jobs of all scopes. Moves are on disk before the call returns.

    Args:
        database: Shared with `SamplePool`.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def seconds_since(self, moment: float) -> float:
        """Return the seconds that have passed since a moment, such as `Job.moved_at`."""
        return self._db.clock() - moment

    def in_flight(self, target: Target) -> tuple[int, int]:
        """Return how many jobs are under way at a target, of all scopes, and the tokens in them."""
        with self._db.lock:
            since = self._db.clock() - _LONGEST_JOB
            jobs, tokens = self._db.one("in_flight", target_id=self._db.target_id(target), since=since)
            return int(jobs), int(tokens)

    def quota(self, target: Target, account: str) -> int | None:
        """Return the most tokens that a key may have under way at a target; None if no refusal has shown a limit."""
        with self._db.lock:
            row = self._db.one("quota", target_id=self._db.target_id(target), account=account)
            return int(row[0]) if row else None

    def set_quota(self, target: Target, account: str, tokens: int) -> None:
        """Record the most tokens that a key may have under way at a target."""
        values = {"target_id": self._db.target_id(target), "account": account, "tokens": max(1, tokens)}
        with self._db.transaction():
            self._db.execute("set_quota", values)

    def grow_quota(self, job: Job) -> None:
        """Raise a recorded limit by a quarter after a job of about that size went through."""
        values = {
            "target_id": self._db.target_id(job.target),
            "account": job.account or "",
            "job_tokens": job.tokens,
        }
        with self._db.transaction(durable=False):
            self._db.execute("grow_quota", values)

    def plan(
        self,
        scope: str,
        target: Target,
        tag: str,
        samples: Sequence[int],
        size: int,
        *,
        tokens: int = 0,
        label: str | None = None,
        account: str | None = None,
    ) -> Job:
        """Plan a job: it claims its samples, so no other job can hold them."""
        values = {
            "scope_id": self._db.scope_id(scope), "target_id": self._db.target_id(target), "tag": tag, "label": label, "account": account,
            "requests": len(samples), "size": size, "tokens": tokens, "now": self._db.clock(),
        }  # fmt: skip
        with self._db.transaction():
            job_id = int(self._db.one("add_job", **values)[0])
            self._db.at_once("claim", samples, job_id=job_id)
            return self._job(job_id)

    def knows(self, platform: str, base_url: str, remote: RemoteJob) -> bool:
        """Tell whether a platform's job is in the ledger, by its id or by our tag."""
        values = {
            "platform": platform,
            "base_url": base_url,
            "remote_id": remote.remote_id,
            "tag": remote.tag,
        }
        with self._db.lock:
            return self._db.execute("known_job", values).fetchone() is not None

    def has_orphans(self) -> bool:
        """Tell whether there are recovered jobs without a scope: the platform did not keep it."""
        with self._db.lock:
            return bool(self._db.one("orphans")[0])

    def take_orphans(self, scope: str, target: Target, asker: str) -> list[Job]:
        """Assign to a scope the recovered jobs that hold what its asker has drawn; return those.

        A request's key is made of scope, target and body, so whoever draws it is its owner.
        """
        values = {"scope_id": self._db.scope_id(scope), "target_id": self._db.target_id(target)}
        with self._db.transaction():
            rows = self._db.execute("take_orphans", {**values, "asker": asker}).fetchall()
            jobs = [number for (number,) in rows]
            for name in ("take_requests_of_orphans", "take_samples_of_orphans") if jobs else ():
                self._db.execute(name, {**values, "jobs": json_array(jobs)})
            return [self._job(number) for number in jobs]

    def adopt(self, scope: str, target: Target, remote_id: str, samples: Sequence[int]) -> Job | None:
        """Adopt a job that the platform already has, for these samples; None if the ledger knows it."""
        remote = RemoteJob(remote_id, "", JobPhase.RUNNING)
        if not samples or self.knows(target.platform, target.base_url, remote):
            return None
        with self._db.transaction():
            job_id = self._adopt(
                scope, target, remote_id, _ADOPTED + remote_id, len(samples), self._db.clock()
            )
            self._db.at_once("claim", samples, job_id=job_id)
            return self._job(job_id)

    def recover(
        self,
        scope: str,
        target: Target,
        remote: RemoteJob,
        requests: Iterable[tuple[str, int, bytes]],
        count: int,
        run_id: int,
    ) -> Job:
        """Adopt a job that an earlier, lost ledger submitted, with its requests.

        Args:
            scope: Whose requests they are.
            target: Where they went.
            remote: The job as the platform has it, with our tag.
            requests: Key, sample and body of each; an empty body where it is not known.
            count: How many.
            run_id: From `begin_run`; a run of a pipeline draws the samples from it.
        """
        scope_id, target_id = self._db.scope_id(scope), self._db.target_id(target)
        created_at = remote.created_at or self._db.clock()
        with self._db.transaction():
            asker_id = self._db.known_or_new("asker_id", "add_asker", scope_id=scope_id, name=_RECOVERED)
            job_id = self._adopt(
                scope, target, remote.remote_id, remote.tag or remote.remote_id, count, created_at
            )
            for nth, (key, n, body) in enumerate(requests):
                request = {"key": bytes.fromhex(key), "target_id": target_id, "body": body}
                self._db.execute("add_known_request", request)
                drawn = {"asker_id": asker_id, "run_id": run_id, "nth": nth, "job_id": job_id}
                self._db.execute("add_claimed_sample", {**request, **drawn, "n": n, "scope_id": scope_id})
            return self._job(job_id)

    def _adopt(
        self, scope: str, target: Target, remote_id: str, tag: str, requests: int, created_at: float
    ) -> int:
        values = {
            "scope_id": self._db.scope_id(scope), "target_id": self._db.target_id(target), "remote_id": remote_id,
            "tag": tag, "requests": requests, "created_at": created_at, "now": self._db.clock(),
        }  # fmt: skip
        return int(self._db.one("adopt_job", **values)[0])

    def of_scope(self, scope: str) -> list[Job]:
        """Return every job of a scope, oldest first."""
        with self._db.lock:
            return [job_of(row) for row in self._db.rows("jobs_of_scope", scope_id=self._db.scope_id(scope))]

    def remote_ids_of(self, scope: str, asker: str) -> tuple[str, ...]:
        """Return the platform's ids of the jobs that last carried an asker's samples, oldest first."""
        with self._db.lock:
            rows = self._db.execute(
                "jobs_of_asker", {"scope_id": self._db.scope_id(scope), "name": asker}
            ).fetchall()
        return tuple(remote_id for (remote_id,) in rows)

    def is_drawn_from(self, job: Job, run_id: int) -> bool:
        """Tell whether a run has drawn a sample that a job carried last."""
        with self._db.lock:
            return self._db.one("drawn_from", job_id=job.id, run_id=run_id) is not None

    def open(self, scope: str, target: Target) -> list[Job]:
        """Return the open jobs of a scope at a target, oldest first."""
        values = {"scope_id": self._db.scope_id(scope), "target_id": self._db.target_id(target)}
        with self._db.lock:
            return [job_of(row) for row in self._db.rows("open_jobs_of_scope", **values)]

    def move(self, job: Job, state: JobState, **facts: Any) -> Job:
        """Move a job to another state and return it as it is then; on disk when this returns.

        Args:
            job: The job.
            state: The new state; an illegal move raises.
            facts: Columns to set: input_file, remote_id, remote_status, completed, failed, code, message.
        """
        with self._db.transaction():
            return self._move(job, state, facts)

    def note_progress(self, job: Job, status: str, completed: int | None, failed: int | None) -> Job:
        """Record the platform's counts of a job that is still running."""
        with self._db.transaction(durable=False):
            self._db.execute(
                "note_progress",
                {"remote_status": status, "completed": completed, "failed": failed, "job_id": job.id},
            )
            return self._job(job.id)

    def note_condition(self, job: Job, condition: JobCondition | None, message: str | None = None) -> Job:
        """Record what is out of the ordinary about a job, and since when; None: nothing any more."""
        with self._db.transaction():
            values = {"condition": condition, "message": message, "now": self._db.clock(), "job_id": job.id}
            self._db.execute("note_condition", values)
            return self._job(job.id)

    def release(
        self, job: Job, state: JobState, refused: Iterable[tuple[int, str, str]] = (), **facts: Any
    ) -> Job:
        """End a job of which nothing was run: its samples are wanted again, with as many attempts left.

        Args:
            job: The job.
            state: `rejected` or `cancelled`.
            refused: Lines that the platform will never take: number (from 1), code, message; their samples fail.
            facts: As for `move`.
        """
        with self._db.transaction():
            for line, code, message in refused:
                self._db.execute(
                    "refuse_line", {"line": line, "code": code, "message": message, "job_id": job.id}
                )
            self._db.execute("release_unburnt", {"job_id": job.id})
            return self._move(job, state, facts)

    def withdraw(self, job: Job, message: str) -> Job:
        """End a job that its platform does not have: its samples are wanted again, with as many attempts left."""
        with self._db.transaction():
            if job.state == JobState.UPLOADING:
                job = self._move(job, JobState.PLANNED, {})
            elif job.state == JobState.CREATING:
                job = self._move(job, JobState.UPLOADED, {})
            return self.release(job, JobState.CANCELLED, code="cancelled", message=message)

    def lose(self, job: Job, most_attempts: int, code: str, message: str) -> Job:
        """End a job that the platform no longer knows: it may have been run, so its samples have used an attempt."""
        with self._db.transaction():
            self._release_after_attempt(job, most_attempts, code, message, whole_job=True)
            return self._move(job, JobState.LOST, {"code": code, "message": message})

    def want_again(self, job_id: int) -> int:
        """Mark the failed samples of a job as wanted: the next run that draws them sends them again. Return how many."""
        with self._db.transaction():
            return self._db.execute("want_again", {"job_id": job_id}).rowcount

    def lines(self, job: Job) -> Iterator[tuple[str, int, bytes]]:
        """Yield key, sample and body of each request of a job, in the order of its lines."""
        with mapped_errors(self._db.path):
            connection = connect(self._db.path, readonly=True)
            try:
                yield from connection.execute(query("job_lines"), {"job_id": job.id})
            finally:
                connection.close()

    def prune(self, before: float) -> list[int]:
        """Delete jobs that were over before a time, with their answers; return their numbers.

        What is deleted is paid for again if it is asked again.
        """
        with self._db.transaction():
            jobs = [number for (number,) in self._db.execute("jobs_over_before", {"before": before})]
            values = {"jobs": json_array(jobs)}
            for name in ("prune_samples", "prune_files", "prune_history", "prune_jobs", "prune_requests"):
                self._db.execute(name, values if name != "prune_requests" else {})
            return jobs

    # Results

    def folder(self, job: Job) -> Path:
        """Return the folder of a job's files; create it if it is missing."""
        folder = self._db.folder / "jobs" / str(job.id)
        with mapped_errors(self._db.path):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def mark_fetched(self, job: Job, paths: dict[str, Path]) -> Job:
        """Record that a job's result files are on disk."""
        with self._db.transaction():
            for kind, path in paths.items():
                self.add_file(job, kind, path)
            return self._move(job, JobState.FETCHED, {})

    def add_file(self, job: Job, kind: str, path: Path) -> None:
        """Record a file of a job's results; its kind is a word such as `output`."""
        relative = path.relative_to(self._db.folder).as_posix()
        with self._db.transaction():
            self._db.execute("add_file", {"job_id": job.id, "kind": kind, "path": relative})

    def files(self, job: Job) -> list[tuple[int, Path]]:
        """Return number and path of a job's result files, the output first."""
        with self._db.lock:
            rows = self._db.execute("files_of_job", {"job_id": job.id}).fetchall()
        return [(number, self._db.folder / path) for number, path in rows]

    def settle_lines(
        self,
        job: Job,
        answered: Sequence[tuple[int, int, int, str, int]],
        failed: Sequence[tuple[str, str, str, int, bool]],
    ) -> int:
        """Record what some lines of a job's results said; done twice, it changes nothing.

        Args:
            job: The job.
            answered: file number, start, length, key, sample.
            failed: code, message, key, sample, whether the request may be sent again.

        Returns:
            How many lines were odd: duplicates, or of no request of this job.
        """
        with self._db.transaction(durable=False):
            # Where two lines of one sample meet in one step, the first counts.
            firsts = {
                (key, n): (file, start, length, n) for file, start, length, key, n in reversed(answered)
            }
            keys, rows = joined(key for key, _ in firsts), json_array(firsts.values())
            done = self._db.execute("answer_samples", {"keys": keys, "rows": rows, "job_id": job.id}).rowcount
            for code, message, key, n, may_be_asked_again in failed:
                what = "note_failure" if may_be_asked_again else "refuse_sample"
                values = {
                    "code": code,
                    "message": message,
                    "key": bytes.fromhex(key),
                    "n": n,
                    "job_id": job.id,
                }
                done += self._db.execute(what, values).rowcount
            odd = len(answered) + len(failed) - done
            self.note_anomalies(job, odd)
        return odd

    def forget_anomalies(self, job: Job) -> None:
        """Reset the count of a job's odd lines."""
        with self._db.transaction(durable=False):
            self._db.execute("forget_anomalies", {"job_id": job.id})

    def note_anomalies(self, job: Job, count: int) -> None:
        """Add to the count of odd lines: duplicates, under a foreign id, or unreadable."""
        if count:
            with self._db.transaction(durable=False):
                self._db.execute("note_anomalies", {"count": count, "job_id": job.id})

    def settle(
        self, job: Job, most_attempts: int, code: str | None = None, refusals: Mapping[str, str] | None = None
    ) -> Job:
        """End a job: what it left unanswered is wanted again, or fails once its attempts are used up.

        Args:
            job: The job; `message` explains the code.
            most_attempts: How often one request is sent.
            code: Why it left requests unanswered; default: what was recorded for each, or `missing`.
            refusals: Codes, each with a message, with which the platform refused requests because of the account. These are
                wanted again and have used no attempt; the job keeps the first of them.
        """
        facts: dict[str, Any] = {}
        with self._db.transaction():
            if refusals:
                self._db.execute("release_refused", {"job_id": job.id, "codes": json_array(refusals)})
                facts = dict(zip(("code", "message"), next(iter(refusals.items())), strict=True))
            if code:
                self._release_after_attempt(job, most_attempts, code, job.message or code, whole_job=True)
            else:
                message = "The platform returned no line for this request."
                self._release_after_attempt(job, most_attempts, "missing", message, whole_job=False)
            return self._move(job, JobState.SETTLED, facts)

    def has_refusal_since(self, job: Job, run_id: int) -> bool:
        """Tell whether an earlier run reported, after this job was planned, that the platform refuses the account."""
        with self._db.lock:
            values = {"target_id": self._db.target_id(job.target), "since": job.created_at, "run_id": run_id}
            return self._db.one("refusal_since", **values) is not None

    def has_sample(self, job: Job, key: str, n: int) -> bool:
        """Tell whether a job carried this sample last."""
        with self._db.lock:
            return self._db.one("sample_of_job", job_id=job.id, key=bytes.fromhex(key), n=n) is not None

    def _release_after_attempt(
        self, job: Job, most_attempts: int, code: str, message: str, *, whole_job: bool
    ) -> None:
        """Release what a job left unanswered; the reason is the line's, or that of the whole job."""
        # An adopted job claims all that was wanted, of which it may hold a part: that it lacks the rest uses no attempt.
        burnt = 0 if is_adopted(job) else 1
        values = {
            "job_id": job.id, "most_attempts": most_attempts, "burnt": burnt, "code": code, "message": message,
            "whole_job": whole_job,
        }  # fmt: skip
        self._db.execute("release_after_attempt", values)

    def ready_askers(self, job: Job) -> list[str]:
        """Return the askers with samples in this job that await nothing any more."""
        with self._db.lock:
            return [name for (name,) in self._db.execute("ready_askers_of_job", {"job_id": job.id})]

    # Jobs of LLMs with a custom batch protocol

    def keep_own_jobs(self, scope: str, digest: str, jobs_ids: Sequence[str]) -> None:
        """Store the job ids that a custom LLM gave for these inputs."""
        values = {
            "scope_id": self._db.scope_id(scope),
            "digest": digest,
            "jobs_ids": json_array(list(jobs_ids)),
        }
        with self._db.transaction():
            self._db.execute("keep_own_jobs", values)

    def own_jobs(self, scope: str, digest: str) -> tuple[str, ...]:
        """Return the job ids stored for these inputs; empty if there are none."""
        with self._db.lock:
            row = self._db.execute(
                "own_jobs", {"scope_id": self._db.scope_id(scope), "digest": digest}
            ).fetchone()
        return tuple(orjson.loads(row[0])) if row else ()

    def _move(self, job: Job, state: JobState, facts: dict[str, Any]) -> Job:
        values = dict.fromkeys(
            ("input_file", "remote_id", "remote_status", "completed", "failed", "code", "message")
        )
        self._db.execute(
            "move_job", {**values, **facts, "state": state, "now": self._db.clock(), "job_id": job.id}
        )
        return self._job(job.id)

    def _job(self, job_id: int) -> Job:
        return job_of(next(self._db.rows("job", job_id=job_id)))
