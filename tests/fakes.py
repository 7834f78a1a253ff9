"""Stand-ins for what lies beyond a seam: a platform in memory, a desk at it, and ears for events."""

import itertools
import json
import threading
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from distilabel.events import DispatcherIdle, Event, RunFailed
from distilabel.http import HttpRequest, HttpResponse
from distilabel.ledger.store import Ledger
from distilabel.offline.client import ModelClient
from distilabel.offline.dispatcher import Dispatcher
from distilabel.offline.options import OfflineBatchOptions
from distilabel.offline.result_files import Reader
from distilabel.offline.session import Answer, Session, asking
from distilabel.providers.base import Limits
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.records import Reply, Target, canonical_json
from distilabel.transport import HttpTransport

KEY = "sk-proj-a1b2c3d4e5f6"
URL = "https://platform.test/v1"
CHAT = "/v1/chat/completions"
TARGET = Target("openai", URL, CHAT, "m")

Line = dict[str, Any]
Results = Callable[[list[Line]], tuple[list[bytes], list[bytes]]]


# Bodies and lines


def body(prompt: str, model: str = "m") -> bytes:
    return canonical_json({"model": model, "messages": [{"role": "user", "content": prompt}]})


def completion(text: str | None, **message: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, **message},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
    }


def said(line: Line) -> str:
    """What the fake platform answers to a line: its prompt, and which sample of it."""
    return f"{line['body']['messages'][-1]['content']}/{line['custom_id'].split('-')[1]}"


def answered(line: Line, **changes: Any) -> bytes:
    response = {"status_code": 200, "request_id": "r", "body": completion(said(line))}
    value = {"id": "b", "custom_id": line["custom_id"], "response": response, "error": None, **changes}
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def refused(line: Line, status: int = 400, code: str = "bad", message: str = "No.") -> bytes:
    body = {"error": {"message": message, "type": "t", "param": None, "code": code}}
    return answered(line, response={"status_code": status, "request_id": "r", "body": body})


def expired(line: Line) -> bytes:
    return answered(line, response=None, error={"code": "batch_expired", "message": "Too late."})


def all_answered(lines: list[Line]) -> tuple[list[bytes], list[bytes]]:
    return [answered(line) for line in lines], []


# The platform


@dataclass
class Plan:
    """How one batch of the fake platform goes: it has ended after so many polls, or once `over` says so."""

    status: str = "completed"
    polls: int = 0
    over: Callable[[], bool] = lambda: False
    results: Results = all_answered
    errors: Sequence[dict[str, Any]] = ()
    completed: int | None = 0


@dataclass
class Fault:
    """What happens instead of the answer: before the call is carried out, or after."""

    what: httpx2.Response | type[httpx2.TransportError]
    carried_out: bool = False


@dataclass
class Batch:
    id: str
    lines: list[Line]
    metadata: dict[str, str]
    plan: Plan
    polls: int = 0
    created_at: float = 2e9
    files: dict[str, str] = field(default_factory=dict)
    input_file: str | None = None

    @property
    def prompts(self) -> list[str]:
        return [line["body"]["messages"][-1]["content"] for line in self.lines]


