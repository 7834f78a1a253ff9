"""The embedded platform, misbehaving as a plan says, over real HTTP, with books."""

import asyncio
import contextlib
import json
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from distilabel.server import Parts, Settings, create_app, running
from tests.chaos.books import Books, Entry, answer_to, number_of
from tests.chaos.calls import CALL_KINDS, Exchange, Response
from tests.chaos.faults import Answers, Call, Fault, Job, Line, Plan, Row
from tests.chaos.lines import FILE_KINDS, LINE_KINDS, LOSING, written

__all__ = ["MisbehavingPlatform"]

_NEVER_RUN = 599
_EMPTY_FILE = "file-empty"
_FOREIGN = "batch_foreign_"
_CALLS = {
    "upload": "POST files",
    "create": "POST batches",
    "list": "GET batches",
    "poll": "GET batches/[^/]+",
    "cancel": "POST batches/[^/]+/cancel",
    "download": "GET files/[^/]+/content",
    "online": "POST chat/completions",
}
_OVER = frozenset({"completed", "failed", "expired", "cancelled"})


class MisbehavingPlatform:
    """A platform in this process, on a port that it keeps when it goes away and comes back.

    Args:
        folder: Where it keeps everything; the books lie beside it.
        plan: What goes wrong.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.plan = plan
        self.books = Books(folder.parent / "books.jsonl")
        self._settings = Settings(folder, **plan.settings)
        self._stack = ExitStack()
        self._port = 0
        self.url = ""
        self.jobs = _Jobs(plan, folder, self.books, self.meet)
        self._met: set[int] = set()

    def __enter__(self) -> Self:
        self.come_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_away()
        self.books.close()

    def come_back(self) -> None:
        """Listen."""
        self.url = self._stack.enter_context(running(self._settings, self._port, app=self._app))
        self._port = urlsplit(self.url).port or 0

    def go_away(self) -> None:
        """Listen no more; what was sent is kept."""
        self._stack.close()

    def idle(self) -> bool:
        """Tell whether all jobs are over."""
        with contextlib.closing(sqlite3.connect(self._settings.folder / "platform.db")) as connection:
            statuses = connection.execute("SELECT status FROM batches").fetchall()
        return all(status in _OVER for (status,) in statuses)

    def meet(self, fault: Fault) -> None:
        """Note that a fault came to pass."""
        self._met.add(id(fault))

    def never_met(self) -> list[Fault]:
        """Return the faults of the plan that never came to pass: such a case proves nothing."""
        return [fault for fault in self.plan.faults if id(fault) not in self._met]

    def _app(self, settings: Settings) -> Any:
        inner = create_app(settings, Parts(open_answer=self._open_answer))
        return _Front(inner, self)

    @asynccontextmanager
    async def _open_answer(self, _settings: Settings) -> AsyncIterator[Any]:
        yield self._answer

    async def _answer(
        self, _endpoint: str, body: dict[str, Any], custom_id: str
    ) -> tuple[int, dict[str, Any]]:
        entry, attempt = self.books.run(custom_id, body)
        marks = {"number": entry.number, "attempt": attempt}
        online = custom_id.startswith("online-")
        faults = [] if online else self.plan.of(Row)
        fault = next((row for row in faults if _meets(row, entry.number, attempt)), None)
        if fault is None:
            self.books.pay(custom_id)
            return 200, {**self._completion(body, entry), "chaos": marks}
        self.meet(fault)
        if fault.status == 0:
            return _NEVER_RUN, {"chaos": {**marks, "never": fault.code}}
        error = {"message": f"{fault.code}: no.", "type": fault.code, "param": None, "code": fault.code}
        return fault.status, {"error": error, "chaos": marks}

    def _completion(self, body: dict[str, Any], entry: Entry) -> dict[str, Any]:
        text = answer_to(entry.pool[1], entry.sample)
        message = {"role": "assistant", "content": text, "refusal": None}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 9, "total_tokens": 16},
        }

    def edited(self, name: str, path: str, response: Response) -> Response:
        """Lay over a call's answer what the plan says of jobs and of lines."""
        if response.status != 200:
            return response
        if name == "download":
            response.body = self._lines(response.body)
        elif name in ("create", "poll", "cancel"):
            batch = json.loads(response.body)
            response.body = json.dumps(self.jobs.told(batch, polled=name == "poll")).encode()
        elif name == "online":
            response.body = json.dumps({**json.loads(response.body), "chaos": None}).encode()
        elif name == "list":
            page = json.loads(response.body)
            page["data"] = [self.jobs.told(batch, polled=False) for batch in page["data"]]
            response.body = json.dumps(page).encode()
        return response

    def _lines(self, content: bytes) -> bytes:
        answers = next(iter(self.plan.of(Answers)), Answers())
        lines: list[bytes] = []
        for line in content.split(b"\n"):
            if line:
                lines += self._line(json.loads(line), answers)
        for fault in self.plan.of(Line):
            if fault.how in FILE_KINDS:
                self.meet(fault)
                lines = FILE_KINDS[fault.how](lines)
        return b"".join(line + answers.line_end for line in lines)

    def _line(self, value: dict[str, Any], answers: Answers) -> list[bytes]:
        if "response" not in value:  # a line of an input file
            return [written(value)]
        body = value["response"]["body"]
        marks = body.pop("chaos")
        if "never" in marks:
            if not marks["never"]:
                return []
            value = {**value, "response": None, "error": {"code": marks["never"], "message": "Never run."}}
            return [written(value)]
        if value["response"]["status_code"] != 200:
            return [written(value)]
        body["choices"][0]["message"]["content"] += answers.ending
        self.meet(answers)
        for fault in self.plan.of(Line):
            if fault.how in LINE_KINDS and _meets(fault, marks["number"], marks["attempt"]):
                self.meet(fault)
                if fault.how in LOSING:
                    self.books.lose(value["custom_id"], marks["attempt"])
                parts = LINE_KINDS[fault.how](value)
                return [p if isinstance(p, bytes) else written(p, raw=answers.raw) for p in parts]
        return [written(value, raw=answers.raw)]


