"""The embedded platform as a plan has it: what it says of jobs and lines is laid over what it does."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from tests.chaos.jobs import OVER, Jobs
from tests.emulators.openai import OPENAI
from tests.support.asgi import Response, again, body_of, gathered, json_response

__all__ = ["Face"]

_EMPTY_FILE = "file-empty"


class Face:
    """The platform, saying what the plan has it say; a emulator may stand before it.

    Args:
        inner: The platform that behaves.
        jobs: What is said of jobs.
        edited: Lays over a call's answer what the plan says.
    """

    def __init__(self, inner: Any, jobs: Jobs, edited: Callable[[str, Response], Response]) -> None:
        self._inner = inner
        self._jobs = jobs
        self._edited = edited
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one call."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        await (await self._carried_out(OPENAI.call(scope["method"], scope["path"]), scope, receive)).go(send)

    async def _carried_out(self, name: str, scope: Any, receive: Any) -> Response:
        jobs, path = self._jobs, scope["path"]
        job_id = path.split("/")[3] if path.startswith("/v1/batches/") else ""
        if name == "create":
            return await self._create(scope, receive)
        if name == "cancel" and (batch := jobs.cancel(job_id)):
            return json_response(batch)
        if name == "poll" and job_id in jobs.never_run:
            return json_response(jobs.view(jobs.never_run[job_id], polled=True))
        if name == "download" and _EMPTY_FILE in path:
            return Response(200)
        whole = scope | {"query_string": b"limit=100"} if name == "list" else scope
        response = await gathered(self._inner, whole, receive)
        if name == "poll" and response.status == 200 and jobs.is_deleted(job_id):
            return await self._deleted(response)
        if name == "list" and response.status == 200:
            response = self._listed(scope, response)
        return self._edited(name, response)

    async def _create(self, scope: Any, receive: Any) -> Response:
        asked = await body_of(receive)
        async with self._turn:
            fault = self._jobs.fault_of_next(json.loads(asked))
            if fault and fault.how == "no room":
                # Soon, so that the five tries of one creation do not take half a minute.
                return json_response({"error": self._jobs.no_room(fault)}, 429, **{"retry-after-ms": "50"})
            if fault and fault.how in ("rejected", "stuck", "immortal"):
                made = self._jobs.make(json.loads(asked), fault)
                return json_response(self._jobs.view(made, polled=False))
            response = await gathered(self._inner, scope, again(asked))
            return self._edited("create", response)

    async def _deleted(self, response: Response) -> Response:
        batch = json.loads(response.body)
        if batch["status"] not in OVER:
            return self._edited("poll", response)
        self._jobs.lose(batch["input_file_id"])
        return json_response({"error": {"message": "No such batch.", "type": "invalid_request_error"}}, 404)

    def _listed(self, scope: Any, response: Response) -> Response:
        """Put the jobs that are never run, and those of other people, before the inner platform's; page by page."""
        jobs, inner = self._jobs, json.loads(response.body)["data"]
        everything = [*jobs.foreign(), *list(jobs.never_run.values())[::-1], *inner]
        query = dict(part.split("=") for part in scope["query_string"].decode().split("&") if part)
        ids = [batch["id"] for batch in everything]
        start = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
        size = int(query.get("limit", 20))
        page = everything[start : start + size]
        return json_response({"object": "list", "data": page, "has_more": start + size < len(everything)})
