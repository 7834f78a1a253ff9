"""Asking an ASGI app in the same process, and answers on their way out."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Response", "Send", "again", "body_of", "gathered", "json_response"]

Send = Callable[[dict[str, Any]], Awaitable[None]]
_PIECES = 12


@dataclass
class Response:
    """An answer on its way out."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def go(self, send: Send, *, sent: int | None = None, pause: float = 0.0) -> None:
        """Send the head, and the body: whole, or only so many bytes of it, or in pieces with pauses."""
        headers = {**self.headers, "content-length": str(len(self.body))}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        body = self.body if sent is None else self.body[:sent]
        size = -(-len(body) // _PIECES) if pause and body else len(body) or 1
        for start in range(0, len(body), size):
            await send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
            await asyncio.sleep(pause)
        if sent is None:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def json_response(value: Any, status: int = 200, **headers: str) -> Response:
    """Return an answer whose body is JSON."""
    return Response(status, {"content-type": "application/json", **headers}, json.dumps(value).encode())


async def gathered(app: Any, scope: Any, receive: Any) -> Response:
    """Ask an app and return its whole answer."""
    response = Response()

    async def gather(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            response.status = message["status"]
            response.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            response.body += message.get("body", b"")

    await app(scope, receive, gather)
    return response


async def body_of(receive: Any) -> bytes:
    """Return the whole body of a request."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def again(body: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return a `receive` that gives this body, and then nothing for ever."""
    bodies = [body]

    async def receive() -> dict[str, Any]:
        if not bodies:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": bodies.pop(), "more_body": False}

    return receive
