"""The dialect of the Gemini API: Files, batches, generateContent and embedContent.

Shapes: https://ai.google.dev/gemini-api/docs/batch-api, https://ai.google.dev/api/batch-mode,
https://ai.google.dev/api/files and google-genai 3.4, read in November 2026.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from distilabel.exceptions import DistilabelPlatformError
from distilabel.http import Flow, FromFile, HttpRequest, HttpResponse
from distilabel.providers.base import Limits, call, call_json
from distilabel.providers.google.common import display_name, model_path
from distilabel.providers.google.content import content_answer, content_outcome, status_failure
from distilabel.providers.google.gemini_jobs import operation_job, operations_of
from distilabel.providers.parsing.errors import parse_error
from distilabel.providers.parsing.json_values import as_dict, as_number, read_json
from distilabel.records import (
    Decoded,
    Failure,
    Found,
    Job,
    Outcome,
    RemoteJob,
    Target,
    canonical_json,
)

__all__ = ["Gemini"]

_VERSION = "/v1beta"
# Who makes a job of requests to an endpoint: https://ai.google.dev/api/batch-mode; for embeddings also
# https://developers.googleblog.com/gemini-batch-api-now-supports-embeddings-and-openai-compatibility (both November 2026).
_CREATORS = {"generateContent": "batchGenerateContent", "embedContent": "asyncBatchEmbedContent"}
_PAGE = "100"
_GONE = 404
_THERE = 409


class Gemini:
    """The Gemini API of Google AI Studio."""

    name = "gemini"
    # An input file of 2 GB, by the guide; which gigabyte is meant it does not say: the smaller. It names no number of
    # requests; since nothing of an expired job is kept, one job should not hold all there is.
    limits = Limits(requests=50_000, size=2_000_000_000)
    tags_ids = False

    def headers(self, key: str) -> Mapping[str, str]:
        return {"x-goog-api-key": key}

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - the job names it
        return b'{"key":"%b","request":%b}\n' % (custom_id.encode(), body)

    def decode_request(self, line: bytes) -> tuple[str, bytes] | None:
        try:
            # Not orjson: it refuses unpaired surrogates and rounds large integers, and keys stand for the exact bytes.
            value = json.loads(line)
            return str(value["key"]), canonical_json(value["request"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    # Online

    def online(self, target: Target, body: bytes) -> HttpRequest:
        model = model_path(target.model, "models")
        return HttpRequest("POST", f"{_VERSION}/{model}:{target.endpoint}", json=body)

    def answer(self, response: HttpResponse) -> Outcome:
        return content_answer(response)

    def line(self, custom_id: str, response: HttpResponse) -> bytes:
        try:
            body = read_json(response.body)
        except ValueError:
            body = None
        answer = {"status_code": response.status, "body": body}
        return canonical_json({"key": custom_id, "online": answer}) + b"\n"

    # By batch

    def upload(self, job: Job, path: Path) -> Flow[str]:
        """Send the file under a name of ours: sent twice, it is there once."""
        name = f"files/{job.tag}"
        start = HttpRequest(
            "POST",
            f"/upload{_VERSION}/files",
            headers={
                "x-goog-upload-protocol": "resumable",
                "x-goog-upload-command": "start",
                "x-goog-upload-header-content-type": "application/jsonl",
            },
            json=orjson.dumps(
                {"file": {"name": name, "displayName": display_name(job), "mimeType": "application/jsonl"}}
            ),
        )
        started = yield start
        if started.status == _THERE:
            return name
        if started.status != 200 or not (url := started.headers.get("x-goog-upload-url")):  # noqa: PLR2004
            if 200 <= started.status < 300:  # noqa: PLR2004
                message = (
                    "POST /upload/v1beta/files was answered with something else than an address to send to."
                )
                raise DistilabelPlatformError(message, status=started.status)
            raise parse_error(started)
        sending = {"x-goog-upload-offset": "0", "x-goog-upload-command": "upload, finalize"}
        whole = FromFile(path, content_type="application/jsonl")
        sent = yield HttpRequest("POST", url, headers=sending, content=whole, keyless=True)
        if sent.status != _THERE and not 200 <= sent.status < 300:  # noqa: PLR2004
            raise parse_error(sent)
        return name

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - it is uploaded already
        batch = {"displayName": display_name(job), "inputConfig": {"fileName": job.input_file}}
        model = model_path(job.target.model, "models")
        request = HttpRequest(
            "POST",
            f"{_VERSION}/{model}:{_CREATORS[job.target.endpoint]}",
            json=orjson.dumps({"batch": batch}),
            safe=False,
        )
        return operation_job((yield from call_json(request, having="name")))

    def find(self, job: Job | None) -> Flow[Found]:
        found: list[RemoteJob] = []
        params = {"pageSize": _PAGE}
        while True:
            page = yield from call_json(HttpRequest("GET", f"{_VERSION}/batches", params=params))
            jobs = [operation_job(operation) for operation in operations_of(page)]
            found += [remote for remote in jobs if remote.tag and (job is None or remote.tag == job.tag)]
            if not page.get("nextPageToken"):
                return Found(tuple(found))
            params = {"pageSize": _PAGE, "pageToken": str(page["nextPageToken"])}

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        try:
            answer = yield from call_json(
                HttpRequest("GET", f"{_VERSION}/batches/{remote_id}"), having="name"
            )
        except DistilabelPlatformError as error:
            if error.status == _GONE:
                return None
            raise
        return operation_job(answer)

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        request = HttpRequest("GET", f"{_VERSION}/{file}:download", params={"alt": "media"}, save_to=path)
        try:
            yield from call(request)
        except DistilabelPlatformError as error:
            if error.status == _GONE:
                return False
            raise
        return True

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(HttpRequest("POST", f"{_VERSION}/batches/{remote_id}:cancel"))

    def decode(self, line: bytes) -> Decoded:
        try:
            value = read_json(line)
        except ValueError:
            value = None
        if not isinstance(value, dict) or not isinstance(value.get("key"), str):
            message = "The platform sent a line that is not JSON, or has no key."
            return Decoded(None, Failure("unreadable_line", message, retryable=True))
        return Decoded(value["key"], _line_outcome(value))


def _line_outcome(line: dict[str, Any]) -> Outcome:
    """Read a result line: a response, or a status in its place."""
    online = as_dict(line.get("online"))
    if online:
        return content_outcome(as_number(online.get("status_code")) or 0, online.get("body"))
    status = as_dict(line.get("error")) or as_dict(line.get("status"))
    return status_failure(status) if status else content_outcome(200, line.get("response"))
