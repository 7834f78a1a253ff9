"""A batch platform that answers at once, fast enough never to be what is waited for; counts what it took itself.

`python -m benchmarks.platform [POLLS]` prints its address and serves until its standard input ends. It speaks as much of
OpenAI's Files, Batches and Chat Completions as the benchmarks need, in memory and without any check.
"""

import asyncio
import json
import math
import random
import resource
import sys
from dataclasses import dataclass, field
from itertools import accumulate, count
from time import monotonic
from typing import Any

import orjson

__all__ = ["main"]

_PIECE = 1 << 20
_ANSWER = (
    b'{"id":"batch_req_1","custom_id":"%b","response":{"status_code":200,"request_id":"r1","body":{"id":"chatcmpl-1",'
    b'"object":"chat.completion","created":1795000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"Answer to: %b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":60,"completion_tokens":40,'
    b'"total_tokens":100}}},"error":null}\n'
)
_MEDIAN, _SIGMA = 0.2, 0.6
"""Seconds and shape of the log-normal latencies of online answers: half take 200 ms, one in a hundred 0.8 s or more."""


@dataclass
class Platform:
    """Its files and batches; everything is in memory."""

    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    polls: dict[str, int] = field(default_factory=dict)
    numbers: Any = field(default_factory=count)
    latencies: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - repeatable
    polls_until_done: int = 0
    calls: int = 0
    latencies_given: list[float] = field(default_factory=list)
    moments: list[tuple[float, int]] = field(default_factory=list)

    def upload(self, form: bytes) -> dict[str, Any]:
        boundary, _, _ = form.partition(b"\r\n")
        name = f"file-{next(self.numbers)}"
        for part in form.split(boundary)[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            if b'name="file"' in head:
                self.files[name] = content.removesuffix(b"\r\n")
        return {"id": name, "object": "file"}

    def create(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = f"batch_{next(self.numbers)}"
        lines = self.files.pop(asked["input_file_id"]).strip().split(b"\n")
        self.files[f"{name}-output"] = b"".join(map(_answer, lines))
        counts = {"total": len(lines), "completed": len(lines), "failed": 0}
        self.batches[name] = {
            "id": name, "object": "batch", "endpoint": asked["endpoint"], "status": "completed", "created_at": 1,
            "completion_window": "24h", "completed_at": 2, "expires_at": 86401, "input_file_id": asked["input_file_id"], "metadata": asked.get("metadata"),
            "output_file_id": f"{name}-output", "error_file_id": None, "request_counts": counts, "errors": None,
        }  # fmt: skip
        self.polls[name] = 0
        return self.batches[name]

    def poll(self, name: str) -> dict[str, Any]:
        self.polls[name] += 1
        if self.polls[name] <= self.polls_until_done:
            return {**self.batches[name], "status": "in_progress", "output_file_id": None}
        return self.batches[name]

    async def chat(self, body: bytes) -> bytes:
        seconds = self.latencies.lognormvariate(math.log(_MEDIAN), _SIGMA)
        self.latencies_given.append(seconds)
        self.moments.append((monotonic(), 1))
        await asyncio.sleep(seconds)
        self.moments.append((monotonic(), -1))
        line = _answer(b'{"custom_id":"x","method":"POST","url":"/","body":' + body + b"}")
        return orjson.dumps(orjson.loads(line)["response"]["body"])

    def stats(self) -> dict[str, float]:
        """Say what it took itself, and how well its online slots were used while there were enough requests."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {"cpu": usage.ru_utime + usage.ru_stime, "calls": self.calls, **self._use()}

    def _use(self) -> dict[str, float]:
        """Return the most requests in flight, and of the throughput that so many make ideal the part that was reached.

        Counted from when all slots were first in use until the last request came: before and after, there is not enough to
        ask.
        """
        if not self.moments:
            return {}
        in_flight = list(accumulate(change for _, change in self.moments))
        most = max(in_flight)
        start = in_flight.index(most)
        end = max(i for i, (_, change) in enumerate(self.moments) if change > 0)
        done = sum(1 for _, change in self.moments[start:end] if change < 0)
        seconds = self.moments[end][0] - self.moments[start][0]
        mean = sum(self.latencies_given) / len(self.latencies_given)
        return {
            "in_flight": most,
            "mean_latency": mean,
            "of_ideal": done / seconds * mean / most if seconds else 0.0,
        }


def _answer(line: bytes) -> bytes:
    """Answer a line; the prompt, which holds no quotation marks, comes back as the JSON text it was."""
    named = line.index(b'"', line.index(b'"custom_id":') + 12) + 1
    asked = line.index(b'"', line.rindex(b'"content":') + 10) + 1
    return _ANSWER % (line[named : line.index(b'"', named)], line[asked : line.index(b'"', asked)])


async def _serve(platform: Platform, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while line := await reader.readline():
            method, path, _ = line.decode().split(" ", 2)
            headers = await _headers(reader)
            if headers.get("expect"):
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await _body(reader, headers)
            platform.calls += 1
            status, answer = await _respond(
                platform, method, path.partition("?")[0].removeprefix("/v1"), body
            )
            writer.write(
                b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                % (status, len(answer))
            )
            writer.write(answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    headers = {}
    while (line := await reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    return headers


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    pieces = []
    while headers.get("transfer-encoding") == "chunked":
        size = int(await reader.readline(), 16)
        pieces.append(await reader.readexactly(size))
        await reader.readline()
        if not size:
            break
    return b"".join(pieces)


async def _respond(platform: Platform, method: str, path: str, body: bytes) -> tuple[int, bytes]:  # noqa: PLR0911
    match method, *path.strip("/").split("/"):
        case "POST", "files":
            return 200, orjson.dumps(await asyncio.to_thread(platform.upload, body))
        case "POST", "batches":
            return 200, orjson.dumps(await asyncio.to_thread(platform.create, json.loads(body)))
        case "GET", "batches":
            return 200, orjson.dumps({"data": list(platform.batches.values()), "has_more": False})
        case "GET", "batches", name:
            return 200, orjson.dumps(platform.poll(name))
        case "GET" | "DELETE", "files", name:
            return 200, orjson.dumps(
                {"id": name, "object": "file", "status": "processed", "deleted": method == "DELETE"}
            )
        case "GET", "files", name, "content":
            return 200, platform.files[name]
        case "POST", "chat", "completions":
            return 200, await platform.chat(body)
        case "GET", "stats":
            return 200, orjson.dumps(platform.stats())
    return 404, orjson.dumps({"error": {"message": f"There is no such call: {method} {path}"}})


async def main() -> None:
    """Serve until the standard input ends; an argument says for how many polls a batch is still in progress."""
    platform = Platform(polls_until_done=int(sys.argv[1]) if len(sys.argv) > 1 else 0)

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Any:
        return _serve(platform, reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=_PIECE, backlog=1024)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(main())
