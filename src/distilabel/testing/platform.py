"""A batch platform in memory: OpenAI's Files, Batches, Chat Completions and Embeddings behind an httpx2 transport."""

import itertools
import json
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import httpx2

from distilabel.testing.responses import ChatFunction, EmbeddingFunction, Responder

__all__ = ["Batch", "FakePlatform", "Plan"]

Line: TypeAlias = dict[str, Any]
ResultFiles: TypeAlias = tuple[list[bytes], list[bytes]]
Call: TypeAlias = Literal["upload", "create", "list", "poll", "content", "cancel", "chat", "embeddings"]

_RESPONDER = "distilabel.responder"


@dataclass
class Plan:
    """How one batch job goes.

    Attributes:
        status: The status in which it ends: `completed`, `expired`, `cancelled`, or `failed` (nothing was run, unless
            there are `results`).
        polls: How many polls see it in progress before it ends.
        until: Ends it earlier, as soon as it returns True.
        answered: How many of its lines, from the first, are answered; the others expire. None: all of them.
        results: Makes the lines of its output and error files, in place of all of the above.
        errors: Why a failed job was rejected: a list of `{"code", "message", "line"}`.
        completed: The count of completed requests that the job shows; None shows none.
    """

    status: str = "completed"
    polls: int = 0
    until: Callable[[], bool] = lambda: False
    answered: int | None = None
    results: Callable[[list[Line]], ResultFiles] | None = None
    errors: Sequence[dict[str, Any]] = ()
    completed: int | None = 0


@dataclass
class Batch:
    """A batch job: its request lines, and how it goes."""

    id: str
    lines: list[Line]
    metadata: dict[str, str]
    plan: Plan
    polls: int = 0
    created_at: float = 2e9
    files: dict[str, str] = field(default_factory=dict)
    input_file: str | None = None
    endpoint: str = "/v1/chat/completions"
    responder: Responder | None = None

    @property
    def prompts(self) -> list[str]:
        """The last message of each request, or the text to embed."""
        return [_prompt(line["body"]) for line in self.lines]


@dataclass
class _Fault:
    """What happens instead of a response: before the call is carried out, or after it."""

    error: httpx2.Response | type[httpx2.TransportError]
    carried_out: bool = False


class _Transport(httpx2.AsyncBaseTransport):
    """Sends requests to a platform in memory; names who answers them where that is not the platform itself."""

    def __init__(self, platform: "FakePlatform", responder: Responder | None = None) -> None:
        self._platform = platform
        self._responder = responder

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        if self._responder is not None:
            request.extensions[_RESPONDER] = self._responder
        return await self._platform.handle(request)


