"""Groq: OpenAI's shapes under another path, and a list of batches without pages.

Shapes: the types of the `groq` package 1.7 (`types/batch_*.py`, `types/file_*.py`), November 2026.
"""

from collections.abc import Awaitable, Callable

from tests.emulators.base import Emulator, Route, Value, Visit, bearer
from tests.support.asgi import Response, json_response

__all__ = ["GROQ"]


def _to(path: str) -> Callable[[Visit], Awaitable[Response]]:
    async def answer(visit: Visit) -> Response:
        return await visit.forward(path.format(**visit.found))

    return answer


async def _list(visit: Visit) -> Response:
    return json_response({"object": "list", "data": await visit.batches()})


def _refusal(_status: int, message: str, code: str) -> Value:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code or None}}


_ID = r"(?P<id>[^/]+)"
GROQ = Emulator(
    "groq",
    (
        Route("upload", "POST", "/openai/v1/files", _to("/v1/files")),
        Route("download", "GET", f"/openai/v1/files/{_ID}/content", _to("/v1/files/{id}/content")),
        Route("other", "GET", f"/openai/v1/files/{_ID}", _to("/v1/files/{id}")),
        Route("other", "DELETE", f"/openai/v1/files/{_ID}", _to("/v1/files/{id}")),
        Route("create", "POST", "/openai/v1/batches", _to("/v1/batches")),
        Route("list", "GET", "/openai/v1/batches", _list),
        Route("poll", "GET", f"/openai/v1/batches/{_ID}", _to("/v1/batches/{id}")),
        Route("cancel", "POST", f"/openai/v1/batches/{_ID}/cancel", _to("/v1/batches/{id}/cancel")),
        Route("online", "POST", "/openai/v1/chat/completions", _to("/v1/chat/completions")),
    ),
    root="/openai/v1",
    key=bearer,
    refusal=_refusal,
    nothing={"object": "list", "data": []},
)
