"""What all emulators share: a table of doors, and a way to the embedded platform behind them."""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, unquote

from distilabel.server.multipart import Parser, Part
from tests.support.asgi import Response, again, body_of, gathered, json_response

__all__ = [
    "Emulator",
    "EmulatorApp",
    "Memory",
    "Refused",
    "Route",
    "Value",
    "Visit",
    "bearer",
    "lines_of",
    "moment",
    "openai_line",
]  # fmt: skip

Value = dict[str, Any]
_BOUNDARY = "between-the-parts"


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """A call that is refused, by the emulator or by the platform behind it."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


@dataclass(frozen=True)
class Route:
    """One path of a platform.

    Attributes:
        call: Which call it is: `upload`, `create`, `list`, `poll`, `download`, `cancel`, `online`; `other`.
        method: Its method.
        path: A pattern of its whole path; named groups are what a handler finds.
        answer: Answers a visit.
    """

    call: str
    method: str
    path: str
    answer: "Callable[[Visit], Awaitable[Response]]"


@dataclass(frozen=True)
class Emulator:
    """One platform's dialect, as a table of doors.

    Attributes:
        name: The platform's, as in the registry.
        doors: What may be called; the first that fits answers.
        root: What the address that clients are given has after host and port.
        key: Reads the API key out of headers and query; "" if there is none.
        refusal: Makes the body of a refusal of status, message and code.
        nothing: The body of a list of jobs without jobs.
    """

    name: str
    routes: tuple[Route, ...]
    root: str
    key: Callable[[Mapping[str, str], Mapping[str, str]], str]
    refusal: Callable[[int, str, str], Any]
    nothing: Any

    def call(self, method: str, path: str) -> str:
        """Return which call this is."""
        found = self.route(method, path)
        return found[0].call if found else "other"

    def route(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the door and what its pattern finds in the path."""
        for route in self.routes:
            if route.method == method and (match := re.fullmatch(route.path, path)):
                return route, match.groupdict()
        return None


