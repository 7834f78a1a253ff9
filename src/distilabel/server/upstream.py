"""Requests passed on to another OpenAI-compatible server, such as `vllm serve` or a llama.cpp server."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
import orjson

from distilabel.server.answering import Answer
from distilabel.server.errors import error_body
from distilabel.server.http import Body
from distilabel.server.settings import Settings

ATTEMPTS = 4
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
TIMEOUT = httpx2.Timeout(600, connect=5)
TOO_MANY_REQUESTS = 429


@asynccontextmanager
async def passing_on(settings: Settings, first_pause: float = FIRST_PAUSE) -> AsyncIterator[Answer]:
    """Who answers when there is an upstream: at most `settings.concurrency` requests are with it at once."""
    slots = asyncio.Semaphore(settings.concurrency)
    async with _client(settings) as client:

        async def answer(endpoint: str, body: Body, custom_id: str) -> tuple[int, Body]:  # noqa: ARG001
            async with slots:
                return await _insistently(client, endpoint.removeprefix("/v1"), body, first_pause)

        yield answer


async def models(settings: Settings) -> tuple[int, list[str]]:
    """An HTTP status, and the models that the upstream says it has."""
    async with _client(settings) as client:
        status, body = await _insistently(client, "/models", None, FIRST_PAUSE)
    return status, [model["id"] for model in body.get("data", [])]


def _client(settings: Settings) -> httpx2.AsyncClient:
    headers = {} if settings.upstream_key is None else {"authorization": f"Bearer {settings.upstream_key}"}
    base_url = (settings.upstream or "").rstrip("/")
    limits = httpx2.Limits(max_connections=settings.concurrency)
    return httpx2.AsyncClient(base_url=base_url, headers=headers, timeout=TIMEOUT, limits=limits)


@dataclass(frozen=True, slots=True)
class _Attempt:
    status: int
    body: Body
    again: bool = True
    asked_pause: float | None = None


async def _insistently(
    client: httpx2.AsyncClient, path: str, body: Body | None, first_pause: float
) -> tuple[int, Body]:
    for attempt in range(ATTEMPTS):
        last = await _once(client, path, body)
        if not last.again:
            break
        if attempt < ATTEMPTS - 1:
            await asyncio.sleep(_pause(attempt, first_pause, last.asked_pause))
    return last.status, last.body


async def _once(client: httpx2.AsyncClient, path: str, body: Body | None) -> _Attempt:
    try:
        if body is None:
            response = await client.get(path)
        else:
            headers = {"content-type": "application/json"}
            response = await client.post(path, content=orjson.dumps(body), headers=headers)
    except httpx2.TimeoutException as error:
        return _Attempt(504, _trouble("upstream_timeout", error))
    except httpx2.TransportError as error:
        return _Attempt(502, _trouble("upstream_unreachable", error))
    again = response.is_server_error or response.status_code == TOO_MANY_REQUESTS
    return _Attempt(*_read(response), again, _asked_pause(response))


def _read(response: httpx2.Response) -> tuple[int, Body]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = None
    if isinstance(body, dict):
        return response.status_code, body
    # A page of a proxy in between, say. Without JSON even a 200 is no answer; but it is not asked for again, for
    # the upstream may have done the work.
    status = response.status_code if response.is_error else httpx2.codes.BAD_GATEWAY
    return status, error_body(f"The upstream sent no JSON object: {response.text[:500]}", kind="server_error")


def _asked_pause(response: httpx2.Response) -> float | None:
    try:
        return float(response.headers.get("retry-after", ""))
    except ValueError:
        return None


def _pause(attempt: int, first_pause: float, asked: float | None) -> float:
    pause = asked if asked is not None else first_pause * 2**attempt * random.uniform(0.5, 1)  # noqa: S311
    return min(pause, LONGEST_PAUSE)


def _trouble(code: str, error: Exception) -> Body:
    return error_body(f"The upstream did not answer: {error!r}", kind="server_error", code=code)
