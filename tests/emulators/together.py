"""Together: uploads by a presigned address, files known by their content, batches without a name.

Shapes: the `together` package 3.1 (`lib/resources/files.py`, `types/batch_job.py`, `types/file_response.py`), and
https://docs.together.ai/docs/batch-inference, November 2026.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tests.emulators.base import Emulator, Refused, Route, Value, Visit, bearer, moment, openai_line
from tests.support.asgi import Response, json_response

__all__ = ["TOGETHER"]

_STATUSES = {
    "validating": "VALIDATING", "in_progress": "IN_PROGRESS", "finalizing": "IN_PROGRESS", "cancelling": "IN_PROGRESS",
    "completed": "COMPLETED", "failed": "FAILED", "expired": "EXPIRED", "cancelled": "CANCELLED",
}  # fmt: skip


def _key(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    return bearer(headers, query) or query.get("signature", "")


async def _ask_to_upload(visit: Visit) -> Response:
    fields, _, _ = visit.form()
    if fields.get("purpose") != "batch-api":
        raise Refused(400, f"purpose: {fields.get('purpose')}")
    for name, file in visit.memory.files.items():
        if file["content"] is not None and file["checksum"] == fields["checksum"]:
            return json_response({"file_id": name, "error": {"message": "The file exists already."}}, 409)
    name = f"file-{uuid4()}"
    visit.memory.files[name] = {
        "checksum": fields["checksum"],
        "filename": fields["file_name"],
        "content": None,
    }
    location = f"{visit.root}/storage/{name}?signature={uuid4().hex}"
    return Response(302, {"location": location, "x-together-file-id": name})


async def _put(visit: Visit) -> Response:
    file = _file(visit)
    if hashlib.sha256(visit.body).hexdigest() != file["checksum"]:
        raise Refused(400, "The checksum is another.")
    file["content"] = visit.body
    return Response()


async def _get_file(visit: Visit) -> Response:
    return json_response(_shown_file(visit.found["id"], _file(visit)))


async def _list_files(visit: Visit) -> Response:
    return json_response({"data": [_shown_file(name, file) for name, file in visit.memory.files.items()]})


async def _content(visit: Visit) -> Response:
    if visit.found["id"] in visit.memory.files:
        return Response(200, {"content-type": "application/octet-stream"}, _file(visit)["content"])
    return await visit.forward(f"/v1/files/{visit.found['id']}/content")


def _shown_file(name: str, file: Value) -> Value:
    return {
        "id": name, "object": "file", "bytes": len(file["content"] or b""), "created_at": 1,
        "filename": file["filename"], "FileType": "jsonl", "purpose": "batch-api", "Processed": True,
    }  # fmt: skip


def _file(visit: Visit) -> Value:
    if visit.found["id"] not in visit.memory.files:
        raise Refused(404, f"There is no {visit.found['id']}.")
    file: Value = visit.memory.files[visit.found["id"]]
    return file


async def _create(visit: Visit) -> Response:
    asked = visit.json()
    name = asked["input_file_id"]
    if (visit.memory.files.get(name) or {}).get("content") is None:
        raise Refused(404, f"There is no {name}.")
    values = [json.loads(line) for line in visit.memory.files[name]["content"].split(b"\n") if line]
    lines = [openai_line(value["custom_id"], _body(value, asked), asked["endpoint"]) for value in values]
    batch = await visit.submit(lines, endpoint=asked["endpoint"])
    visit.memory.jobs[batch["id"]] = {"input_file_id": name, "model_id": asked.get("model_id")}
    return json_response({"job": _shown(visit, batch), "warning": ""}, 201)


def _body(value: Value, asked: Value) -> Value:
    model = {"model": asked["model_id"]} if asked.get("model_id") else {}
    return {**model, **value["body"]}


async def _list(visit: Visit) -> Response:
    return json_response([_shown(visit, batch) for batch in await visit.batches()])


async def _retrieve(visit: Visit) -> Response:
    return json_response(_shown(visit, await visit.ask("GET", f"/v1/batches/{visit.found['id']}")))


async def _cancel(visit: Visit) -> Response:
    batch = await visit.ask("GET", f"/v1/batches/{visit.found['id']}")
    batch |= await visit.ask("POST", f"/v1/batches/{visit.found['id']}/cancel")
    return json_response(_shown(visit, batch))


async def _chat(visit: Visit) -> Response:
    return await visit.forward("/v1/chat/completions")


def _shown(visit: Visit, batch: Value) -> Value:
    known = visit.memory.jobs.get(batch["id"], {})
    problems = (batch.get("errors") or {}).get("data") or []
    return {
        "id": batch["id"], "endpoint": batch.get("endpoint"), "input_file_id": known.get("input_file_id", "file-other"),
        "model_id": known.get("model_id") or batch.get("model"), "created_at": moment(batch.get("created_at", 0)),
        "status": _STATUSES.get(batch["status"], batch["status"]), "progress": _progress(batch.get("request_counts")),
        "output_file_id": batch.get("output_file_id"), "error_file_id": batch.get("error_file_id"),
        "error": "; ".join(f"{error['code']}: {error['message']}" for error in problems) or None,
    }  # fmt: skip


def _progress(counts: Any) -> Any:
    numbers = [counts[name] for name in ("completed", "failed", "total")] if isinstance(counts, dict) else []
    if not numbers or not all(isinstance(number, int | float) for number in numbers):
        return counts
    return 100 * (numbers[0] + numbers[1]) / numbers[2] if numbers[2] else 0.0


def _refusal(_status: int, message: str, code: str) -> Value:
    return {
        "error": {"message": message, "type": "invalid_request_error", "param": None, "code": code or None}
    }


_ID = r"(?P<id>[^/]+)"
TOGETHER = Emulator(
    "together",
    (
        Route("upload", "POST", "/v1/files", _ask_to_upload),
        Route("upload", "PUT", f"/storage/{_ID}", _put),
        Route("upload", "POST", f"/v1/files/{_ID}/preprocess", _get_file),
        Route("other", "GET", "/v1/files", _list_files),
        Route("other", "GET", f"/v1/files/{_ID}", _get_file),
        Route("download", "GET", f"/v1/files/{_ID}/content", _content),
        Route("create", "POST", "/v1/batches", _create),
        Route("list", "GET", "/v1/batches", _list),
        Route("poll", "GET", f"/v1/batches/{_ID}", _retrieve),
        Route("cancel", "POST", f"/v1/batches/{_ID}/cancel", _cancel),
        Route("online", "POST", "/v1/chat/completions", _chat),
    ),
    root="",
    key=_key,
    refusal=_refusal,
    nothing=[],
)
