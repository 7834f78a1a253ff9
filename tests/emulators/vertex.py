"""Vertex AI: Cloud Storage, batch prediction jobs, generateContent, and access tokens, behind one address.

Shapes: https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs,
https://cloud.google.com/storage/docs/json_api, https://developers.google.com/identity/protocols/oauth2/service-account
and the `google-genai` package 3.4, November 2026. That a field beside `request` comes back is assumed, as in our dialect.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.emulators.base import Emulator, Refused, Route, Value, Visit, lines_of, moment, openai_line
from tests.emulators.generations import chat_of, content_of, status_of
from tests.emulators.google_key import private_key
from tests.support.asgi import Response, json_response

__all__ = ["VERTEX"]

_STATES = {
    "validating": "PENDING", "in_progress": "RUNNING", "finalizing": "RUNNING", "cancelling": "CANCELLING",
    "completed": "SUCCEEDED", "failed": "FAILED", "expired": "EXPIRED", "cancelled": "CANCELLED",
}  # fmt: skip
_OVER = ("completed", "failed", "expired", "cancelled")
_SHARDS = 2


def _key(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    # Who asks for a token has none yet; the signature of what is sent is looked at there.
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return "none yet"
    found = re.fullmatch(r"Bearer (.+)", headers.get("authorization", ""))
    return found[1] if found else ""


def _refusal(status: int, message: str, code: str) -> Value:
    return {"error": {**status_of(status, message, code), "code": status}}


async def _token(visit: Visit) -> Response:
    """Give an access token to a request signed with a service account's key; the token is the account's name."""
    assertion = parse_qs(visit.body.decode())["assertion"][0]
    signed, _, signature = assertion.rpartition(".")
    try:
        private_key().public_key().verify(_decoded(signature), signed.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        raise Refused(401, "invalid_grant") from None
    claims = json.loads(_decoded(signed.partition(".")[2]))
    return json_response({"access_token": claims["iss"], "expires_in": 3600, "token_type": "Bearer"})


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# Cloud Storage


async def _send(visit: Visit) -> Response:
    name = visit.query["name"]
    visit.memory.files[_uri(visit, name)] = {"content": visit.body}
    return json_response({"kind": "storage#object", "name": name, "bucket": visit.found["bucket"]})


async def _object(visit: Visit) -> Response:
    uri = _uri(visit, visit.found["name"])
    file = visit.memory.files.get(uri)
    if file is not None:
        return Response(200, {"content-type": "application/octet-stream"}, file["content"])
    for number, job in visit.memory.jobs.items():
        if uri in _shards(number, job):
            lines = await _lines(visit, number, job)
            return Response(200, {}, lines_of(lines[_shards(number, job).index(uri) :: _SHARDS]))
    raise Refused(404, f"No such object: {uri}")


async def _lines(visit: Visit, number: str, job: Value) -> list[Value | bytes]:
    """Return the lines of all shards; they are written once, however often they are read."""
    if "lines" not in job:
        batch = await visit.ask("GET", f"/v1/batches/{number}")
        results = await visit.results(batch)
        job["lines"] = [line if isinstance(line, bytes) else _result(line) for line in results]
    lines: list[Value | bytes] = job["lines"]
    return lines


async def _objects(visit: Visit) -> Response:
    folder = _uri(visit, visit.query.get("prefix", ""))
    names = [name for name in visit.memory.files if name.startswith(folder)]
    for number, job in visit.memory.jobs.items():
        written = [name for name in _shards(number, job) if name.startswith(folder)]
        if written:
            batch = await visit.ask("GET", f"/v1/batches/{number}")
            names += written if batch.get("output_file_id") or batch.get("error_file_id") else []
    bucket, start = visit.found["bucket"], int(visit.query.get("pageToken") or 0)
    items = [{"name": name.removeprefix(f"gs://{bucket}/"), "bucket": bucket} for name in names]
    # One on each page: none may be overlooked.
    more = {"nextPageToken": str(start + 1)} if start + 1 < len(items) else {}
    some = {"items": items[start : start + 1]} if items else {}
    return json_response({"kind": "storage#objects", **some, **more})


def _uri(visit: Visit, name: str) -> str:
    return f"gs://{visit.found['bucket']}/{name}"


def _folder(number: str, job: Value) -> str:
    prefix = job["outputConfig"]["gcsDestination"]["outputUriPrefix"].rstrip("/")
    return f"{prefix}/prediction-model-{number}"


def _shards(number: str, job: Value) -> list[str]:
    return [f"{_folder(number, job)}/predictions-{shard}.jsonl" for shard in range(_SHARDS)]


# Jobs


async def _create(visit: Visit) -> Response:
    asked = visit.json()
    file = visit.memory.files.get(asked["inputConfig"]["gcsSource"]["uris"][0])
    if file is None:
        raise Refused(400, "The input cannot be read.")
    model = asked["model"].rpartition("/")[2]
    values = [json.loads(line) for line in file["content"].split(b"\n") if line]
    lines = [openai_line(value["custom_id"], chat_of(model, value["request"])) for value in values]
    batch = await visit.submit(lines)
    visit.memory.jobs[batch["id"]] = {**asked, "total": len(lines)}
    return json_response(_shown(visit, batch))


async def _list(visit: Visit) -> Response:
    shown = [_shown(visit, batch) for batch in await visit.batches()]
    size, start = int(visit.query.get("pageSize") or 100), int(visit.query.get("pageToken") or 0)
    more = {"nextPageToken": str(start + size)} if start + size < len(shown) else {}
    return json_response({"batchPredictionJobs": shown[start : start + size], **more})


async def _retrieve(visit: Visit) -> Response:
    return json_response(_shown(visit, await visit.ask("GET", f"/v1/batches/batch_{visit.found['id']}")))


async def _cancel(visit: Visit) -> Response:
    await visit.ask("POST", f"/v1/batches/batch_{visit.found['id']}/cancel")
    return json_response({})


def _shown(visit: Visit, batch: Value) -> Value:
    job, number, status = visit.memory.jobs.get(batch["id"], {}), batch["id"], batch["status"]
    place = "projects/{project}/locations/{location}".format_map(visit.found)
    problems = (batch.get("errors") or {}).get("data")
    error = f"{problems[0]['code']}: {problems[0]['message']}" if problems else "failed"
    written = {"outputInfo": {"gcsOutputDirectory": _folder(number, job)}} if job and status in _OVER else {}
    return {
        "name": f"{place}/batchPredictionJobs/{number.removeprefix('batch_')}",
        "displayName": job.get("displayName", "of other people"), "model": job.get("model", "publishers/google/models/m"),
        "inputConfig": job.get("inputConfig", {}), "outputConfig": job.get("outputConfig", {}),
        "state": f"JOB_STATE_{_STATES[status]}" if status in _STATES else status,
        "createTime": moment(batch.get("created_at")), "updateTime": moment(batch.get("created_at")), **written,
        **({"error": {"code": 3 if problems else 13, "message": error}} if status == "failed" else {}),
        **_stats(batch.get("request_counts")),
    }  # fmt: skip


def _stats(counts: Any) -> Value:
    if not isinstance(counts, dict):
        return {}
    stats = {"successfulCount": counts["completed"], "failedCount": counts["failed"]}
    return {"completionStats": {name: v if v is None else str(v) for name, v in stats.items()}}


def _result(line: Value) -> Value:
    response, error = line.get("response"), line.get("error")
    frame = {"custom_id": line["custom_id"], "status": "", "processed_time": moment(1), "request": {}}
    if response and response["status_code"] == 200:
        return {**frame, "response": content_of(response["body"])}
    if response and response["status_code"]:
        return {**frame, "status": _told(response["status_code"], response["body"]["error"]["message"])}
    if error:
        status = {"batch_expired": 504, "batch_cancelled": 499, "timeout": 504}.get(error["code"], 500)
        return {**frame, "status": _told(status, error["message"])}
    return frame


def _told(status: int, message: str) -> str:
    error = {"error": {**status_of(status, message), "code": status}}
    return f"Bad Request: {json.dumps(error)}"


async def _generate(visit: Visit) -> Response:
    body = chat_of(visit.found["model"], visit.json())
    return json_response(content_of(await visit.ask("POST", "/v1/chat/completions", body)))


_PLACE = r"/v1(?:beta1)?/projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)"
_ID = r"(?P<id>[^/:]+)"
_BUCKET = r"/storage/v1/b/(?P<bucket>[^/]+)/o"
VERTEX = Emulator(
    "vertex",
    (
        Route("other", "POST", "/token", _token),
        Route("upload", "POST", f"/upload{_BUCKET}", _send),
        Route("other", "GET", _BUCKET, _objects),
        Route("download", "GET", f"{_BUCKET}/(?P<name>.+)", _object),
        Route("create", "POST", f"{_PLACE}/batchPredictionJobs", _create),
        Route("list", "GET", f"{_PLACE}/batchPredictionJobs", _list),
        Route("poll", "GET", f"{_PLACE}/batchPredictionJobs/{_ID}", _retrieve),
        Route("cancel", "POST", f"{_PLACE}/batchPredictionJobs/{_ID}:cancel", _cancel),
        Route("online", "POST", rf"{_PLACE}/publishers/google/models/(?P<model>[^/:]+):generateContent", _generate),
    ),
    root="",
    key=_key,
    refusal=_refusal,
    nothing={},
    more={"nextPageToken": "again"},
)  # fmt: skip
