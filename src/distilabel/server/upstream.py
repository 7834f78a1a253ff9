"""Passing requests on to another OpenAI-compatible server, such as `vllm serve` or a llama.cpp server."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import orjson
import stamina

from distilabel.server.errors import error_body
from distilabel.server.http import Body
from distilabel.server.responder import Responder
from distilabel.server.settings import Settings

ATTEMPTS = 4
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
TIMEOUT = httpx2.Timeout(600, connect=5)
TOO_MANY_REQUESTS = 429


class _TemporaryError(Exception):
    """A response after which the request may be sent again, and the pause that the upstream asks for."""

    def __init__(self, status: int, body: Body, retry_after: float | None = None) -> None:
        self.status = status
        self.body = body
        self.retry_after = retry_after


@asynccontextmanager
async def open_upstream(settings: Settings, first_pause: float = FIRST_PAUSE) -> AsyncIterator[Responder]:
    """Open a responder that passes requests on, at most `settings.concurrency` at once."""
    slots = asyncio.Semaphore(settings.concurrency)
    async with _client(settings) as client:

        async def answer(endpoint: str, body: Body, custom_id: str) -> tuple[int, Body]:  # noqa: ARG001
            async with slots:
                return await _send(client, endpoint.removeprefix("/v1"), body, first_pause)

        yield answer


async def models(settings: Settings) -> tuple[int, list[str]]:
    """Return an HTTP status, and the models that the upstream lists."""
    async with _client(settings) as client:
        status, body = await _send(client, "/models", None, FIRST_PAUSE)
    return status, [model["id"] for model in body.get("data", [])]


def _client(settings: Settings) -> httpx2.AsyncClient:
    headers = {} if settings.upstream_key is None else {"authorization": f"Bearer {settings.upstream_key}"}
    base_url = (settings.upstream or "").rstrip("/")
    limits = httpx2.Limits(max_connections=settings.concurrency)
    return httpx2.AsyncClient(base_url=base_url, headers=headers, timeout=TIMEOUT, limits=limits)


async def _send(
    client: httpx2.AsyncClient, path: str, body: Body | None, first_pause: float
) -> tuple[int, Body]:
    """Send a request, again after temporary errors; return the last status and body."""
    try:
        async for attempt in stamina.retry_context(
            on=_pause_before_retry,
            attempts=ATTEMPTS,
            timeout=None,
            wait_initial=first_pause,
            wait_max=LONGEST_PAUSE,
            wait_jitter=first_pause,
        ):
            with attempt:
                return await _send_once(client, path, body)
    except _TemporaryError as last:
        return last.status, last.body
    raise AssertionError  # pragma: no cover - the loop returns or raises


def _pause_before_retry(error: Exception) -> bool | float:
    if not isinstance(error, _TemporaryError):
        return False
    if error.retry_after is None:
        return True
    return min(error.retry_after + random.uniform(0, 0.25), LONGEST_PAUSE)  # noqa: S311 - jitter


async def _send_once(client: httpx2.AsyncClient, path: str, body: Body | None) -> tuple[int, Body]:
    try:
        if body is None:
            response = await client.get(path)
        else:
            headers = {"content-type": "application/json"}
            response = await client.post(path, content=orjson.dumps(body), headers=headers)
    except httpx2.TimeoutException as error:
        raise _TemporaryError(504, _no_response("upstream_timeout", error)) from None
    except httpx2.TransportError as error:
        raise _TemporaryError(502, _no_response("upstream_unreachable", error)) from None
    if response.is_server_error or response.status_code == TOO_MANY_REQUESTS:
        raise _TemporaryError(*_read(response), _retry_after(response))
    return _read(response)


def _read(response: httpx2.Response) -> tuple[int, Body]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = None
    if isinstance(body, dict):
        return response.status_code, body
    # A proxy between the two may send a page. A 200 without JSON is a failure too, but the request is not sent
    # again: the upstream may have done the work.
    status = response.status_code if response.is_error else httpx2.codes.BAD_GATEWAY
    return status, error_body(f"The upstream sent no JSON object: {response.text[:500]}", kind="server_error")


def _retry_after(response: httpx2.Response) -> float | None:
    try:
        return max(0.0, float(response.headers.get("retry-after", "")))
    except ValueError:
        return None


def _no_response(code: str, error: Exception) -> Body:
    return error_body(f"The upstream did not answer: {error!r}", kind="server_error", code=code)
