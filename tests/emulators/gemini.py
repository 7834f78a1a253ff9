"""The Gemini API: resumable uploads, batches as operations, result files, generateContent and embedContent.

Shapes: the `google-genai` package 3.4 (`batches.py`, `files.py`, `_api_client.py`), and
https://ai.google.dev/gemini-api/docs/batch-mode, November 2026. The exact shape of a line that failed is assumed: a
`google.rpc.Status` under `error`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from tests.emulators.base import Emulator, Refused, Route, Value, Visit, lines_of, moment, openai_line
from tests.emulators.generations import chat_of, content_of, embedding_of, status_of, vector_in
from tests.support.asgi import Response, json_response

__all__ = ["GEMINI"]

_STATES = {
    "validating": "PENDING", "in_progress": "RUNNING", "finalizing": "RUNNING", "cancelling": "RUNNING",
    "completed": "SUCCEEDED", "failed": "FAILED", "expired": "EXPIRED", "cancelled": "CANCELLED",
}  # fmt: skip
_OVER = ("completed", "failed", "expired", "cancelled")
_RESULTS = "batch-"
_CHAT, _EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"
_TYPE = "type.googleapis.com/google.ai.generativelanguage.v1main"


def _key(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    # The address of an upload under way is itself the permission.
    return headers.get("x-goog-api-key") or query.get("key") or query.get("upload_id") or ""


def _refusal(status: int, message: str, code: str) -> Value:
    return {"error": {**status_of(status, message, code), "code": status}}


async def _upload(visit: Visit) -> Response:
    command = visit.headers.get("x-goog-upload-command", "")
    if command == "start":
        return _started(visit)
    upload = visit.memory.files.get(visit.query.get("upload_id", ""))
    if upload is None or int(visit.headers["x-goog-upload-offset"]) != len(upload["content"]):
        raise Refused(400, "No such upload, or another offset.")
    upload["content"] += visit.body
    if "finalize" not in command:
        return json_response({}, **{"x-goog-upload-status": "active"})
    name = upload["name"]
    visit.memory.files[name] = upload
    return json_response({"file": _file(visit, name)}, **{"x-goog-upload-status": "final"})


def _started(visit: Visit) -> Response:
    asked = (visit.json() if visit.body else {}).get("file", {})
    name = asked.get("name", "").removeprefix("files/") or uuid4().hex[:12]
    if name in visit.memory.files:
        raise Refused(409, f"The file files/{name} exists already.")
    upload_id = uuid4().hex
    visit.memory.files[upload_id] = {"name": name, "asked": asked, "content": b""}
    address = f"{visit.root}{visit.scope['path']}?upload_id={upload_id}&upload_protocol=resumable"
    return json_response({}, **{"x-goog-upload-status": "active", "x-goog-upload-url": address})


async def _get_file(visit: Visit) -> Response:
    if visit.found["id"] not in visit.memory.files:
        raise Refused(403, "You have no permission to access this file, or it does not exist.")
    return json_response(_file(visit, visit.found["id"]))


def _file(visit: Visit, name: str) -> Value:
    file = visit.memory.files[name]
    return {
        "name": f"files/{name}", "displayName": file["asked"].get("displayName", ""), "state": "ACTIVE",
        "mimeType": file["asked"].get("mimeType", "application/jsonl"), "sizeBytes": str(len(file["content"])),
        "createTime": moment(1), "uri": f"{visit.root}/v1/files/{name}", "source": "UPLOADED",
    }  # fmt: skip


async def _download(visit: Visit) -> Response:
    name = visit.found["id"]
    if not name.startswith(_RESULTS):
        raise Refused(400, "Only generated files can be downloaded.")
    batch = await visit.ask("GET", f"/v1/batches/{_inner(name)}")
    lines = [line if isinstance(line, bytes) else _result(line) for line in await visit.results(batch)]
    return Response(200, {"content-type": "application/octet-stream"}, lines_of(lines))


async def _create(visit: Visit) -> Response:
    return await _made(visit, "GenerateContentBatch", _CHAT, chat_of)


async def _create_embeddings(visit: Visit) -> Response:
    return await _made(visit, "EmbedContentBatch", _EMBEDDINGS, embedding_of)


async def _made(visit: Visit, kind: str, endpoint: str, body_of: Callable[[str, Value], Value]) -> Response:
    asked, model = visit.json()["batch"], visit.found["model"]
    source = asked["inputConfig"]
    inline = (source.get("requests") or {}).get("requests")
    if inline is None:
        # The SDK writes the one for embeddings in snake case; JSON of protocol buffers may be read in both.
        name = (source.get("fileName") or source["file_name"]).removeprefix("files/")
        if name not in visit.memory.files:
            raise Refused(404, f"There is no files/{name}.")
        values = [json.loads(line) for line in visit.memory.files[name]["content"].split(b"\n") if line]
    else:
        values = [{"key": f"inline-{i}", "request": one["request"]} for i, one in enumerate(inline)]
    lines = [openai_line(value["key"], body_of(model, value["request"]), endpoint) for value in values]
    batch = await visit.submit(lines, endpoint=endpoint)
    metadata = None if inline is None else [one.get("metadata") for one in inline]
    visit.memory.jobs[batch["id"]] = {
        "displayName": asked.get("displayName", ""), "model": f"models/{model}", "total": len(lines),
        "inline": metadata, "kind": kind,
    }  # fmt: skip
    return json_response(await _shown(visit, batch))


async def _list(visit: Visit) -> Response:
    batches = await visit.batches()
    size, start = int(visit.query.get("pageSize") or 50), int(visit.query.get("pageToken") or 0)
    page: Value = {
        "operations": [await _shown(visit, batch) for batch in batches[start : start + size]],
    }
    if start + size < len(batches):
        page["nextPageToken"] = str(start + size)
    return json_response(page)


async def _retrieve(visit: Visit) -> Response:
    batch = await visit.ask("GET", f"/v1/batches/{_inner(visit.found['id'])}")
    return json_response(await _shown(visit, batch))


async def _cancel(visit: Visit) -> Response:
    await visit.ask("POST", f"/v1/batches/{_inner(visit.found['id'])}/cancel")
    return json_response({})


async def _generate(visit: Visit) -> Response:
    body = chat_of(visit.found["model"], visit.json())
    return json_response(content_of(await visit.ask("POST", _CHAT, body)))


async def _embed(visit: Visit) -> Response:
    body = embedding_of(visit.found["model"], visit.json())
    return json_response(vector_in(await visit.ask("POST", _EMBEDDINGS, body)))


async def _embed_some(visit: Visit) -> Response:
    bodies = [embedding_of(visit.found["model"], one) for one in visit.json()["requests"]]
    answers = [vector_in(await visit.ask("POST", _EMBEDDINGS, body)) for body in bodies]
    return json_response({"embeddings": [answer["embedding"] for answer in answers]})


def _inner(name: str) -> str:
    return f"batch_{name.removeprefix(_RESULTS)}"


async def _shown(visit: Visit, batch: Value) -> Value:
    known, name = visit.memory.jobs.get(batch["id"], {}), batch["id"].removeprefix("batch_")
    state = f"BATCH_STATE_{_STATES[batch['status']]}" if batch["status"] in _STATES else batch["status"]
    over = batch["status"] in _OVER
    output = await _output(visit, batch, known, name) if over else {}
    metadata = {
        "@type": f"{_TYPE}.{known.get('kind', 'GenerateContentBatch')}",
        "name": f"batches/{name}", "model": known.get("model", "models/other"), "state": state,
        "displayName": known.get("displayName", "of other people"), "createTime": moment(batch.get("created_at")),
        "updateTime": moment(batch.get("created_at")), "batchStats": _stats(batch.get("request_counts"), known),
        **({"endTime": moment(batch.get("created_at"))} if over else {}),
        **({"output": output} if output else {}),
    }  # fmt: skip
    shown = {"name": f"batches/{name}", "metadata": metadata}
    if over:
        shown["done"] = True
    if batch["status"] == "completed" and output:
        shown["response"] = output
    if problems := (batch.get("errors") or {}).get("data"):
        shown["error"] = {"code": 3, "message": f"{problems[0]['code']}: {problems[0]['message']}"}
    elif batch["status"] == "failed":
        shown["error"] = {"code": 13, "message": "failed"}
    return shown


async def _output(visit: Visit, batch: Value, known: Value, name: str) -> Value:
    there = batch.get("output_file_id") or batch.get("error_file_id")
    # "Expired: no results at all" (https://ai.google.dev/gemini-api/docs/batch-mode).
    if not there or batch["status"] == "expired":
        return {}
    if not known.get("inline"):
        return {"responsesFile": f"files/{_RESULTS}{name}"}
    results = [line for line in await visit.results(batch) if isinstance(line, dict)]
    inlined = []
    for line in results:
        number = int(line["custom_id"].removeprefix("inline-"))
        outcome = {name: value for name, value in _result(line).items() if name != "key"}
        inlined.append({**outcome, "metadata": known["inline"][number]})
    if known["kind"] == "EmbedContentBatch":
        return {"inlinedEmbedContentResponses": {"inlinedResponses": inlined}}
    return {"inlinedResponses": {"inlinedResponses": inlined}}


def _stats(counts: Any, known: Value) -> Any:
    if not isinstance(counts, dict):
        return counts
    total = counts["total"] or known.get("total", counts["total"])
    stats = {"requestCount": total, "successfulRequestCount": counts["completed"]}
    stats["failedRequestCount"] = counts["failed"]
    return {name: value if value is None else str(value) for name, value in stats.items()}


def _result(line: Value) -> Value:
    response, error = line.get("response"), line.get("error")
    key = {"key": line["custom_id"]}
    if response and response["status_code"] == 200:
        body = response["body"]
        embeds = isinstance(body, dict) and "data" in body
        return {**key, "response": vector_in(body) if embeds else content_of(body)}
    if response and response["status_code"]:
        error = response["body"]["error"]
        return {**key, "error": status_of(response["status_code"], error["message"], error["code"] or "")}
    if error:
        status = {"batch_expired": 504, "batch_cancelled": 499, "timeout": 504}.get(error["code"], 500)
        return {**key, "error": status_of(status, error["message"])}
    return key


_V = "/v1(?:alpha|beta)?"
_ID = r"(?P<id>[^/:]+)"
_MODEL = r"models/(?P<model>[^/:]+)"
GEMINI = Emulator(
    "gemini",
    (
        Route("upload", "POST", f"/upload{_V}/files", _upload),
        Route("download", "GET", f"(?:/download)?{_V}/files/{_ID}:download", _download),
        Route("other", "GET", f"{_V}/files/{_ID}", _get_file),
        Route("create", "POST", f"{_V}/{_MODEL}:batchGenerateContent", _create),
        Route("list", "GET", f"{_V}/batches", _list),
        Route("poll", "GET", f"{_V}/batches/{_ID}", _retrieve),
        Route("cancel", "POST", f"{_V}/batches/{_ID}:cancel", _cancel),
        Route("create", "POST", f"{_V}/{_MODEL}:asyncBatchEmbedContent", _create_embeddings),
        Route("online", "POST", f"{_V}/{_MODEL}:generateContent", _generate),
        Route("online", "POST", f"{_V}/{_MODEL}:embedContent", _embed),
        Route("online", "POST", f"{_V}/{_MODEL}:batchEmbedContents", _embed_some),
    ),
    root="",
    key=_key,
    refusal=_refusal,
    nothing={},
    more={"nextPageToken": "again"},
)
