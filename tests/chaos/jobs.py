"""What the platform says of its jobs, and the jobs that it never runs."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos.books import Books, as_number
from tests.chaos.faults import Fault, Job, Plan

__all__ = ["OVER", "Jobs"]

OVER = frozenset({"completed", "failed", "expired", "cancelled"})
_FOREIGN = "batch_foreign_"


class Jobs:
    """What the platform says of its jobs, and the jobs that it never runs."""

    def __init__(self, plan: Plan, folder: Path, books: Books, meet: Callable[[Fault], None]) -> None:
        self._plan = plan
        self._meet = meet
        self._folder = folder
        self._books = books
        self._numbers: dict[str, int] = {}
        self._polls: dict[str, int] = {}
        self._cancelled: set[str] = set()
        self._deleted: set[str] = set()
        self._overdue: set[str] = set()
        self._large: set[int] = set()
        self._leaps = folder.parent / "leaps"
        self.never_run: dict[str, dict[str, Any]] = {}
        self._foreign = [_foreign(i) for i in range(plan.foreign_jobs)]

    @property
    def count(self) -> int:
        """How many jobs were created."""
        return len(self._numbers)

    def fault_of_next(self, asked: dict[str, Any]) -> Job | None:
        """Return what goes wrong with the next job."""
        number = len(self._numbers) + 1
        size = len(self._lines(asked["input_file_id"]))
        if any(job.larger_than and size > job.larger_than for job in self._plan.of(Job)):
            self._large.add(number)
        else:
            self._large.discard(number)
        return self._fault(number)

    def no_room(self, fault: Job) -> dict[str, Any]:
        """Note that a job was refused when it was created; return the error."""
        self._meet(fault)
        return {"type": "tokens", "param": None, **fault.errors[0]}

    def make(self, asked: dict[str, Any], fault: Job) -> dict[str, Any]:
        """Make a job that is never run."""
        number = len(self._numbers) + 1
        batch = {
            "id": f"batch_never_run_{number}", "object": "batch", "endpoint": asked["endpoint"], "errors": None,
            "input_file_id": asked["input_file_id"], "completion_window": "24h", "status": "validating",
            "output_file_id": None, "error_file_id": None, "created_at": int(time.time()), "model": None,
            "request_counts": {"total": 0, "completed": 0, "failed": 0}, "metadata": asked.get("metadata"),
        }  # fmt: skip
        if fault.how == "rejected":
            errors = [self._placed(error, asked["input_file_id"]) for error in fault.errors]
            batch["later"] = {"status": "failed", "errors": {"object": "list", "data": errors}}
        self.never_run[batch["id"]] = batch
        return batch

    def view(self, batch: dict[str, Any], *, polled: bool) -> dict[str, Any]:
        """Return how a job is described."""
        job_id = batch["id"]
        if job_id.startswith(_FOREIGN):
            return batch
        number = self._numbers.setdefault(job_id, len(self._numbers) + 1)
        self._polls[job_id] = self._polls.get(job_id, 0) + polled
        batch = {name: value for name, value in batch.items() if name != "later"}
        if "later" in (made := self.never_run.get(job_id, {})) and self._polls[job_id] > 0:
            batch |= made["later"]
        fault = self._fault(number)
        if fault is None:
            return batch
        if polled:
            self._meet(fault)
            self._pass_time(batch, fault)
        return self._laid_over(batch, fault, self._polls[job_id])

    def _pass_time(self, batch: dict[str, Any], fault: Job) -> None:
        """Let a day pass for our processes when a job has come as far as it ever will, and when it cannot be cancelled."""
        job_id = batch["id"]
        if fault.how not in ("stuck", "immortal", "unending"):
            return
        stands = fault.how != "unending" or batch["status"] in OVER
        if (stands and job_id not in self._overdue) or (
            fault.how == "immortal" and job_id in self._cancelled
        ):
            self._overdue.add(job_id)
            with self._leaps.open("ab") as leaps:
                leaps.write(b"d")

    def _laid_over(self, batch: dict[str, Any], fault: Job, polls: int) -> dict[str, Any]:
        if fault.how == "unending":
            if batch["id"] in self._cancelled:
                return batch | {"status": "cancelled"} if batch["status"] in OVER else batch
            batch |= fault.always or {"status": "finalizing"}
        elif fault.how in ("stuck", "immortal"):
            if fault.how == "immortal" or batch["id"] not in self._cancelled:
                batch |= fault.always
        elif fault.how == "says":
            early = 0 < polls <= len(fault.says)
            over = fault.says[polls - 1] if early else fault.always
            batch |= over if early or batch["status"] in OVER else {}
        elif fault.how == "withheld" and batch["status"] in OVER:
            self.lose(batch["input_file_id"])
            batch |= {"output_file_id": None, "error_file_id": None, **fault.always}
        if batch["status"] not in OVER:
            batch |= {"output_file_id": None, "error_file_id": None}
        return batch

    def cancel(self, job_id: str) -> dict[str, Any] | None:
        """Cancel a job that would never end; None for one that the inner platform cancels."""
        self._cancelled.add(job_id)
        if job_id in self.never_run:
            self.never_run[job_id]["later"] = {"status": "cancelled"}
            return self.never_run[job_id] | {"status": "cancelling"}
        fault = self._fault(self._numbers.get(job_id, 0))
        return {"id": job_id, "status": "cancelling"} if fault and fault.how == "unending" else None

    def is_deleted(self, job_id: str) -> bool:
        """Tell whether a job is unknown by now; its answers are lost then."""
        fault = self._fault(self._numbers.get(job_id, 0))
        return bool(fault and fault.how == "deleted")

    def lose(self, input_file: str) -> None:
        """Note that the answers of a job are lost."""
        if input_file in self._deleted:
            return
        self._deleted.add(input_file)
        for fault in self._plan.of(Job):
            if fault.how == "deleted":
                self._meet(fault)
        for line in self._lines(input_file):
            self._books.lose(json.loads(line)["custom_id"])

    def foreign(self) -> list[dict[str, Any]]:
        """Return the jobs of other people."""
        return self._foreign

    def _fault(self, number: int) -> Job | None:
        return next(
            (
                job
                for job in self._plan.of(Job)
                if (job.jobs is None or number in job.jobs) and (not job.larger_than or number in self._large)
            ),
            None,
        )

    def _lines(self, input_file: str) -> list[bytes]:
        return [line for line in (self._folder / "files" / input_file).read_bytes().split(b"\n") if line]

    def _placed(self, error: Any, input_file: str) -> dict[str, Any]:
        error = {"param": None, "line": None, **error}
        prompt = error.pop("prompt", None)
        if prompt is not None:
            numbers = [
                as_number(json.loads(line)["body"]["messages"][-1]["content"])
                for line in self._lines(input_file)
            ]
            error["line"] = numbers.index(prompt) + 1 if prompt in numbers else None
        return error


def _foreign(number: int) -> dict[str, Any]:
    return {
        "id": f"{_FOREIGN}{number}", "object": "batch", "status": "completed", "metadata": {"project": "another"},
        "created_at": int(time.time()), "request_counts": None, "errors": None, "endpoint": "/v1/embeddings",
        "input_file_id": "file-foreign",
    }  # fmt: skip
