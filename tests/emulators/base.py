"""What all emulators share: a table of routes, and the translation to the embedded platform behind them."""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, unquote

from python_multipart import parse_form
from python_multipart.multipart import Field, File

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


class Refused(Exception):  # noqa: N818 - a response, not a fault
    """An error response, of the emulator or of the platform behind it."""

    def __init__(
        self, status: int, message: str, code: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.headers = status, message, code, headers or {}


@dataclass(frozen=True)
class Route:
    """One route of a platform.

    Attributes:
        call: The kind of request: `upload`, `create`, `list`, `poll`, `download`, `cancel`, `online` or `other`.
        method: The HTTP method.
        path: A pattern of the whole path; the handler gets its named groups.
        answer: The handler.
    """

    call: str
    method: str
    path: str
    answer: "Callable[[Visit], Awaitable[Response]]"


@dataclass(frozen=True)
class Emulator:
    """One platform's API, as a table of routes.

    Attributes:
        name: The platform's name in the registry.
        routes: The routes; the first that matches handles a request.
        root: The path of the base URL.
        key: Reads the API key from headers and query; "" if there is none.
        refusal: Builds the body of an error response from status, message and code.
        nothing: The body of an empty list of jobs.
        more: What a page of this list says if there are more pages; empty where lists have no pages.
    """

    name: str
    routes: tuple[Route, ...]
    root: str
    key: Callable[[Mapping[str, str], Mapping[str, str]], str]
    refusal: Callable[[int, str, str], Any]
    nothing: Any
    more: Mapping[str, Any] = field(default_factory=dict)

    def call(self, method: str, path: str) -> str:
        """Return the kind of a request."""
        found = self.route(method, path)
        return found[0].call if found else "other"

    def route(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route of a request, and the named groups in its path."""
        for route in self.routes:
            if route.method == method and (match := re.fullmatch(route.path, path)):
                return route, match.groupdict()
        return None


@dataclass
class Memory:
    """What an emulator stores beside the embedded platform; it outlives restarts of the app within a test."""

    jobs: dict[str, Value] = field(default_factory=dict)
    files: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Visit:
    """One request to a route, and the way to the platform behind it."""

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
        """The base URL that the client uses, without its path."""
        return f"http://{self.headers['host']}"

    def json(self) -> Value:
        """Return the body, which must be a JSON object."""
        try:
            value = json.loads(self.body)
        except ValueError:
            raise Refused(400, "The body is not JSON.") from None
        if not isinstance(value, dict):
            raise Refused(400, "The body is not a JSON object.")
        return value

    async def forward(self, path: str = "") -> Response:
        """Forward the request unchanged, or to another path, and return the response unchanged."""
        path = path or self.scope["path"]
        scope = {**self.scope, "path": path, "raw_path": path.encode(), "headers": self._headers()}
        return await gathered(self.app, scope, again(self.body))

    def _headers(self) -> list[tuple[bytes, bytes]]:
        kept = [(name, value) for name, value in self.scope["headers"] if name.lower() != b"authorization"]
        return [*kept, (b"authorization", f"Bearer {self.key}".encode())]

    async def ask(self, method: str, path: str, value: Value | None = None, query: str = "") -> Value:
        """Send JSON to the platform behind, and return the JSON of its response."""
        body = b"" if value is None else json.dumps(value).encode()
        answer: Value = json.loads((await self._ask(method, path, body, "application/json", query)).body)
        return answer

    def form(self) -> tuple[dict[str, str], str, bytes]:
        """Return the fields of a multipart form, and its file's name and content."""
        fields: list[Field] = []
        files: list[File] = []
        headers = {"Content-Type": self.headers.get("content-type", "")}
        parse_form(headers, BytesIO(self.body), fields.append, files.append)
        name, content = "", b""
        for file in files:
            file.file_object.seek(0)
            name, content = file.file_name.decode(), file.file_object.read()
            file.close()
        return {field.field_name.decode(): field.value.decode() for field in fields}, name, content

    async def submit(
        self, lines: Iterable[Value], metadata: Value | None = None, endpoint: str = "/v1/chat/completions"
    ) -> Value:
        """Upload lines and create a batch from them."""
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
        """Return the lines of a batch's result files; a line that is not a JSON object stays bytes."""
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
            waits = {
                name: value for name, value in response.headers.items() if name.startswith("retry-after")
            }
            raise Refused(response.status, error["message"], error.get("code") or "", waits)
        return response


class EmulatorApp:
    """The embedded platform behind an emulator, as an ASGI app.

    Args:
        emulator: The platform's API.
        app: The embedded platform, or a middleware around it.
        memory: What the emulator has stored before.
    """

    def __init__(self, emulator: Emulator, app: Any, memory: Memory | None = None) -> None:
        self._emulator = emulator
        self._app = app
        self._memory = memory or Memory()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            response = await self._answer(scope, await body_of(receive))
        except Refused as why:
            body = self._emulator.refusal(why.status, why.message, why.code)
            response = json_response(body, why.status, **why.headers)
        await response.go(send)

    async def _answer(self, scope: Any, body: bytes) -> Response:
        found = self._emulator.route(scope["method"], scope["path"])
        if found is None:
            raise Refused(404, f"Unknown route: {scope['method']} {scope['path']}.")
        route, names = found
        names = {name: unquote(value) for name, value in names.items() if value is not None}
        visit = Visit(scope, body, names, "", self._memory, self._app)
        key = self._emulator.key(visit.headers, visit.query)
        if not key:
            raise Refused(401, "No API key.")
        return await route.answer(Visit(scope, body, names, key, self._memory, self._app))


def bearer(headers: Mapping[str, str], _query: Mapping[str, str]) -> str:
    """Return the key of an `Authorization: Bearer` header."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" else ""


def openai_line(custom_id: str, body: Value, url: str = "/v1/chat/completions") -> Value:
    """Return one request line in the shape of the embedded platform."""
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": body}


def lines_of(values: Iterable[Value | bytes]) -> bytes:
    """Return values as lines of JSON; bytes stay unchanged."""
    lines = (value if isinstance(value, bytes) else _written(value) for value in values)
    return b"".join(chain.from_iterable((line, b"\n") for line in lines))


def moment(seconds: float | None) -> str | None:
    """Return a point in time as an RFC 3339 string."""
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
