"""The embedded platform, misbehaving as a plan says, over real HTTP, with books."""

import asyncio
import contextlib
import json
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from distilabel.server import Parts, Settings, create_app, running
from tests.chaos.books import Books, Entry, answer_to
from tests.chaos.face import Face
from tests.chaos.faults import Answers, Fault, Line, Plan, Row
from tests.chaos.front import Front
from tests.chaos.jobs import OVER, Jobs
from tests.chaos.lines import FILE_KINDS, LINE_KINDS, LOSING, written
from tests.emulators.base import Emulator, EmulatorApp, Memory
from tests.emulators.openai import OPENAI
from tests.support.asgi import Response

__all__ = ["MisbehavingPlatform"]

_NEVER_RUN = 599


class MisbehavingPlatform:
    """A platform in this process, on a port that it keeps when it goes away and comes back.

    Args:
        folder: Where it keeps everything; the books lie beside it.
        plan: What goes wrong.
        emulator: The dialect that it speaks.

    While its gate is shut, it answers no line.
    """

    def __init__(self, folder: Path, plan: Plan, emulator: Emulator = OPENAI) -> None:
        self.plan = plan
        self._emulator = emulator
        self._memory = Memory()
        self.books = Books(folder.parent / "books.jsonl")
        self._settings = Settings(folder, **plan.settings)
        self._stack = ExitStack()
        self._port = 0
        self.url = ""
        self.jobs = Jobs(plan, folder, self.books, self.meet)
        self._met: set[int] = set()
        self.gate = threading.Event()
        self.gate.set()
        self._delivered: list[bytes] = []

    def __enter__(self) -> Self:
        self.come_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_away()
        self.books.close()

    def come_back(self) -> None:
        """Listen."""
        url = self._stack.enter_context(running(self._settings, self._port, app=self._app))
        self._port = urlsplit(url).port or 0
        self.url = url.removesuffix("/v1") + self._emulator.root

    def go_away(self) -> None:
        """Listen no more; what was sent is kept."""
        self._stack.close()

    def idle(self) -> bool:
        """Tell whether all jobs are over."""
        with contextlib.closing(sqlite3.connect(self._settings.folder / "platform.db")) as connection:
            statuses = connection.execute("SELECT status FROM batches").fetchall()
        return all(status in OVER for (status,) in statuses)

    def meet(self, fault: Fault) -> None:
        """Note that a fault came to pass."""
        self._met.add(id(fault))

    def never_met(self) -> list[Fault]:
        """Return the faults of the plan that never came to pass: such a case proves nothing."""
        return [fault for fault in self.plan.faults if id(fault) not in self._met]

    def _app(self, settings: Settings) -> Any:
        inner = create_app(settings, Parts(open_answer=self._open_answer))
        face = Face(inner, self.jobs, self._edited)
        return Front(
            EmulatorApp(self._emulator, face, self._memory), self._emulator, self.plan, self.books, self.meet
        )

    @asynccontextmanager
    async def _open_answer(self, _settings: Settings) -> AsyncIterator[Any]:
        yield self._answer

    async def _answer(
        self, _endpoint: str, body: dict[str, Any], custom_id: str
    ) -> tuple[int, dict[str, Any]]:
        while not self.gate.is_set():  # noqa: ASYNC110 - it is opened by a thread, and awaited in several loops
            await asyncio.sleep(0.005)
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
        message = fault.message or f"{fault.code}: no."
        error = {"message": message, "type": fault.code, "param": None, "code": fault.code}
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

    def _edited(self, name: str, response: Response) -> Response:
        """Lay over a call's answer what the plan says of jobs and of lines."""
        if response.status != 200:
            return response
        if name == "download":
            response.body = self._lines(response.body)
        elif name in ("create", "poll", "cancel"):
            batch = json.loads(response.body)
            response.body = json.dumps(self.jobs.view(batch, polled=name == "poll")).encode()
        elif name == "online":
            response.body = json.dumps({**json.loads(response.body), "chaos": None}).encode()
        elif name == "list":
            page = json.loads(response.body)
            page["data"] = [self.jobs.view(batch, polled=False) for batch in page["data"]]
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
            elif fault.how == "lines of other jobs":
                lines = self._with_other_jobs(fault, lines)
        content = answers.start + b"".join(line + answers.line_end for line in lines)
        return content if answers.last_end else content.removesuffix(answers.line_end)

    def _with_other_jobs(self, fault: Line, lines: list[bytes]) -> list[bytes]:
        """Put before a file's lines those of files delivered before, with answers that nobody gave."""
        if self._delivered:
            self.meet(fault)
        others = [json.loads(line) for line in self._delivered]
        for other in others:
            other["response"]["body"]["choices"][0]["message"]["content"] = "An answer of nobody."
        self._delivered += lines
        return [*map(written, others), *lines]

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
                return [p if isinstance(p, bytes) else written(p) for p in parts]
        return [written(value)]


def _meets(fault: Row | Line, number: int, attempt: int) -> bool:
    if fault.prompts is not None and number not in fault.prompts:
        return False
    return fault.times is None or attempt <= fault.times
