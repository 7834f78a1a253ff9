"""Fakes for the offline tests: a platform in memory, a run against it, and a recorder of events."""

import json
import threading
from collections.abc import Awaitable, Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import httpx2

from distilabel import testing
from distilabel.events import DispatcherIdle, Event, RunFailed
from distilabel.http import HttpRequest, HttpResponse
from distilabel.ledger.jobs import Ledger
from distilabel.offline.client import ModelClient
from distilabel.offline.dispatcher import Dispatcher
from distilabel.offline.options import OfflineBatchOptions
from distilabel.offline.result_files import Reader
from distilabel.offline.session import Answer, Session, asking
from distilabel.providers.base import Limits
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.records import Reply, Target, canonical_json
from distilabel.testing.platform import Batch, Line
from distilabel.transport import HttpTransport

KEY = "sk-proj-a1b2c3d4e5f6"
URL = "https://platform.test/v1"
CHAT = "/v1/chat/completions"
TARGET = Target("openai", URL, CHAT, "m")


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


class FakePlatform(testing.FakePlatform):
    """The shipped fake with short pages; a batch answers each prompt with the number of its sample (see `said`)."""

    page_size = 2

    def __init__(self) -> None:
        super().__init__()
        self.chat: Callable[[dict[str, Any]], Awaitable[httpx2.Response]] = _echo

    @property
    def sent(self) -> list[str]:
        """The prompt of every line of every batch: what was paid for."""
        return self.prompts

    async def results(self, batch: Batch) -> tuple[list[bytes], list[bytes]]:
        return (batch.plan.results or all_answered)(batch.lines)

    async def _chat(self, request: httpx2.Request) -> httpx2.Response:
        return await self.chat(json.loads(request.content))


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
    """One run: a ledger in `folder`, a dispatcher and a session. A second one is another run over the same ledger."""

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
        return [job.state for job in self.ledger.jobs.of_scope("p/s")]

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
