"""Batch jobs run by a command on this machine: OpenAI's files and batches, kept in a folder.

A job is a folder: `job.json` (the create request), `pid` (of its process group), `log`, `output.jsonl`, and at the end
`exit` with the command's exit code. The command holds a lock on `lock` as long as it lives: so another process sees its
end too, even if it was killed.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any, TypeVar
from uuid import uuid4

from distilabel._files import writing
from distilabel.exceptions import DistilabelPlatformError
from distilabel.http import Flow, HttpRequest, HttpResponse
from distilabel.records import canonical_json

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows, where vLLM does not run either
    fcntl = None  # type: ignore[assignment]

__all__ = ["LocalCommandTransport"]

T = TypeVar("T")

_NAME = re.compile(r"[\w-]+")
# The first shell writes down the process group and exits at once, so that no process has to wait for it. The second outlives
# the command by one line, and writes its exit code.
_RUN = '"$@" >log 2>&1; echo $? >exit.part; mv exit.part exit'
_DETACH = 'echo $$ >pid; run=$1; shift; sh -c "$run" sh "$@" &'
_LONGEST_REASON = 500


class LocalCommandTransport:
    """Carries out OpenAI's flows for files and batches by running a command on this machine.

    Args:
        folder: Where files and jobs are kept.
        command: What runs a job; `-i <input> -o <output>` is added. Empty if jobs are only inspected.
    """

    def __init__(self, folder: Path, command: Sequence[str] = ()) -> None:
        self._folder = folder.absolute()
        self._command = tuple(command)

    async def run(self, flow: Flow[T]) -> T:
        """Carry out `flow` and return what it returns."""
        try:
            request = next(flow)
            while True:
                request = flow.send(await asyncio.to_thread(self._answer, request))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            flow.close()

    async def close(self) -> None:
        """Nothing is held: a job runs on without this process."""

    def _answer(self, request: HttpRequest) -> HttpResponse:  # noqa: PLR0911 - a table
        with writing(self._folder):
            match request.method, *request.path.strip("/").split("/"):
                case "POST", "files":
                    return _json(self._keep(request))
                case "GET", "files", file, "content":
                    return self._fetch(file, request.save_to)
                case "POST", "batches":
                    return _json(self._create(json.loads(request.json or b"{}")))
                case "GET", "batches":
                    return _json({"data": [self._view(job) for job in self._jobs()], "has_more": False})
                case "GET", "batches", name if (job := self._job(name)).exists():
                    return _json(self._view(job))
                case "POST", "batches", name, "cancel" if (job := self._job(name)).exists():
                    return self._cancel(job)
        return HttpResponse(404, {}, b'{"error": {"message": "There is no such file or job."}}')

    # Files

    def _keep(self, request: HttpRequest) -> dict[str, Any]:
        if request.upload is None:
            raise DistilabelPlatformError("A file was to be kept and none was given.")
        path = self._folder / "files" / f"file-{uuid4().hex}"
        path.parent.mkdir(parents=True, exist_ok=True)
        _place(request.upload.path, path)
        return {"id": path.name}

    def _fetch(self, file: str, save_to: Path | None) -> HttpResponse:
        name, _, output = file.partition(".")
        found = self._job(name) / "output.jsonl" if output else self._folder / "files" / _safe(name)
        if save_to is None or not found.exists():
            return HttpResponse(404, {})
        _place(found, save_to)
        return HttpResponse(200, {})

    # Jobs

    def _job(self, name: str) -> Path:
        return self._folder / "jobs" / _safe(name)

    def _jobs(self) -> list[Path]:
        return sorted(path.parent for path in (self._folder / "jobs").glob("*/job.json"))

    def _create(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Write a job, then start it: one that was only written, by a process that died, is started when it is next polled."""
        job = self._folder / "jobs" / f"batch-{uuid4().hex}"
        unready = job.with_name(f".{job.name}")
        unready.mkdir(parents=True)
        facts = {name: asked.get(name) for name in ("input_file_id", "endpoint", "metadata")}
        facts |= {"id": job.name, "created_at": int(time())}
        (unready / "job.json").write_bytes(canonical_json(facts))
        unready.rename(job)
        return self._view(job)

    def _view(self, job: Path) -> dict[str, Any]:
        """Describe a job as it is now; start it if it was never started."""
        facts = json.loads((job / "job.json").read_bytes())
        with _lock(job) as lock:
            if lock is None:
                return {**facts, "status": "in_progress"}
            if (job / "log").exists():
                return {**facts, **_end(job)}
            if self._command:
                self._begin(job, facts, lock)
        return {**facts, "status": "in_progress" if self._command else "validating"}

    def _begin(self, job: Path, facts: dict[str, Any], lock: int) -> None:
        """Start the command and pass it the lock, which is held until the last process that has it is gone."""
        source = self._folder / "files" / _safe(str(facts["input_file_id"]))
        command = [*self._command, "-i", str(source), "-o", str(job / "output.jsonl")]
        subprocess.run(  # noqa: S603 - the user's own command
            ["/bin/sh", "-c", _DETACH, "sh", _RUN, *command],
            check=True, cwd=job, pass_fds=(lock,), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def _cancel(self, job: Path) -> HttpResponse:
        with _lock(job) as lock:
            # Once the command has ended, the system may give its process number to another.
            if lock is None and (job / "pid").exists():
                os.killpg(int((job / "pid").read_text()), signal.SIGTERM)
        return _json({})


def _end(job: Path) -> dict[str, Any]:
    """Describe how a job ended: completely, with some answers, or without any."""
    output = job / "output.jsonl"
    files = {"output_file_id": f"{job.name}.output"} if output.exists() and output.stat().st_size else {}
    code = (job / "exit").read_text().strip() if (job / "exit").exists() else "killed"
    if code == "0" or files or code == "killed":
        return {"status": "completed" if code == "0" else "cancelled", **files}
    lines = (job / "log").read_text(errors="replace").strip().splitlines()
    said = lines[-1][-_LONGEST_REASON:] if lines else "it said nothing"
    message = f"the command ended with code {code}; its log is {job / 'log'} and ends: {said}"
    return {"status": "failed", "errors": {"data": [{"code": "command_failed", "message": message}]}}


@contextmanager
def _lock(job: Path) -> Iterator[int | None]:
    """Hold a job's lock; None while its command holds it."""
    lock = os.open(job / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held: int | None = lock
    except BlockingIOError:
        held = None
    try:
        yield held
    finally:
        # Closed, not unlocked: the lock stays with a command that has inherited it (see flock(2)).
        os.close(lock)


def _place(source: Path, target: Path) -> None:
    """Link a file to `target`, or copy it if the file system has no hard links."""
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        os.link(source, part)
    except OSError:
        shutil.copyfile(source, part)
    part.replace(target)


def _safe(name: str) -> str:
    return name if _NAME.fullmatch(name) else "-"


def _json(value: dict[str, Any]) -> HttpResponse:
    return HttpResponse(200, {}, canonical_json(value))
