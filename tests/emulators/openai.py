"""OpenAI's own dialect: no costume at all, but a table of its doors."""

from typing import Any

from tests.emulators.base import Costume, Door, Value, Visit, bearer
from tests.support.asgi import Response

__all__ = ["OPENAI"]


async def _through(visit: Visit) -> Response:
    return await visit.passed_on()


def _refusal(_status: int, message: str, code: str) -> Value:
    return {"error": {"message": message, "type": "server_error", "param": None, "code": code or None}}


def _door(call: str, method: str, path: str) -> Door:
    return Door(call, method, f"/v1/{path}", _through)


_NOTHING: dict[str, Any] = {"object": "list", "data": [], "has_more": False}
OPENAI = Costume(
    "openai",
    (
        _door("upload", "POST", "files"),
        _door("create", "POST", "batches"),
        _door("list", "GET", "batches"),
        _door("poll", "GET", "batches/[^/]+"),
        _door("cancel", "POST", "batches/[^/]+/cancel"),
        _door("download", "GET", "files/[^/]+/content"),
        _door("online", "POST", "chat/completions"),
        *(_door("other", method, ".*") for method in ("GET", "POST", "DELETE")),
    ),
    root="/v1",
    key=bearer,
    refusal=_refusal,
    nothing=_NOTHING,
)
