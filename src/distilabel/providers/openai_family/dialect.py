"""OpenAI's dialect: files, batches and the endpoints that a batch may name. The base of all platforms of this shape.

Shapes: https://platform.openai.com/docs/guides/batch and https://platform.openai.com/docs/api-reference/batch,
read in November 2026.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import orjson

from distilabel.http import Flow, HttpRequest, HttpResponse, Upload
from distilabel.providers.base import (
    DAY,
    NOT_FOUND,
    Limits,
    by_cursor,
    call,
    call_json,
    is_ours,
    list_objects,
    none_if_missing,
)
from distilabel.providers.openai_family.lines import body_outcome, decode_line, encode_response
from distilabel.providers.parsing.errors import parse_error
from distilabel.providers.parsing.json_values import (
    as_dict,
    as_dicts,
    as_json,
    as_number,
    as_text,
    as_timestamp,
)
from distilabel.providers.parsing.lines import decode_request_line
from distilabel.records import Found, Job, JobError, JobPhase, Outcome, RemoteJob, Target

__all__ = ["TAG", "OpenAI", "file_name", "job_metadata", "owner_of_file"]

TAG = "distilabel"
"""The name of the job's tag in its metadata, and the beginning of the names of our files."""

_OUR_FILE = re.compile(TAG + r"-([0-9a-z]+)-([\w=-]*)\.jsonl")
_MAX_FILE_NAME = 200
# https://platform.openai.com/docs/api-reference/batch/create: 16 pairs, values of at most 512 characters.
_MAX_METADATA_VALUE = 512
_PHASES = {
    "failed": JobPhase.REJECTED,
    "completed": JobPhase.COMPLETED,
    "expired": JobPhase.STOPPED,
    "cancelled": JobPhase.STOPPED,
}