class FakePlatform:
    """OpenAI's Files, Batches and Chat in memory; `plan` says how the next batches go, `fail` what goes wrong."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.requests: list[httpx2.Request] = []
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Batch] = {}
        self.plans: deque[Plan] = deque()
        self.default = Plan
        self.chat: Callable[[dict[str, Any]], Awaitable[httpx2.Response]] = _echo
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._numbers = itertools.count(1)
        self.transport = httpx2.MockTransport(self._handle)

    def plan(self, status: str = "completed", **more: Any) -> None:
        """Say how the next batch that nothing was said of will go."""
        self.plans.append(Plan(status, **more))

    def fail(
        self,
        call: str,
        what: int | httpx2.Response | type[httpx2.TransportError],
        *,
        carried_out: bool = False,
        times: int = 1,
    ) -> None:
        """Have the next `call` (upload, create, list, poll, content, cancel, chat) go wrong."""
        for _ in range(times):
            response = (
                httpx2.Response(what, json={"error": {"message": "Oh."}}) if isinstance(what, int) else what
            )
            self._faults[call].append(Fault(response, carried_out))

    def route(self, request: httpx2.Request) -> tuple[str, ...]:
        """Which call it is, and what it names."""
        return _route(request)

    def count(self, call: str) -> int:
        return self.calls.count(call)

    @property
    def sent(self) -> list[str]:
        """The prompt of every line of every batch: what was paid for."""
        return [prompt for batch in self.batches.values() for prompt in batch.prompts]

    async def _handle(self, request: httpx2.Request) -> httpx2.Response:
        name, *more = self.route(request)
        self.calls.append(name)
        self.requests.append(request)
        fault = self._faults[name].popleft() if self._faults[name] else None
        if fault is None or fault.carried_out:
            done = await getattr(self, f"_{name}")(request, *more)
        if fault is None:
            return done
        if isinstance(fault.what, httpx2.Response):
            return fault.what
        raise fault.what("the line went dead", request=request)

    async def _upload(self, request: httpx2.Request) -> httpx2.Response:
        number = f"file-{next(self._numbers)}"
        self.files[number] = _uploaded(request)
        return httpx2.Response(200, json={"id": number, "object": "file"})

    async def _create(self, request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)
        lines = [json.loads(line) for line in self.files[asked["input_file_id"]].split(b"\n") if line]
        return self._view(self.add(lines, asked.get("metadata") or {}, asked["input_file_id"]))

    def add(self, lines: list[Line], metadata: dict[str, str], input_file: str | None = None) -> Batch:
        """Make a batch, also one that nobody asked for."""
        number = f"batch_{next(self._numbers)}"
        plan = self.plans.popleft() if self.plans else self.default()
        self.batches[number] = Batch(number, lines, metadata, plan, input_file=input_file)
        return self.batches[number]

    async def _list(self, request: httpx2.Request) -> httpx2.Response:
        batches = list(reversed(self.batches.values()))
        after = request.url.params.get("after")
        start = [batch.id for batch in batches].index(after) + 1 if after else 0
        page = batches[start : start + 2]
        data = [self._view(batch).json() for batch in page]
        return httpx2.Response(200, json={"data": data, "has_more": start + 2 < len(batches)})

    async def _poll(self, _: httpx2.Request, number: str) -> httpx2.Response:
        if number not in self.batches:
            return httpx2.Response(404, json={"error": {"message": "No such batch."}})
        batch = self.batches[number]
        batch.polls += 1
        return self._view(batch, over=batch.polls > batch.plan.polls or batch.plan.over())

    async def _content(self, _: httpx2.Request, number: str) -> httpx2.Response:
        if number not in self.files:
            return httpx2.Response(404, json={"error": {"message": "No such file."}})
        return httpx2.Response(200, content=self.files[number])

    async def _cancel(self, _: httpx2.Request, number: str) -> httpx2.Response:
        return self._view(self.batches[number])

    async def _chat(self, request: httpx2.Request) -> httpx2.Response:
        return await self.chat(json.loads(request.content))

    def _view(self, batch: Batch, *, over: bool = False) -> httpx2.Response:
        status = batch.plan.status if over else "in_progress"
        if over and status != "failed" and not batch.files:
            for kind, lines in zip(("output", "error"), batch.plan.results(batch.lines), strict=True):
                if lines:
                    batch.files[kind] = f"{batch.id}-{kind}"
                    self.files[batch.files[kind]] = b"".join(lines)
        return httpx2.Response(
            200,
            json={
                "id": batch.id,
                "status": status,
                "endpoint": CHAT,
                "input_file_id": batch.input_file,
                "metadata": batch.metadata,
                "created_at": batch.created_at,
                "request_counts": {"total": len(batch.lines), "completed": batch.plan.completed, "failed": 0},
                "output_file_id": batch.files.get("output"),
                "error_file_id": batch.files.get("error"),
                "errors": {"data": list(batch.plan.errors)} if over and batch.plan.errors else None,
            },
        )


def _route(request: httpx2.Request) -> tuple[str, ...]:  # noqa: PLR0911 - a table
    parts = request.url.path.removeprefix("/v1").strip("/").split("/")
    match request.method, *parts:
        case "POST", "files":
            return ("upload",)
        case "POST", "batches":
            return ("create",)
        case "GET", "batches":
            return ("list",)
        case "GET", "batches", number:
            return ("poll", number)
        case "GET", "files", number, "content":
            return ("content", number)
        case "POST", "batches", number, "cancel":
            return ("cancel", number)
        case "POST", "chat", "completions":
            return ("chat",)
    raise AssertionError(f"unknown call: {request.method} {request.url}")


def _uploaded(request: httpx2.Request) -> bytes:
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    parts = [part.partition(b"\r\n\r\n") for part in request.content.split(b"--" + boundary)]
    (content,) = [content for head, _, content in parts if b'name="file"' in head]
    return content.removesuffix(b"\r\n")


async def _echo(asked: dict[str, Any]) -> httpx2.Response:
    return httpx2.Response(200, json=completion(asked["messages"][-1]["content"]))


# At the platform


class EventRecorder:
    """Remembers events; waits for the dispatcher."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._quiet = threading.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, DispatcherIdle):
            self._quiet.set()

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def wait(self, dispatcher: Dispatcher) -> None:
        while dispatcher.busy:
            assert self._quiet.wait(60), "the dispatcher hangs"
            self._quiet.clear()


