"""Mistral's files, batch jobs, chat and embeddings.

Shapes: the models of the `mistralai` package 3.7 (`client/models/batchjob.py`, `createfileresponse.py`, ...), and
https://docs.mistral.ai/capabilities/batch, November 2026.
"""

import json
from typing import Any
from uuid import uuid4

from tests.emulators.base import Emulator, Refused, Route, Value, Visit, bearer, openai_line
from tests.support.asgi import Response, json_response

__all__ = ["MISTRAL"]

_STATUSES = {
    "validating": "QUEUED", "in_progress": "RUNNING", "finalizing": "RUNNING", "cancelling": "CANCELLATION_REQUESTED",
    "completed": "SUCCESS", "failed": "FAILED", "expired": "TIMEOUT_EXCEEDED", "cancelled": "CANCELLED",
}  # fmt: skip


async def _upload(visit: Visit) -> Response:
    fields, name, content = visit.form()
    if fields.get("purpose") != "batch":
        raise Refused(422, f"purpose: {fields.get('purpose')}")
    file = {
        "id": str(uuid4()), "object": "file", "bytes": len(content), "created_at": 1, "filename": name,
        "purpose": "batch", "sample_type": "batch_request", "source": "upload", "num_lines": content.count(b"\n"),
    }  # fmt: skip
    visit.memory.files[file["id"]] = {"wire": file, "content": content}
    return json_response(file)


async def _content(visit: Visit) -> Response:
    if file := visit.memory.files.get(visit.found["id"]):
        return Response(200, {"content-type": "application/octet-stream"}, file["content"])
    return await visit.forward(f"/v1/files/{visit.found['id']}/content")


async def _create(visit: Visit) -> Response:
    asked = visit.json()
    requests = asked.get("requests") or [
        json.loads(line) for line in _file(visit, asked).split(b"\n") if line
    ]
    endpoint, model = asked["endpoint"], asked.get("model")
    lines = []
    for request in requests:
        body = {**request["body"], "model": request["body"].get("model") or model}
        lines.append(openai_line(request["custom_id"], body, endpoint))
    batch = await visit.submit(lines, asked.get("metadata"), endpoint)
    visit.memory.jobs[batch["id"]] = {
        "input_files": asked.get("input_files") or [], "model": model, "total": len(lines)
    }  # fmt: skip
    return json_response(_shown(visit, batch))


def _file(visit: Visit, asked: Value) -> bytes:
    files = asked.get("input_files") or []
    if len(files) != 1 or files[0] not in visit.memory.files:
        raise Refused(404, f"No file {files}.")
    content: bytes = visit.memory.files[files[0]]["content"]
    return content


async def _list(visit: Visit) -> Response:
    # A `metadata` in the query is not looked at: what the platform does with it, nobody has seen.
    jobs = [_shown(visit, batch) for batch in await visit.batches()]
    size = int(visit.query.get("page_size", 100))
    start = int(visit.query.get("page", 0)) * size
    return json_response({"object": "list", "data": jobs[start : start + size], "total": len(jobs)})


async def _retrieve(visit: Visit) -> Response:
    batch = await visit.ask("GET", f"/v1/batches/{visit.found['id']}")
    job = _shown(visit, batch)
    if visit.query.get("inline") == "true":
        job["outputs"] = await visit.results(batch, "output")
    return json_response(job)


async def _cancel(visit: Visit) -> Response:
    batch = await visit.ask("GET", f"/v1/batches/{visit.found['id']}")
    batch |= await visit.ask("POST", f"/v1/batches/{visit.found['id']}/cancel")
    return json_response(_shown(visit, batch))


async def _asked(visit: Visit) -> Response:
    return await visit.forward()


def _shown(visit: Visit, batch: Value) -> Value:
    known = visit.memory.jobs.get(batch["id"], {})
    problems = (batch.get("errors") or {}).get("data") or []
    return {
        "id": batch["id"], "object": "batch", "endpoint": batch.get("endpoint"), "model": known.get("model"),
        "input_files": known.get("input_files", []), "metadata": batch.get("metadata"),
        "status": _STATUSES.get(batch["status"], batch["status"]), "created_at": batch.get("created_at", 0),
        "errors": [{"message": f"{error['code']}: {error['message']}", "count": 1} for error in problems],
        "output_file": batch.get("output_file_id"), "error_file": batch.get("error_file_id"),
        **_counts(batch.get("request_counts"), known),
    }  # fmt: skip


def _counts(counts: Any, known: Value) -> Value:
    names = ("total_requests", "completed_requests", "succeeded_requests", "failed_requests")
    if not isinstance(counts, dict):
        return dict.fromkeys(names, counts)
    total, well, badly = counts["total"], counts["completed"], counts["failed"]
    both = well + badly if isinstance(well, int) and isinstance(badly, int) else well
    return dict(zip(names, (total or known.get("total", total), both, well, badly), strict=True))


def _refusal(_status: int, message: str, code: str) -> Value:
    return {
        "object": "error",
        "message": message,
        "type": "invalid_request_error",
        "param": None,
        "code": code or None,
    }


_ID = r"(?P<id>[^/]+)"
MISTRAL = Emulator(
    "mistral",
    (
        Route("upload", "POST", "/v1/files", _upload),
        Route("download", "GET", f"/v1/files/{_ID}/content", _content),
        Route("create", "POST", "/v1/batch/jobs", _create),
        Route("list", "GET", "/v1/batch/jobs", _list),
        Route("poll", "GET", f"/v1/batch/jobs/{_ID}", _retrieve),
        Route("cancel", "POST", f"/v1/batch/jobs/{_ID}/cancel", _cancel),
        Route("online", "POST", "/v1/chat/completions", _asked),
        Route("online", "POST", "/v1/embeddings", _asked),
    ),
    root="/v1",
    key=bearer,
    refusal=_refusal,
    nothing={"object": "list", "data": [], "total": 0},
    more={"total": 1_000_000_000},
)