class OpenAI:
    """OpenAI and, by its subclasses, the platforms whose API has the same shape.

    Attributes:
        tags_ids: Whether the platform takes no metadata. A job is then found again by its request file, whose name
            holds the tag.
        window: The `completion_window` of a batch.
        first_page: The query parameters of the first page of a list.
    """

    name: str = "openai"
    # 50,000 requests and 200 MB a file, by the guide; it does not say which megabyte, so the smaller one. Results are
    # deleted 30 days after the job has ended.
    limits: Limits = Limits(requests=50_000, size=200_000_000, kept=30 * DAY)
    tags_ids: bool = False
    window: str = "24h"
    first_page: ClassVar[Mapping[str, str]] = {"limit": "100"}

    def headers(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    def request(self, method: str, path: str, **more: Any) -> HttpRequest:
        """Return an HTTP request. A platform whose paths all differ from OpenAI's overrides this."""
        return HttpRequest(method, path, **more)

    # Lines

    decode = staticmethod(decode_line)
    encode_response = staticmethod(encode_response)

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:
        return b'{"custom_id":"%b","method":"POST","url":"%b","body":%b}\n' % (
            custom_id.encode(), endpoint.encode(), body,
        )  # fmt: skip

    def decode_request(self, line: bytes) -> tuple[str, bytes] | None:
        return decode_request_line(line, "custom_id", "body")

    # Online

    def online_request(self, target: Target, body: bytes) -> HttpRequest:
        # Online paths start below the base URL, which ends in /v1; the lines of a batch name the whole path.
        return self.request("POST", target.endpoint.removeprefix("/v1"), json=body)

    def read_response(self, response: HttpResponse) -> Outcome:
        no_credit = response.status == 429 and b"insufficient_quota" in response.body  # noqa: PLR2004
        no_model = response.status == NOT_FOUND and b"model" in response.body
        if response.status in (401, 403) or no_credit or no_model:
            raise parse_error(response)
        return body_outcome(response.status, as_json(response.body, response.body))

    # By batch

    def upload(self, job: Job, path: Path) -> Flow[str]:
        upload = Upload(path, file_name(job.tag, job.scope), {"purpose": "batch"})
        created = yield from call_json(self.request("POST", "/files", upload=upload), having="id")
        return str(created["id"])

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - the file is uploaded
        body: dict[str, Any] = {
            "input_file_id": job.input_file,
            "endpoint": self.batch_endpoint(job.target.endpoint),
            "completion_window": self.window,
        }
        if not self.tags_ids:
            body["metadata"] = job_metadata(job)
        request = self.request("POST", "/batches", json=orjson.dumps(body), safe=False)
        created = yield from call_json(request, having="id")
        return self.read_job(created)

    def batch_endpoint(self, endpoint: str) -> str:
        """Return an endpoint in the form in which the platform's batches name it."""
        return endpoint

    def read_job(self, batch: dict[str, Any]) -> RemoteJob:
        """Read a batch object that has an id. All its other fields may be absent or of any type."""
        # States are compared in lower case, since some platforms write them in upper case.
        status = str(batch.get("status") or "unknown").lower()
        counts, metadata = as_dict(batch.get("request_counts")), as_dict(batch.get("metadata"))
        # Absent, null and "" all mean: no such file (https://github.com/567-labs/instructor/issues/2657).
        files = {kind: batch.get(f"{kind}_file_id") for kind in ("output", "error")}
        return RemoteJob(
            remote_id=str(batch["id"]),
            status=status,
            phase=_PHASES.get(status, JobPhase.RUNNING),
            files={kind: str(file) for kind, file in files.items() if file},
            total=as_number(counts.get("total")),
            completed=as_number(counts.get("completed")),
            failed=as_number(counts.get("failed")),
            errors=tuple(
                JobError(
                    str(error.get("code") or "failed"),
                    str(error.get("message") or ""),
                    as_number(error.get("line")),
                )
                for error in as_dicts(as_dict(batch.get("errors")).get("data"))
            ),
            tag=as_text(metadata.get(TAG)),
            scope=as_text(metadata.get("scope")),
            endpoint=as_text(batch.get("endpoint")),
            model=as_text(batch.get("model")),
            input_file=as_text(batch.get("input_file_id")),
            created_at=as_timestamp(batch.get("created_at")),
        )

    def find(self, job: Job | None) -> Flow[Found]:
        batches = yield from self.list_all("/batches")
        jobs = [self.read_job(batch) for batch in batches]
        if not self.tags_ids:
            return Found(tuple(remote for remote in jobs if is_ours(remote, job)))
        if job:
            owners = {str(job.input_file): (job.tag, job.scope)}
        else:
            files = yield from self.list_all("/files")
            named = ((str(file["id"]), owner_of_file(as_text(file.get("filename")))) for file in files)
            owners = {file: owner for file, owner in named if owner}
        return Found(
            tuple(
                replace(remote, tag=owners[file][0], scope=owners[file][1] or None)
                for remote in jobs
                if (file := remote.input_file) in owners and file
            )
        )

    def list_all(self, path: str) -> Flow[list[dict[str, Any]]]:
        """Return the objects of a list, from the first page to the last."""
        request = self.request("GET", path, params=self.first_page)
        return (yield from list_objects(request, "data", by_cursor("after")))

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        request = self.request("GET", f"/batches/{remote_id}")
        batch = yield from none_if_missing(call_json(request, having="id"))
        return None if batch is None else self.read_job(batch)

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        request = self.request("GET", f"/files/{file}/content", save_to=path)
        return (yield from none_if_missing(call(request))) is not None

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(self.request("POST", f"/batches/{remote_id}/cancel"))


def job_metadata(job: Job) -> dict[str, str]:
    """Return a job's metadata: the tag by which the job is found again, its scope, and the user's label."""
    label = {"tag": job.label[:_MAX_METADATA_VALUE]} if job.label else {}
    return {TAG: job.tag, "scope": job.scope[-_MAX_METADATA_VALUE:], **label}


def file_name(tag: str, scope: str) -> str:
    """Return the name of a job's request file. Where a platform keeps no metadata, tag and scope are read from it.

    Examples:
        >>> file_name("0f0e", "p/s"), owner_of_file(file_name("0f0e", "p/s"))
        ('distilabel-0f0e-cC9z.jsonl', ('0f0e', 'p/s'))
    """
    # Some platforms refuse the `=` with which base64 fills up.
    encoded = urlsafe_b64encode(scope.encode()).decode().rstrip("=")
    return f"{TAG}-{tag}-{encoded}"[:_MAX_FILE_NAME] + ".jsonl"


def owner_of_file(name: str | None) -> tuple[str, str] | None:
    """Return tag and scope from a file's name; None for a foreign file, and an empty scope where it was cut off."""
    match = _OUR_FILE.fullmatch(name or "")
    if match is None:
        return None
    try:
        return match[1], urlsafe_b64decode(match[2] + "=" * (-len(match[2]) % 4)).decode()
    except ValueError:
        return match[1], ""
