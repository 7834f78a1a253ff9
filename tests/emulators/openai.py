"""OpenAI: the embedded platform has its API already, so this is only a table of routes."""

from typing import Any

from tests.emulators.base import Emulator, Route, Value, Visit, bearer
from tests.support.asgi import Response

__all__ = ["OPENAI"]


async def _through(visit: Visit) -> Response:
    return await visit.forward()


def _refusal(_status: int, message: str, code: str) -> Value:
    return {"error": {"message": message, "type": "server_error", "param": None, "code": code or None}}


def _route(call: str, method: str, path: str) -> Route:
    return Route(call, method, f"/v1/{path}", _through)


_NOTHING: dict[str, Any] = {"object": "list", "data": [], "has_more": False}
OPENAI = Emulator(
    "openai",
    (
        _route("upload", "POST", "files"),
        _route("create", "POST", "batches"),
        _route("list", "GET", "batches"),
        _route("poll", "GET", "batches/[^/]+"),
        _route("cancel", "POST", "batches/[^/]+/cancel"),
        _route("download", "GET", "files/[^/]+/content"),
        _route("online", "POST", "chat/completions"),
        *(_route("other", method, ".*") for method in ("GET", "POST", "DELETE")),
    ),
    root="/v1",
    key=bearer,
    refusal=_refusal,
    nothing=_NOTHING,
    more={"has_more": True},
)
