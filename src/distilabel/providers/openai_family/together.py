"""Together's dialect: OpenAI's, but files go to an address that the platform names, and jobs keep no metadata.

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
from distilabel.providers.base import Limits, call, call_json
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.providers.openai_family.jobs import as_dict, as_text, as_time, file_name, items
from distilabel.providers.parsing.errors import parse_error
from distilabel.providers.parsing.json_values import read_json
from distilabel.records import Job, JobError, RemoteJob

__all__ = ["Together"]

_FOUND = 302
_KNOWN_ALREADY = 409
_PIECE = 1 << 20
_BOUNDARY = "distilabel-e3b0c44298fc1c149afbf4c8996fb924"


class Together(OpenAI):
    """Together; equal files are one file there, so that the custom_ids carry the job's tag and make each its own."""

    name = "together"
    limits = Limits(requests=50_000, size=100_000_000)
    tags_ids = True

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - the job names it
        return b'{"custom_id":"%b","body":%b}\n' % (custom_id.encode(), body)

    def upload(self, job: Job, path: Path) -> Flow[str]:
        """Announce the file, send it to where the platform wants it, and have it looked through."""
        announced = yield self._announcement(file_name(job.tag, job.scope), _checksum(path))
        if announced.status == _KNOWN_ALREADY:
            return _known_file(announced)
        file, address = _where_to(announced)
        yield from call(HttpRequest("PUT", address, content=FromFile(path), keyless=True))
        yield from call(self.request("POST", f"/files/{file}/preprocess"))
        return file

    def _announcement(self, name: str, checksum: str) -> HttpRequest:
        fields = {"purpose": "batch-api", "file_name": name, "file_type": "jsonl", "checksum": checksum}
        kind = {"content-type": f"multipart/form-data; boundary={_BOUNDARY}"}
        answers = frozenset({_KNOWN_ALREADY})
        return self.request("POST", "/files", json=_form(fields), headers=kind, answers=answers)

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - it is uploaded already
        body = {
            "input_file_id": job.input_file,
            "endpoint": job.target.endpoint,
            "completion_window": self.window,
        }
        request = self.request("POST", "/batches", json=orjson.dumps(body), safe=False)
        answer = yield from call_json(request, having="job")
        made = answer["job"]
        if not isinstance(made, dict) or not made.get("id"):
            raise DistilabelUncertainError("POST /batches was answered with a job that has no id.")
        return self.read_job(made)

    def read_job(self, batch: dict[str, Any]) -> RemoteJob:
        remote = super().read_job(batch)
        message = as_text(batch.get("error"))
        return replace(
            remote,
            model=as_text(batch.get("model_id")),
            created_at=as_time(batch.get("created_at")),
            errors=(JobError("failed", message),) if message else (),
        )

    def _list(self, path: str) -> Flow[list[dict[str, Any]]]:
        response = yield from call(self.request("GET", path))
        try:
            value = read_json(response.body)
        except ValueError:
            value = None
        # Batches come as a plain list, files as one within an object; neither comes in pages.
        return items(value.get("data") if isinstance(value, dict) else value, path)


def _form(fields: dict[str, str]) -> bytes:
    """Return multipart form data of plain words, without a file."""
    part = '--{}\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    return "".join(
        [*(part.format(_BOUNDARY, *field) for field in fields.items()), f"--{_BOUNDARY}--\r\n"]
    ).encode()


def _known_file(response: HttpResponse) -> str:
    try:
        body = read_json(response.body)
    except ValueError:
        body = None
    file = as_text(as_dict(body).get("file_id"))
    if file is None:
        raise parse_error(response)
    return file


def _where_to(response: HttpResponse) -> tuple[str, str]:
    """Return the file's id and the address that it is to be sent to."""
    file, address = (response.headers.get(name) for name in ("x-together-file-id", "location"))
    if response.status == _FOUND and file and address:
        return file, address
    if 200 <= response.status < 400:  # noqa: PLR2004
        message = "POST /files was answered with something else than an address to send the file to."
        raise DistilabelPlatformError(message, status=response.status)
    raise parse_error(response)


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
