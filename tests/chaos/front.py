"""The door of the platform: all calls come through here, and go wrong here."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.chaos.books import Books
from tests.chaos.calls import CALL_KINDS, Exchange, Response
from tests.chaos.faults import Call, Fault, Plan
from tests.chaos.jobs import OVER, Jobs

__all__ = ["Front"]

_EMPTY_FILE = "file-empty"
_CALLS = {
    "upload": "POST files",
    "create": "POST batches",
    "list": "GET batches",
    "poll": "GET batches/[^/]+",
    "cancel": "POST batches/[^/]+/cancel",
    "download": "GET files/[^/]+/content",
    "online": "POST chat/completions",
}


class Front:
    """The platform behind its door.

    Args:
        inner: The platform that behaves.
        plan: What goes wrong.
        books: Where calls are noted.
        jobs: What is said of jobs.
        edited: Lays over a call's answer what the plan says.
        meet: Called with each fault that comes to pass.
    """

    def __init__(
        self,
        inner: Any,
        plan: Plan,
        books: Books,
        jobs: Jobs,
        edited: Callable[[str, Response], Response],
        meet: Callable[[Fault], None],
    ) -> None:
        self._inner = inner
        self._plan = plan
        self._books = books
        self._jobs = jobs
        self._edited = edited
        self._meet = meet
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        name, books = _name_of(scope), self._books
        if scope["path"].endswith("/elsewhere"):
            books.follow()
        number, of_any = books.call(name, time.time()), books.call("any", time.time())

        async def carry_out() -> Response:
            return await self._carried_out(name, scope, receive)

        for fault in self._plan.of(Call):
            at = of_any if fault.call == "any" else number
            if fault.call in (name, "any") and fault.first <= at < fault.first + fault.times:
                self._meet(fault)
                root = f"http://{dict(scope['headers'])[b'host'].decode()}"
                await CALL_KINDS[fault.how](Exchange(fault, carry_out, send, root))
                return
        await (await carry_out()).go(send)

    async def _carried_out(self, name: str, scope: Any, receive: Any) -> Response:
        jobs, path = self._jobs, scope["path"]
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
        return self._edited(name, response)

    async def _create(self, scope: Any, receive: Any) -> Response:
        asked = await _body(receive)
        async with self._turn:
            fault = self._jobs.fault_of_next()
            if fault and fault.how in ("rejected", "stuck", "immortal"):
                made = self._jobs.make(json.loads(asked), fault)
                return _json(self._jobs.told(made, polled=False))
            response = await _gathered(self._inner, scope, _again(asked))
            return self._edited("create", response)

    async def _deleted(self, response: Response) -> Response:
        batch = json.loads(response.body)
        if batch["status"] not in OVER:
            return self._edited("poll", response)
        self._jobs.lose(batch["input_file_id"])
        return _json({"error": {"message": "No such batch.", "type": "invalid_request_error"}}, 404)

    def _listed(self, scope: Any, response: Response) -> Response:
        """Put the jobs that are never run, and those of other people, before the inner platform's; page by page."""
        jobs, inner = self._jobs, json.loads(response.body)["data"]
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