def _meets(fault: Row | Line, number: int, attempt: int) -> bool:
    if fault.prompts is not None and number not in fault.prompts:
        return False
    return fault.times is None or attempt <= fault.times


class _Jobs:
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
        self.never_run: dict[str, dict[str, Any]] = {}
        self._foreign = [_foreign(i) for i in range(plan.foreign_jobs)]

    @property
    def count(self) -> int:
        """How many jobs were created."""
        return len(self._numbers)

    def fault_of_next(self) -> Job | None:
        """Return what goes wrong with the next job."""
        return self._fault(len(self._numbers) + 1)

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

    def told(self, batch: dict[str, Any], *, polled: bool) -> dict[str, Any]:
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
        return self._laid_over(batch, fault, self._polls[job_id])

    def _laid_over(self, batch: dict[str, Any], fault: Job, polls: int) -> dict[str, Any]:
        if fault.how == "unending":
            if batch["id"] in self._cancelled:
                return batch | {"status": "cancelled"} if batch["status"] in _OVER else batch
            batch |= fault.always or {"status": "finalizing"}
        elif fault.how in ("stuck", "immortal"):
            if fault.how == "immortal" or batch["id"] not in self._cancelled:
                batch |= fault.always
        elif fault.how == "says":
            early = 0 < polls <= len(fault.says)
            over = fault.says[polls - 1] if early else fault.always
            batch |= over if early or batch["status"] in _OVER else {}
        if batch["status"] not in _OVER:
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
        for line in (self._folder / "files" / input_file).read_bytes().split(b"\n"):
            if line:
                self._books.lose(json.loads(line)["custom_id"])

    def foreign(self) -> list[dict[str, Any]]:
        """Return the jobs of other people."""
        return self._foreign

    def _fault(self, number: int) -> Job | None:
        return next((job for job in self._plan.of(Job) if job.jobs is None or number in job.jobs), None)

    def _placed(self, error: Any, input_file: str) -> dict[str, Any]:
        error = {"param": None, "line": None, **error}
        prompt = error.pop("prompt", None)
        if prompt is not None:
            lines = (self._folder / "files" / input_file).read_bytes().split(b"\n")
            numbers = [
                number_of(json.loads(line)["body"]["messages"][-1]["content"]) for line in lines if line
            ]
            error["line"] = numbers.index(prompt) + 1 if prompt in numbers else None
        return error


