"""Groq: OpenAI's shapes under another path, and a list of batches without pages.

Shapes: the types of the `groq` package 1.7 (`types/batch_*.py`, `types/file_*.py`), November 2026.
"""

from collections.abc import Awaitable, Callable

from tests.emulators.base import Costume, Door, Value, Visit, bearer
from tests.support.asgi import Response, json_response

__all__ = ["GROQ"]


def _to(path: str) -> Callable[[Visit], Awaitable[Response]]:
    async def answer(visit: Visit) -> Response:
        return await visit.passed_on(path.format(**visit.found))

    return answer


async def _list(visit: Visit) -> Response:
    return json_response({"object": "list", "data": await visit.batches()})


def _refusal(_status: int, message: str, code: str) -> Value:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code or None}}


_ID = r"(?P<id>[^/]+)"
GROQ = Costume(
    "groq",
    (
        Door("upload", "POST", "/openai/v1/files", _to("/v1/files")),
        Door("download", "GET", f"/openai/v1/files/{_ID}/content", _to("/v1/files/{id}/content")),
        Door("other", "GET", f"/openai/v1/files/{_ID}", _to("/v1/files/{id}")),
        Door("other", "DELETE", f"/openai/v1/files/{_ID}", _to("/v1/files/{id}")),
        Door("create", "POST", "/openai/v1/batches", _to("/v1/batches")),
        Door("list", "GET", "/openai/v1/batches", _list),
        Door("poll", "GET", f"/openai/v1/batches/{_ID}", _to("/v1/batches/{id}")),
        Door("cancel", "POST", f"/openai/v1/batches/{_ID}/cancel", _to("/v1/batches/{id}/cancel")),
        Door("online", "POST", "/openai/v1/chat/completions", _to("/v1/chat/completions")),
    ),
    root="/openai/v1",
    key=bearer,
    refusal=_refusal,
    nothing={"object": "list", "data": []},
)