@dataclass
class Memory:
    """What a emulator knows beside the embedded platform; lives as long as the test, wherever the app is made anew."""

    jobs: dict[str, Value] = field(default_factory=dict)
    files: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Visit:
    """One call at a door, and the way to the platform behind."""

    scope: Value
    body: bytes
    found: Mapping[str, str]
    key: str
    memory: Memory
    app: Any

    @property
    def headers(self) -> dict[str, str]:
        """The headers, their names in lower case."""
        return {name.decode().lower(): value.decode("latin-1") for name, value in self.scope["headers"]}

    @property
    def query(self) -> dict[str, str]:
        """The query."""
        return dict(parse_qsl(self.scope["query_string"].decode(), keep_blank_values=True))

    @property
    def root(self) -> str:
        """Where the platform is, as the client sees it."""
        return f"http://{self.headers['host']}"

    def json(self) -> Value:
        """Return the body, which must be a JSON object."""
        try:
            value = json.loads(self.body)
        except ValueError:
            raise Refused(400, "The body is no JSON.") from None
        if not isinstance(value, dict):
            raise Refused(400, "The body is no JSON object.")
        return value

    async def passed_on(self, path: str = "") -> Response:
        """Hand the call on as it is, or to another path; the answer comes back as it is."""
        path = path or self.scope["path"]
        scope = {**self.scope, "path": path, "raw_path": path.encode(), "headers": self._headers()}
        return await gathered(self.app, scope, again(self.body))

    def _headers(self) -> list[tuple[bytes, bytes]]:
        kept = [(name, value) for name, value in self.scope["headers"] if name.lower() != b"authorization"]
        return [*kept, (b"authorization", f"Bearer {self.key}".encode())]

    async def ask(self, method: str, path: str, value: Value | None = None, query: str = "") -> Value:
        """Ask the platform behind, JSON for JSON."""
        body = b"" if value is None else json.dumps(value).encode()
        answer: Value = json.loads((await self._ask(method, path, body, "application/json", query)).body)
        return answer

    def form(self) -> tuple[dict[str, str], str, bytes]:
        """Return the fields of a multipart form, and its file's name and content."""
        fields: dict[str, bytearray] = {}
        names: dict[str, str] = {}
        parser, part = Parser(self.headers.get("content-type", "")), ""
        for event in parser.feed(self.body):
            if isinstance(event, Part):
                part = event.name
                fields[part] = bytearray()
                names[part] = event.filename or ""
            else:
                fields[part] += event.bytes
        content = bytes(fields.pop("file", b""))
        return {name: value.decode() for name, value in fields.items()}, names.get("file", ""), content

    async def submit(
        self, lines: Iterable[Value], metadata: Value | None = None, endpoint: str = "/v1/chat/completions"
    ) -> Value:
        """Upload lines and make a batch of them."""
        content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        file = await self._upload(content)
        asked = {"input_file_id": file["id"], "endpoint": endpoint, "completion_window": "24h"}
        return await self.ask("POST", "/v1/batches", {**asked, "metadata": metadata})

    async def batches(self) -> list[Value]:
        """Return all batches, newest first."""
        found: list[Value] = []
        query = "limit=100"
        while True:
            page = await self.ask("GET", "/v1/batches", query=query)
            found += page["data"]
            if not page["has_more"]:
                return found
            query = f"limit=100&after={found[-1]['id']}"

    async def results(self, batch: Value, *kinds: str) -> list[Value | bytes]:
        """Return the lines of a batch's result files; one that is no JSON object as it is."""
        names = [batch.get(f"{kind}_file_id") for kind in kinds or ("output", "error")]
        return [line for name in names if name for line in _read(await self.content(name))]

    async def content(self, file: str) -> bytes:
        """Return the content of a file."""
        return (await self._ask("GET", f"/v1/files/{file}/content")).body

    async def _upload(self, content: bytes) -> Value:
        parts = (
            b'Content-Disposition: form-data; name="purpose"\r\n\r\nbatch',
            b'Content-Disposition: form-data; name="file"; filename="lines.jsonl"\r\n\r\n' + content,
        )
        whole = b"".join(b"--%b\r\n%b\r\n" % (_BOUNDARY.encode(), part) for part in parts)
        body = whole + b"--%b--\r\n" % _BOUNDARY.encode()
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        file: Value = json.loads((await self._ask("POST", "/v1/files", body, kind)).body)
        return file

    async def _ask(
        self, method: str, path: str, body: bytes = b"", kind: str = "", query: str = ""
    ) -> Response:
        headers = [
            (b"host", self.headers["host"].encode()),
            (b"authorization", f"Bearer {self.key}".encode()),
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        scope = {**self.scope, "method": method, "path": path, "raw_path": path.encode(), "headers": headers}
        response = await gathered(self.app, scope | {"query_string": query.encode()}, again(body))
        if response.status >= 400:
            error = json.loads(response.body)["error"]
            raise Refused(response.status, error["message"], error.get("code") or "")
        return response


class EmulatorApp:
    """The embedded platform in a emulator, as an ASGI app.

    Args:
        emulator: The dialect.
        app: The embedded platform, or what stands before it.
        memory: What the emulator knows already.
    """

    def __init__(self, emulator: Emulator, app: Any, memory: Memory | None = None) -> None:
        self._emulator = emulator
        self._app = app
        self._memory = memory or Memory()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            response = await self._answer(scope, await body_of(receive))
        except Refused as why:
            response = json_response(self._emulator.refusal(why.status, why.message, why.code), why.status)
        await response.go(send)

    async def _answer(self, scope: Any, body: bytes) -> Response:
        found = self._emulator.route(scope["method"], scope["path"])
        if found is None:
            raise Refused(404, f"There is no {scope['method']} {scope['path']}.")
        route, names = found
        names = {name: unquote(value) for name, value in names.items() if value is not None}
        visit = Visit(scope, body, names, "", self._memory, self._app)
        key = self._emulator.key(visit.headers, visit.query)
        if not key:
            raise Refused(401, "There is no key.")
        return await route.answer(Visit(scope, body, names, key, self._memory, self._app))


def bearer(headers: Mapping[str, str], _query: Mapping[str, str]) -> str:
    """Return the key of an `Authorization: Bearer` header."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" else ""


def openai_line(custom_id: str, body: Value, url: str = "/v1/chat/completions") -> Value:
    """Return one request as the embedded platform reads it."""
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": body}


def lines_of(values: Iterable[Value | bytes]) -> bytes:
    """Return values as lines of JSON; bytes as they are."""
    lines = (value if isinstance(value, bytes) else _written(value) for value in values)
    return b"".join(chain.from_iterable((line, b"\n") for line in lines))


def moment(seconds: float | None) -> str | None:
    """Return a time as RFC 3339 writes it."""
    return (
        None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    )


def _written(value: Value) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a lone surrogate can only be escaped
        return json.dumps(value).encode()


def _read(content: bytes) -> Iterable[Value | bytes]:
    for line in content.split(b"\n"):
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if isinstance(value, dict):
            yield value
        elif line:
            yield line
