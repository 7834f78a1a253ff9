"""Together's dialect: OpenAI's, but files go to a URL that the platform names, and jobs keep no metadata.

Shapes: https://docs.together.ai/docs/batch-inference, `openapi.yaml` of togethercomputer/openapi (2026-04-28), and the
official SDK, together 3.1, read in November 2026.
"""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from distilabel.exceptions import DistilabelPlatformError, DistilabelUncertainError
from distilabel.http import Flow, FromFile, HttpRequest, HttpResponse
from distilabel.providers.base import Limits, call, call_json, objects_of
from distilabel.providers.openai_family.dialect import OpenAI, file_name
from distilabel.providers.parsing.errors import parse_error
from distilabel.providers.parsing.json_values import as_dict, as_json, as_text
from distilabel.records import Job, JobError, RemoteJob

__all__ = ["Together"]

_FOUND, _CONFLICT = 302, 409
_BOUNDARY = "distilabel-e3b0c44298fc1c149afbf4c8996fb924"


class Together(OpenAI):
    """Together. It stores equal files once, so the custom_ids carry the job's tag: each job then has its own file."""

    name = "together"
    limits = Limits(requests=50_000, size=100_000_000)
    tags_ids = True

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - the job names it
        return b'{"custom_id":"%b","body":%b}\n' % (custom_id.encode(), body)

    def upload(self, job: Job, path: Path) -> Flow[str]:
        """Announce the file, send it to the URL that the platform names, and have it checked."""
        with path.open("rb") as content:
            checksum = hashlib.file_digest(content, "sha256").hexdigest()
        fields = {
            "purpose": "batch-api",
            "file_name": file_name(job.tag, job.scope),
            "file_type": "jsonl",
            "checksum": checksum,
        }
        announced = yield self.request(
            "POST",
            "/files",
            json=_form(fields),
            headers={"content-type": f"multipart/form-data; boundary={_BOUNDARY}"},
            expected=frozenset({_CONFLICT}),
        )
        if announced.status == _CONFLICT:
            file = as_text(as_dict(as_json(announced.body)).get("file_id"))
            if file is None:
                raise parse_error(announced)
            return file
        file, url = _upload_target(announced)
        yield from call(HttpRequest("PUT", url, content=FromFile(path), keyless=True))
        yield from call(self.request("POST", f"/files/{file}/preprocess"))
        return file

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - the file is uploaded
        body = {
            "input_file_id": job.input_file,
            "endpoint": job.target.endpoint,
            "completion_window": self.window,
        }
        request = self.request("POST", "/batches", json=orjson.dumps(body), safe=False)
        created = (yield from call_json(request, having="job"))["job"]
        if not isinstance(created, dict) or not created.get("id"):
            raise DistilabelUncertainError(
                "The platform sent something other than a job with `id` (POST /batches)."
            )
        return self.read_job(created)

    def read_job(self, batch: dict[str, Any]) -> RemoteJob:
        message = as_text(batch.get("error"))
        return replace(
            super().read_job(batch),
            model=as_text(batch.get("model_id")),
            errors=(JobError("failed", message),) if message else (),
        )

    def list_all(self, path: str) -> Flow[list[dict[str, Any]]]:
        page = as_json((yield from call(self.request("GET", path))).body)
        # Batches come as an array, files as an array within an object; neither has pages.
        return objects_of(page if isinstance(page, dict) else {"data": page}, "data", path)


def _form(fields: dict[str, str]) -> bytes:
    """Return plain fields as multipart form data, without a file."""
    part = '--{}\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    return "".join(
        [*(part.format(_BOUNDARY, *field) for field in fields.items()), f"--{_BOUNDARY}--\r\n"]
    ).encode()


def _upload_target(response: HttpResponse) -> tuple[str, str]:
    """Return the file's id, and the URL to which the file must be sent."""
    file, url = (response.headers.get(name) for name in ("x-together-file-id", "location"))
    if response.status == _FOUND and file and url:
        return file, url
    if 200 <= response.status < 400:  # noqa: PLR2004
        message = "The platform sent something other than an upload URL (POST /files)."
        raise DistilabelPlatformError(message, status=response.status)
    raise parse_error(response)
