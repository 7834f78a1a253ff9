"""Azure OpenAI: OpenAI's shapes under another path, with its own key header, null counts and empty error files.

Source: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch and the `openai` package's `AzureOpenAI`,
November 2026.
"""

import json
from collections.abc import Awaitable, Callable, Mapping

from tests.emulators.base import Emulator, Refused, Route, Value, Visit, bearer
from tests.support.asgi import Response, json_response

__all__ = ["AZURE"]

_EMPTY = "file-azure-empty"


def _key(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    return headers.get("api-key") or bearer(headers, query)


def _to(path: str) -> Callable[[Visit], Awaitable[Response]]:
    async def answer(visit: Visit) -> Response:
        _check_version(visit)
        return await visit.forward(path.format(**visit.found))

    return answer


def _batch(path: str) -> Callable[[Visit], Awaitable[Response]]:
    async def answer(visit: Visit) -> Response:
        response = await _to(path)(visit)
        if response.status == 200:
            response.body = json.dumps(_shown(json.loads(response.body))).encode()
        return response

    return answer


async def _list(visit: Visit) -> Response:
    response = await _to("/v1/batches")(visit)
    page = json.loads(response.body)
    return json_response({**page, "data": [_shown(batch) for batch in page["data"]]})


async def _content(visit: Visit) -> Response:
    return Response() if visit.found["id"] == _EMPTY else await _to("/v1/files/{id}/content")(visit)


def _check_version(visit: Visit) -> None:
    if "/v1/" not in visit.scope["path"] and "api-version" not in visit.query:
        raise Refused(404, "Resource not found", "404")


def _shown(batch: Value) -> Value:
    """Return a batch as Azure shows it: counts null until it is over; an error file even where nothing failed."""
    shown = dict(batch)
    if batch["status"] == "completed" and batch.get("output_file_id") and batch.get("error_file_id") is None:
        shown["error_file_id"] = _EMPTY
    if batch["status"] in ("validating", "in_progress", "finalizing"):
        total = (batch.get("request_counts") or {}).get("total") if _counted(batch) else None
        shown["request_counts"] = {"total": total, "completed": None, "failed": None}
    return shown


def _counted(batch: Value) -> bool:
    return isinstance(batch.get("request_counts"), dict)


def _refusal(_status: int, message: str, code: str) -> Value:
    return {"error": {"code": code or None, "message": message}}


_ROOT = "/openai(?:/v1)?"
_ID = r"(?P<id>[^/]+)"
AZURE = Emulator(
    "azure",
    (
        Route("upload", "POST", f"{_ROOT}/files", _to("/v1/files")),
        Route("download", "GET", f"{_ROOT}/files/{_ID}/content", _content),
        Route("other", "GET", f"{_ROOT}/files/{_ID}", _to("/v1/files/{id}")),
        Route("create", "POST", f"{_ROOT}/batches", _batch("/v1/batches")),
        Route("list", "GET", f"{_ROOT}/batches", _list),
        Route("poll", "GET", f"{_ROOT}/batches/{_ID}", _batch("/v1/batches/{id}")),
        Route("cancel", "POST", f"{_ROOT}/batches/{_ID}/cancel", _batch("/v1/batches/{id}/cancel")),
        Route("online", "POST", f"{_ROOT}/chat/completions", _to("/v1/chat/completions")),
        Route("online", "POST", "/openai/deployments/[^/]+/chat/completions", _to("/v1/chat/completions")),
    ),
    root="",
    key=_key,
    refusal=_refusal,
    nothing={"object": "list", "data": [], "has_more": False},
    more={"has_more": True},
)
