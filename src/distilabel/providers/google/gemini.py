"""The Gemini API's dialect: Files, batches, generateContent and embedContent.

Shapes: https://ai.google.dev/gemini-api/docs/batch-api, https://ai.google.dev/api/batch-mode,
https://ai.google.dev/api/files and google-genai 3.4, read in November 2026.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from distilabel.exceptions import DistilabelPlatformError
from distilabel.http import Flow, FromFile, HttpRequest, HttpResponse
from distilabel.providers.base import (
    Limits,
    by_token,
    call,
    call_json,
    is_ours,
    list_objects,
    none_if_missing,
)
from distilabel.providers.google.common import (
    ENDPOINT,
    display_name,
    job_errors,
    model_path,
    phase_of,
    tag_and_scope,
)
from distilabel.providers.google.content import line_outcome, read_content_response
from distilabel.providers.parsing.errors import parse_error
from distilabel.providers.parsing.json_values import as_dict, as_number, as_text, as_timestamp
from distilabel.providers.parsing.lines import decode_request_line, decode_result_line, online_line
from distilabel.records import Decoded, Found, Job, RemoteJob, Target

__all__ = ["Gemini"]

_VERSION = "/v1beta"
# Which method creates a job for an endpoint: https://ai.google.dev/api/batch-mode; for embeddings also
# https://developers.googleblog.com/gemini-batch-api-now-supports-embeddings-and-openai-compatibility (both November 2026).
_CREATORS = {"generateContent": "batchGenerateContent", "embedContent": "asyncBatchEmbedContent"}
_SUCCESS, _CONFLICT = range(200, 300), 409


class Gemini:
    """The Gemini API of Google AI Studio."""

    name = "gemini"
    # An input file of 2 GB, by the guide; it does not say which gigabyte, so the smaller one. It names no number of
    # requests. An expired job keeps no results, so one job should not hold all requests.
    limits = Limits(requests=50_000, size=2_000_000_000)
    tags_ids = False

    def headers(self, key: str) -> Mapping[str, str]:
        return {"x-goog-api-key": key}

    # Lines

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - the job names it
        return b'{"key":"%b","request":%b}\n' % (custom_id.encode(), body)

    def decode_request(self, line: bytes) -> tuple[str, bytes] | None:
        return decode_request_line(line, "key", "request")

    def decode(self, line: bytes) -> Decoded:
        return decode_result_line(line, "key", line_outcome)

    def encode_response(self, custom_id: str, response: HttpResponse) -> bytes:
        return online_line("key", custom_id, response)

    # Online

    def online_request(self, target: Target, body: bytes) -> HttpRequest:
        model = model_path(target.model, "models")
        return HttpRequest("POST", f"{_VERSION}/{model}:{target.endpoint}", json=body)

    read_response = staticmethod(read_content_response)

    # By batch

    def upload(self, job: Job, path: Path) -> Flow[str]:
        """Send the file under a name that holds the tag, so that it is stored once if it is sent twice."""
        name = f"files/{job.tag}"
        file = {"name": name, "displayName": display_name(job), "mimeType": "application/jsonl"}
        started = yield HttpRequest(
            "POST",
            f"/upload{_VERSION}/files",
            headers={
                "x-goog-upload-protocol": "resumable",
                "x-goog-upload-command": "start",
                "x-goog-upload-header-content-type": "application/jsonl",
            },
            json=orjson.dumps({"file": file}),
        )
        if started.status == _CONFLICT:
            return name
        if started.status not in _SUCCESS:
            raise parse_error(started)
        url = started.headers.get("x-goog-upload-url")
        if not url:
            message = f"The platform sent something other than an upload URL (POST /upload{_VERSION}/files)."
            raise DistilabelPlatformError(message, status=started.status)
        sent = yield HttpRequest(
            "POST",
            url,
            headers={"x-goog-upload-offset": "0", "x-goog-upload-command": "upload, finalize"},
            content=FromFile(path, content_type="application/jsonl"),
            keyless=True,
        )
        if sent.status != _CONFLICT and sent.status not in _SUCCESS:
            raise parse_error(sent)
        return name

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - the file is uploaded
        batch = {"displayName": display_name(job), "inputConfig": {"fileName": job.input_file}}
        model = model_path(job.target.model, "models")
        request = HttpRequest(
            "POST",
            f"{_VERSION}/{model}:{_CREATORS[job.target.endpoint]}",
            json=orjson.dumps({"batch": batch}),
            safe=False,
        )
        return _read_job((yield from call_json(request, having="name")))

    def find(self, job: Job | None) -> Flow[Found]:
        request = HttpRequest("GET", f"{_VERSION}/batches", params={"pageSize": "100"})
        beside = {"nextPageToken", "unreachable"}
        operations = yield from list_objects(request, "operations", by_token(), having="name", beside=beside)
        return Found(tuple(remote for remote in map(_read_job, operations) if is_ours(remote, job)))

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        request = HttpRequest("GET", f"{_VERSION}/batches/{remote_id}")
        operation = yield from none_if_missing(call_json(request, having="name"))
        return None if operation is None else _read_job(operation)

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        request = HttpRequest("GET", f"{_VERSION}/{file}:download", params={"alt": "media"}, save_to=path)
        return (yield from none_if_missing(call(request))) is not None

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(HttpRequest("POST", f"{_VERSION}/batches/{remote_id}:cancel"))


def _read_job(operation: dict[str, Any]) -> RemoteJob:
    """Read an operation that has a name; the API represents a batch as an operation."""
    batch = as_dict(operation.get("metadata"))
    done = ("FAILED" if operation.get("error") else "SUCCEEDED") if operation.get("done") else "unknown"
    state = str(batch.get("state") or done).removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_")
    output = as_dict(batch.get("output")) or as_dict(operation.get("response"))
    file = as_text(output.get("responsesFile"))
    counts = as_dict(batch.get("batchStats"))
    tag, scope = tag_and_scope(as_text(batch.get("displayName")))
    name = str(operation["name"])
    # The batch's type names the endpoint: `...v1main.EmbedContentBatch` or `...GenerateContentBatch`.
    embeds = str(batch.get("@type")).endswith(".EmbedContentBatch")
    return RemoteJob(
        remote_id=name.rpartition("/")[2] or name,
        status=state.lower(),
        phase=phase_of(state, has_results=file is not None),
        files={"output": file} if file else {},
        total=as_number(counts.get("requestCount")),
        completed=as_number(counts.get("successfulRequestCount")),
        failed=as_number(counts.get("failedRequestCount")),
        errors=job_errors(as_dict(operation.get("error"))),
        tag=tag,
        scope=scope,
        endpoint="embedContent" if embeds else ENDPOINT,
        model=(as_text(batch.get("model")) or "").removeprefix("models/") or None,
        input_file=as_text(as_dict(batch.get("inputConfig")).get("fileName")),
        created_at=as_timestamp(batch.get("createTime")),
    )
