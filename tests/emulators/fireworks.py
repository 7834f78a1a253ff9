"""Fireworks: datasets, batch inference jobs whose ids the client chooses, and chat.

Shapes: the types of the `fireworks-ai` package 1.2 (`types/dataset*.py`, `types/batch_inference_job*.py`), and
https://docs.fireworks.ai/guides/batch-inference, November 2026. The page says that an output dataset holds a results
file and an error file, whose lines carry the custom_id, and no more: their names and that a line's `response` is the
completion itself are assumed.
"""

import json
from collections.abc import Mapping
from typing import Any

from tests.emulators.base import Emulator, Refused, Route, Value, Visit, bearer, lines_of, moment, openai_line
from tests.support.asgi import Response, json_response

__all__ = ["FIREWORKS"]

_STATES = {
    "validating": "VALIDATING", "in_progress": "RUNNING", "finalizing": "WRITING_RESULTS", "cancelling": "CANCELLING",
    "completed": "COMPLETED", "failed": "FAILED", "expired": "EXPIRED", "cancelled": "CANCELLED",
}  # fmt: skip
_FILES = {"BIJOutputSet.jsonl": "output", "error-data.jsonl": "error"}


def _key(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    return bearer(headers, query) or query.get("signature", "")


async def _make_dataset(visit: Visit) -> Response:
    asked = visit.json()
    if not asked["dataset"].get("exampleCount"):
        raise Refused(400, "exampleCount is required.")
    if asked["datasetId"] in visit.memory.files:
        raise Refused(409, f"The dataset {asked['datasetId']} exists already.")
    visit.memory.files[asked["datasetId"]] = {"content": b"", "state": "UPLOADING", "batch": None}
    return json_response(_dataset(visit, asked["datasetId"]))


async def _get_dataset(visit: Visit) -> Response:
    _known(visit)
    return json_response(_dataset(visit, visit.found["id"]))


async def _delete_dataset(visit: Visit) -> Response:
    _known(visit)
    del visit.memory.files[visit.found["id"]]
    return json_response({})


async def _upload(visit: Visit) -> Response:
    _, name, content = visit.form()
    _known(visit).update(content=content, state="READY")
    return json_response({"id": visit.found["id"], "bytes": len(content), "filename": name, "object": "file"})


async def _upload_endpoint(visit: Visit) -> Response:
    _known(visit)
    address = f"{visit.root}/storage/{visit.found['id']}"
    names = visit.json()["filenameToSize"]
    return json_response(
        {"filenameToSignedUrls": {name: f"{address}/{name}?signature=s1gned" for name in names}}
    )


async def _put(visit: Visit) -> Response:
    _known(visit)["content"] = visit.body
    return Response()


async def _validate(visit: Visit) -> Response:
    _known(visit)["state"] = "READY"
    return json_response({})


async def _download_endpoint(visit: Visit) -> Response:
    file = _known(visit)
    names = ["dataset.jsonl"]
    if file["batch"]:
        batch = await visit.ask("GET", f"/v1/batches/{file['batch']}")
        names = [name for name, kind in _FILES.items() if batch.get(f"{kind}_file_id")]
    address = f"{visit.root}/storage/{visit.found['id']}"
    return json_response(
        {"filenameToSignedUrls": {name: f"{address}/{name}?signature={visit.key}" for name in names}}
    )


async def _stored(visit: Visit) -> Response:
    file = _known(visit)
    if not file["batch"]:
        return Response(200, {}, file["content"])
    batch = await visit.ask("GET", f"/v1/batches/{file['batch']}")
    lines = await visit.results(batch, _FILES[visit.found["name"]])
    return Response(200, {}, lines_of(line if isinstance(line, bytes) else _result(line) for line in lines))


async def _create(visit: Visit) -> Response:
    asked, name = visit.json(), visit.query.get("batchInferenceJobId") or f"job{len(visit.memory.jobs)}"
    if name in visit.memory.jobs:
        raise Refused(409, f"The job {name} exists already.")
    dataset = visit.memory.files.get(_last(asked["inputDatasetId"]))
    if dataset is None or dataset["state"] != "READY":
        raise Refused(404, f"There is no {asked['inputDatasetId']} that is ready.")
    values = [json.loads(line) for line in dataset["content"].split(b"\n") if line]
    lines = [openai_line(value["custom_id"], {**value["body"], "model": asked["model"]}) for value in values]
    # Taken before the platform behind is asked, so that two calls at once make one job.
    visit.memory.jobs[name] = asked
    try:
        batch = await visit.submit(lines)
    except Refused:
        del visit.memory.jobs[name]
        raise
    output = _last(asked.get("outputDatasetId") or f"{name}-output")
    visit.memory.jobs[name] = {**asked, "batch": batch["id"], "total": len(lines), "output": output}
    visit.memory.jobs[batch["id"]] = {"name": name}
    visit.memory.files[output] = {"content": b"", "state": "READY", "batch": batch["id"]}
    return json_response(_shown(visit, batch))


async def _list(visit: Visit) -> Response:
    jobs = [_shown(visit, batch) for batch in await visit.batches()]
    size, start = int(visit.query.get("pageSize") or 50), int(visit.query.get("pageToken") or 0)
    more = str(start + size) if start + size < len(jobs) else ""
    page = {"batchInferenceJobs": jobs[start : start + size], "nextPageToken": more, "totalSize": len(jobs)}
    return json_response(page)


async def _retrieve(visit: Visit) -> Response:
    return json_response(_shown(visit, await _batch(visit)))


async def _delete(visit: Visit) -> Response:
    batch = await _batch(visit)
    await visit.ask("POST", f"/v1/batches/{batch['id']}/cancel")
    return json_response({})


async def _chat(visit: Visit) -> Response:
    return await visit.forward("/v1/chat/completions")


async def _batch(visit: Visit) -> Value:
    known = visit.memory.jobs.get(visit.found["id"])
    if known is None or "batch" not in known:
        raise Refused(404, f"There is no job {visit.found['id']}.")
    return await visit.ask("GET", f"/v1/batches/{known['batch']}")


def _known(visit: Visit) -> Value:
    if visit.found["id"] not in visit.memory.files:
        raise Refused(404, f"There is no dataset {visit.found['id']}.")
    file: Value = visit.memory.files[visit.found["id"]]
    return file


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _dataset(visit: Visit, name: str) -> Value:
    file, account = visit.memory.files[name], visit.found["account"]
    return {
        "name": f"accounts/{account}/datasets/{name}", "state": file["state"], "createTime": moment(1),
        "exampleCount": str(file["content"].count(b"\n")), "status": {"code": "OK", "message": ""},
    }  # fmt: skip


def _shown(visit: Visit, batch: Value) -> Value:
    name = visit.memory.jobs.get(batch["id"], {}).get("name", batch["id"])
    known = visit.memory.jobs.get(name, {})
    account = f"accounts/{visit.found['account']}"
    problems = (batch.get("errors") or {}).get("data") or []
    status = batch["status"]
    message = "; ".join(f"{error['code']}: {error['message']}" for error in problems)
    message = message or ("failed" if status == "failed" else "")
    return {
        "name": f"{account}/batchInferenceJobs/{name}", "displayName": known.get("displayName", ""),
        "state": f"JOB_STATE_{_STATES[status]}" if status in _STATES else status,
        "status": {"code": "INVALID_ARGUMENT" if message else "OK", "message": message},
        "model": known.get("model"), "inputDatasetId": known.get("inputDatasetId", f"{account}/datasets/other"),
        "outputDatasetId": f"{account}/datasets/{known.get('output', 'other')}",
        "createTime": moment(batch.get("created_at", 0)), "jobProgress": _progress(batch.get("request_counts"), known),
    }  # fmt: skip


def _progress(counts: Any, known: Value) -> Any:
    if not isinstance(counts, dict):
        return counts
    return {
        "totalInputRequests": counts["total"] or known.get("total", counts["total"]),
        "successfullyProcessedRequests": counts["completed"], "failedRequests": counts["failed"],
    }  # fmt: skip


def _result(line: Value) -> Value:
    response, error = line.get("response"), line.get("error")
    name = {"custom_id": line["custom_id"]}
    if response and response["status_code"] == 200:
        return {**name, "response": response["body"]}
    if response and response["status_code"]:
        error = response["body"]["error"]
        return {**name, "error": {**error, "status_code": response["status_code"]}}
    return {**name, "error": error} if error else name


def _refusal(status: int, message: str, code: str) -> Value:
    return {"error": {"message": message, "code": code or None}, "code": status, "message": message}


_ACCOUNT = r"/v1/accounts/(?P<account>[^/]+)"
_DATASET = rf"{_ACCOUNT}/datasets/(?P<id>[^/:]+)"
_JOBS = rf"{_ACCOUNT}/batchInferenceJobs"
_STORAGE = r"/storage/(?P<id>[^/]+)/(?P<name>[^/]+)"
FIREWORKS = Emulator(
    "fireworks",
    (
        Route("upload", "POST", f"{_ACCOUNT}/datasets", _make_dataset),
        Route("upload", "POST", f"{_DATASET}:upload", _upload),
        Route("upload", "POST", f"{_DATASET}:getUploadEndpoint", _upload_endpoint),
        Route("upload", "PUT", _STORAGE, _put),
        Route("upload", "POST", f"{_DATASET}:validateUpload", _validate),
        Route("other", "GET", _DATASET, _get_dataset),
        Route("other", "DELETE", _DATASET, _delete_dataset),
        Route("download", "GET", f"{_DATASET}:getDownloadEndpoint", _download_endpoint),
        Route("download", "GET", _STORAGE, _stored),
        Route("create", "POST", _JOBS, _create),
        Route("list", "GET", _JOBS, _list),
        Route("poll", "GET", rf"{_JOBS}/(?P<id>[^/:]+)", _retrieve),
        Route("cancel", "DELETE", rf"{_JOBS}/(?P<id>[^/:]+)", _delete),
        Route("online", "POST", "(?:/inference)?/v1/chat/completions", _chat),
    ),
    root="",
    key=_key,
    refusal=_refusal,
    nothing={"batchInferenceJobs": [], "nextPageToken": "", "totalSize": 0},
    more={"nextPageToken": "again"},
)