def _foreign(number: int) -> dict[str, Any]:
    return {
        "id": f"{_FOREIGN}{number}", "object": "batch", "status": "completed", "metadata": {"project": "another"},
        "created_at": int(time.time()), "request_counts": None, "errors": None, "endpoint": "/v1/embeddings",
        "input_file_id": "file-foreign",
    }  # fmt: skip


class _Front:
    """The door of the platform: all calls come through here, and go wrong here."""

    def __init__(self, inner: Any, platform: MisbehavingPlatform) -> None:
        self._inner = inner
        self._platform = platform
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        name, books = _name_of(scope), self._platform.books
        if scope["path"].endswith("/elsewhere"):
            books.follow()
        number, of_any = books.call(name, time.time()), books.call("any", time.time())

        async def carry_out() -> Response:
            return await self._carried_out(name, scope, receive)

        for fault in self._platform.plan.of(Call):
            at = of_any if fault.call == "any" else number
            if fault.call in (name, "any") and fault.first <= at < fault.first + fault.times:
                self._platform.meet(fault)
                root = f"http://{dict(scope['headers'])[b'host'].decode()}"
                await CALL_KINDS[fault.how](Exchange(fault, carry_out, send, root))
                return
        await (await carry_out()).go(send)

    async def _carried_out(self, name: str, scope: Any, receive: Any) -> Response:
        jobs, path = self._platform.jobs, scope["path"]
        job_id = path.split("/")[3] if path.startswith("/v1/batches/") else ""
        if name == "create":
            return await self._create(scope, receive)
        if name == "cancel" and (batch := jobs.cancel(job_id)):
            return _json(batch)
        if name == "poll" and job_id in jobs.never_run:
            return _json(jobs.told(jobs.never_run[job_id], polled=True))
        if name == "download" and _EMPTY_FILE in path:
            return Response(200)
        whole = scope | {"query_string": b"limit=100"} if name == "list" else scope
        response = await _gathered(self._inner, whole, receive)
        if name == "poll" and response.status == 200 and jobs.is_deleted(job_id):
            return await self._deleted(response)
        if name == "list" and response.status == 200:
            response = self._listed(scope, response)
        return self._platform.edited(name, path, response)

    async def _create(self, scope: Any, receive: Any) -> Response:
        asked = await _body(receive)
        async with self._turn:
            fault = self._platform.jobs.fault_of_next()
            if fault and fault.how in ("rejected", "stuck", "immortal"):
                made = self._platform.jobs.make(json.loads(asked), fault)
                return _json(self._platform.jobs.told(made, polled=False))
            response = await _gathered(self._inner, scope, _again(asked))
            return self._platform.edited("create", scope["path"], response)

    async def _deleted(self, response: Response) -> Response:
        batch = json.loads(response.body)
        if batch["status"] not in _OVER:
            return self._platform.edited("poll", "", response)
        self._platform.jobs.lose(batch["input_file_id"])
        return _json({"error": {"message": "No such batch.", "type": "invalid_request_error"}}, 404)

    def _listed(self, scope: Any, response: Response) -> Response:
        """Put the jobs that are never run, and those of other people, before the inner platform's; page by page."""
        jobs, inner = self._platform.jobs, json.loads(response.body)["data"]
        everything = [*jobs.foreign(), *list(jobs.never_run.values())[::-1], *inner]
        query = dict(part.split("=") for part in scope["query_string"].decode().split("&") if part)
        ids = [batch["id"] for batch in everything]
        start = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
        size = int(query.get("limit", 20))
        page = everything[start : start + size]
        return _json({"object": "list", "data": page, "has_more": start + size < len(everything)})


def _name_of(scope: Any) -> str:
    path = f"{scope['method']} {scope['path'].removeprefix('/v1/')}"
    return next((name for name, shape in _CALLS.items() if re.fullmatch(shape, path)), "other")


async def _gathered(app: Any, scope: Any, receive: Any) -> Response:
    response = Response()

    async def gather(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            response.status = message["status"]
            response.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            response.body += message.get("body", b"")

    await app(scope, receive, gather)
    return response


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _again(body: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(value).encode())