class SmallOpenAI(OpenAI):
    """OpenAI with room for three requests a job."""

    limits = Limits(requests=3, size=1_000)


def transport_to(platform: FakePlatform, **more: Any) -> HttpTransport:
    headers = {"authorization": f"Bearer {KEY}"}
    return HttpTransport(URL, headers, secrets=(KEY,), transport=platform.transport, **more)


class Office:
    """One run at a desk: a ledger in `folder`, a dispatcher and a session. Another one is another run."""

    def __init__(
        self, folder: Path, platform: FakePlatform, *, poll_interval: float | None = None, **chosen: Any
    ) -> None:
        options = OfflineBatchOptions(**chosen)
        self.platform = platform
        self.ledger = Ledger(folder)
        self.recorder = EventRecorder()
        self.run_id = self.ledger.begin_run("test")
        self.dispatcher = Dispatcher(self.ledger, self.run_id, self.recorder)
        self.reader = Reader(folder)
        self.session = Session(self.ledger, self.dispatcher, self.reader, "p/s", self.run_id)
        self.client = ModelClient(TARGET, SmallOpenAI(), transport_to(platform), poll_interval, options)

    def ask(self, *prompts: str, asker: str = "a") -> list[Answer | None]:
        with asking(asker):
            return self.session.ask(self.client, [body(prompt) for prompt in prompts])

    def flush(self) -> None:
        """Wait, submit what is wanted, and wait again."""
        self.recorder.wait(self.dispatcher)
        self.dispatcher.flush()
        self.recorder.wait(self.dispatcher)

    def bring(self, *prompts: str, asker: str = "a", rounds: int = 4) -> list[Answer | None]:
        """Ask and submit until all is answered, nothing moves any more, or the run is broken."""
        for _ in range(rounds):
            if None not in self.ask(*prompts, asker=asker) or self.broken:
                break
            self.flush()
        return self.ask(*prompts, asker=asker)

    @property
    def broken(self) -> list[Exception]:
        return [event.error for event in self.recorder.of(RunFailed)]

    @property
    def states(self) -> list[str]:
        return [job.state for job in self.ledger.jobs("p/s")]

    def close(self) -> None:
        self.dispatcher.stop()
        self.recorder.wait(self.dispatcher)
        self.reader.close()
        self.ledger.close()


def texts(answers: Sequence[Answer | None]) -> list[str | None]:
    """What was answered; a failure's code in angle brackets; None for what is still to come."""
    return [answer and _text(answer) for answer in answers]


def _text(answer: Answer) -> str | None:
    return answer.outcome.text if isinstance(answer.outcome, Reply) else f"<{answer.outcome.code}>"


# Flows


def drive(
    flow: Generator[HttpRequest, HttpResponse, Any], *responses: HttpResponse
) -> tuple[list[HttpRequest], Any]:
    """Send `responses` into a flow; return the requests it made and what it returned."""
    requests: list[HttpRequest] = []
    left = iter(responses)
    try:
        request = next(flow)
        while True:
            requests.append(request)
            request = flow.send(next(left))
    except StopIteration as end:
        assert next(left, None) is None, "the flow asked less than expected"
        return requests, end.value


def response(status: int = 200, value: Any = None, **headers: str) -> HttpResponse:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return HttpResponse(status, headers, content)