class FakePlatform:
    """OpenAI's Files, Batches, Chat Completions and Embeddings in memory, for tests: no network, no key, no cost.

    Give it to `FunctionLLM` as `platform`, or its `transport` to a model with OpenAI's API or to an `httpx2` client. `plan`
    says how the next batch jobs go, `fail` which calls go wrong; `calls`, `requests`, `batches` and `prompts` show what was
    sent. Jobs and files live as long as the object.

    Args:
        chat: Answers chats, online and in batch jobs; see `FunctionLLM`. By default it repeats the prompt.
        embed: Answers embedding requests. By default a vector of one number: the length of the text.

    Attributes:
        base_url: An address for the models' `base_url`; nothing listens there.
        api_key: A key that it takes; it takes any other too.
        transport: The `httpx2` transport that leads to it.
        page_size: How many jobs a page of the job list has.
        default: Makes the plan of each batch job for which `plan` was not called.
        calls: The name of each call, in order.
        requests: Each HTTP request, in order.
        files: The content of each file, by its id.
        batches: Each batch job, by its id, oldest first.

    Examples:
        >>> from distilabel.models import OpenAILLM
        >>> platform = FakePlatform(chat=lambda prompt: prompt.upper())
        >>> llm = OpenAILLM(model="m", api_key=platform.api_key, transport=platform.transport)
        >>> llm.load()
        >>> llm.generate_outputs([[{"role": "user", "content": "hi"}]])[0]["generations"]
        ['HI']
        >>> llm.unload()
        >>> platform.calls
        ['chat']
    """

    base_url: str = "https://platform.test/v1"
    api_key: str = "sk-test-no-secret"
    page_size: int = 100

    def __init__(
        self,
        chat: ChatFunction = lambda prompt: prompt,
        embed: EmbeddingFunction = lambda text: [float(len(text))],
    ) -> None:
        self.responder = Responder(chat, embed)
        self.calls: list[str] = []
        self.requests: list[httpx2.Request] = []
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Batch] = {}
        self.plans: deque[Plan] = deque()
        self.default: Callable[[], Plan] = Plan
        self.transport: httpx2.AsyncBaseTransport = _Transport(self)
        self._faults: defaultdict[str, deque[_Fault]] = defaultdict(deque)
        self._numbers = itertools.count(1)

    def transport_for(self, responder: Responder) -> httpx2.AsyncBaseTransport:
        """Return a transport whose requests and batch jobs `responder` answers, in place of the platform's own."""
        return _Transport(self, responder)

    def plan(self, status: str = "completed", **more: Any) -> None:
        """Say how the next batch job goes; each call is for one job, in order.

        Args:
            status: The status in which it ends.
            more: The other fields of `Plan`.
        """
        self.plans.append(Plan(status, **more))

    def fail(
        self,
        call: Call | str,
        error: int | httpx2.Response | type[httpx2.TransportError],
        *,
        carried_out: bool = False,
        times: int = 1,
    ) -> None:
        """Have the next `call` go wrong.

        Args:
            call: `upload`, `create`, `list`, `poll`, `content`, `cancel`, `chat` or `embeddings`.
            error: An HTTP status, a whole response, or an error of the connection.
            carried_out: Whether the call takes effect and only its response is lost.
            times: How many of the next calls go wrong.
        """
        for _ in range(times):
            response = (
                httpx2.Response(error, json={"error": {"message": "A planned failure."}})
                if isinstance(error, int)
                else error
            )
            self._faults[call].append(_Fault(response, carried_out))

    def count(self, call: Call | str) -> int:
        """Return how often `call` was made."""
        return self.calls.count(call)

    @property
    def prompts(self) -> list[str]:
        """The prompt of every request of every batch job: what a real platform would charge for."""
        return [prompt for batch in self.batches.values() for prompt in batch.prompts]

    def add(self, lines: list[Line], metadata: dict[str, str], input_file: str | None = None) -> Batch:
        """Make a batch job, also one that no client created."""
        number = f"batch_{next(self._numbers)}"
        plan = self.plans.popleft() if self.plans else self.default()
        self.batches[number] = Batch(number, lines, metadata, plan, input_file=input_file)
        return self.batches[number]

    def route(self, request: httpx2.Request) -> tuple[str, ...]:
        """Return the name of the call that a request is, and the id in its path."""
        return route(request)

    async def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one HTTP request, or fail as `fail` has planned it."""
        name, *more = self.route(request)
        self.calls.append(name)
        self.requests.append(request)
        fault = self._faults[name].popleft() if self._faults[name] else None
        if fault is None or fault.carried_out:
            response: httpx2.Response = await getattr(self, f"_{name}")(request, *more)
        if fault is None:
            return response
        if isinstance(fault.error, httpx2.Response):
            return fault.error
        raise fault.error("The connection broke, as planned.", request=request)

    async def _upload(self, request: httpx2.Request) -> httpx2.Response:
        number = f"file-{next(self._numbers)}"
        self.files[number] = uploaded(request)
        return httpx2.Response(200, json={"id": number, "object": "file"})

    async def _create(self, request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)
        lines = [json.loads(line) for line in self.files[asked["input_file_id"]].split(b"\n") if line]
        batch = self.add(lines, asked.get("metadata") or {}, asked["input_file_id"])
        batch.endpoint = asked["endpoint"]
        batch.responder = request.extensions.get(_RESPONDER)
        return self._view(batch)

    async def _list(self, request: httpx2.Request) -> httpx2.Response:
        batches = list(reversed(self.batches.values()))
        after = request.url.params.get("after")
        start = [batch.id for batch in batches].index(after) + 1 if after else 0
        end = start + self.page_size
        data = [self._view(batch).json() for batch in batches[start:end]]
        return httpx2.Response(200, json={"data": data, "has_more": end < len(batches)})

    async def _poll(self, _: httpx2.Request, number: str) -> httpx2.Response:
        if number not in self.batches:
            return httpx2.Response(404, json={"error": {"message": "No such batch."}})
        batch = self.batches[number]
        batch.polls += 1
        over = batch.polls > batch.plan.polls or batch.plan.until()
        if over and (batch.plan.status != "failed" or batch.plan.results) and not batch.files:
            for kind, lines in zip(("output", "error"), await self.results(batch), strict=True):
                if lines:
                    batch.files[kind] = f"{batch.id}-{kind}"
                    self.files[batch.files[kind]] = b"".join(lines)
        return self._view(batch, over=over)

    async def _content(self, _: httpx2.Request, number: str) -> httpx2.Response:
        if number not in self.files:
            return httpx2.Response(404, json={"error": {"message": "No such file."}})
        return httpx2.Response(200, content=self.files[number])

    async def _cancel(self, _: httpx2.Request, number: str) -> httpx2.Response:
        return self._view(self.batches[number])

    async def _chat(self, request: httpx2.Request) -> httpx2.Response:
        return await self._respond("/v1/chat/completions", request)

    async def _embeddings(self, request: httpx2.Request) -> httpx2.Response:
        return await self._respond("/v1/embeddings", request)

    async def _respond(self, endpoint: str, request: httpx2.Request) -> httpx2.Response:
        responder: Responder = request.extensions.get(_RESPONDER) or self.responder
        status, body = await responder(endpoint, json.loads(request.content), "")
        return httpx2.Response(status, json=body)

    async def results(self, batch: Batch) -> ResultFiles:
        """Return the lines of the output file and of the error file of a batch job that has ended."""
        plan = batch.plan
        if plan.results is not None:
            return plan.results(batch.lines)
        output: list[bytes] = []
        errors: list[bytes] = []
        for index, line in enumerate(batch.lines):
            if plan.answered is not None and index >= plan.answered:
                error = {"code": "batch_expired", "message": "The batch ended before this request was run."}
                errors.append(_result(line, None, error))
                continue
            responder = batch.responder or self.responder
            status, body = await responder(batch.endpoint, line["body"], line["custom_id"])
            response = {"status_code": status, "request_id": f"req_{index}", "body": body}
            (output if status == 200 else errors).append(_result(line, response, None))  # noqa: PLR2004
        return output, errors

    def _view(self, batch: Batch, *, over: bool = False) -> httpx2.Response:
        total, completed = len(batch.lines), batch.plan.completed
        return httpx2.Response(
            200,
            json={
                "id": batch.id,
                "object": "batch",
                "status": batch.plan.status if over else "in_progress",
                "endpoint": batch.endpoint,
                "input_file_id": batch.input_file,
                "completion_window": "24h",
                "metadata": batch.metadata,
                "created_at": batch.created_at,
                "request_counts": {"total": total, "completed": completed, "failed": 0},
                "output_file_id": batch.files.get("output"),
                "error_file_id": batch.files.get("error"),
                "errors": {"data": list(batch.plan.errors)} if over and batch.plan.errors else None,
            },
        )


def route(request: httpx2.Request) -> tuple[str, ...]:  # noqa: PLR0911 - a table
    """Return the name of the call that a request is, and the id in its path."""
    match request.method, *request.url.path.removeprefix("/v1").strip("/").split("/"):
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
        case "POST", "embeddings":
            return ("embeddings",)
    raise AssertionError(f"The fake platform does not have this call: {request.method} {request.url}")


def uploaded(request: httpx2.Request) -> bytes:
    """Return the content of the file in a multipart upload."""
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    parts = [part.partition(b"\r\n\r\n") for part in request.content.split(b"--" + boundary)]
    (content,) = [content for head, _, content in parts if b'name="file"' in head]
    return content.removesuffix(b"\r\n")


def _result(line: Line, response: dict[str, Any] | None, error: dict[str, Any] | None) -> bytes:
    value = {"id": "result", "custom_id": line["custom_id"], "response": response, "error": error}
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def _prompt(body: dict[str, Any]) -> str:
    return str(body["input"] if "input" in body else body["messages"][-1]["content"])
