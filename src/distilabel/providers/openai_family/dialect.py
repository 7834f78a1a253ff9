"""OpenAI's dialect: Files, Batches, and the endpoints that a batch may ask; the base of all that are shaped like it.

Shapes: https://platform.openai.com/docs/guides/batch and https://platform.openai.com/docs/api-reference/batch,
read in November 2026.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import orjson

from distilabel.exceptions import DistilabelPlatformError
from distilabel.http import Flow, HttpRequest, HttpResponse, Upload
from distilabel.providers.base import DAY, Limits, call, call_json
from distilabel.providers.openai_family.bodies import body_outcome
from distilabel.providers.openai_family.jobs import (
    as_text,
    file_name,
    items,
    metadata_of,
    owner_of_file,
    remote_job,
)
from distilabel.providers.openai_family.lines import answer_line, decode_line, read_request
from distilabel.providers.parsing.errors import parse_error
from distilabel.providers.parsing.json_values import read_json
from distilabel.records import Decoded, Found, Job, Outcome, RemoteJob, Target

__all__ = ["OpenAI"]

_NOT_FOUND = 404


class OpenAI:
    """OpenAI and, by its subclasses, what speaks like it.

    Attributes:
        tags_ids: Whether the platform takes no metadata: a job is then found again by the file of its requests, whose
            name is ours.
        window: The completion window that is asked for.
        first_page: The query of the first page of a list.
    """

    name: str = "openai"
    # 50,000 requests and 200 MB a file, by the guide; which megabyte is meant it does not say: the smaller. Results are
    # deleted 30 days after the job has ended.
    limits: Limits = Limits(requests=50_000, size=200_000_000, kept=30 * DAY)
    tags_ids: bool = False
    window: str = "24h"
    first_page: ClassVar[Mapping[str, str]] = {"limit": "100"}

    def headers(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    def request(self, method: str, path: str, **more: Any) -> HttpRequest:
        """Return a call; where a platform differs in all of its paths, this is where."""
        return HttpRequest(method, path, **more)

    # Lines

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:
        return b'{"custom_id":"%b","method":"POST","url":"%b","body":%b}\n' % (
            custom_id.encode(), endpoint.encode(), body,
        )  # fmt: skip

    def decode_request(self, line: bytes) -> tuple[str, bytes] | None:
        return read_request(line)

    def decode(self, line: bytes) -> Decoded:
        return decode_line(line)

    def line(self, custom_id: str, response: HttpResponse) -> bytes:
        return answer_line(custom_id, response)

    # Online

    def online(self, target: Target, body: bytes) -> HttpRequest:
        # Online paths start below the base URL, which ends in /v1; lines of a batch name the whole path.
        return self.request("POST", target.endpoint.removeprefix("/v1"), json=body)

    def answer(self, response: HttpResponse) -> Outcome:
        no_credit = response.status == 429 and b"insufficient_quota" in response.body  # noqa: PLR2004
        no_model = response.status == _NOT_FOUND and b"model" in response.body
        if response.status in (401, 403) or no_credit or no_model:
            raise parse_error(response)
        try:
            body = read_json(response.body)
        except ValueError:
            body = response.body
        return body_outcome(response.status, body)

    # Jobs

    def upload(self, job: Job, path: Path) -> Flow[str]:
        upload = Upload(path, file_name(job.tag, job.scope), {"purpose": "batch"})
        answer = yield from call_json(self.request("POST", "/files", upload=upload), having="id")
        return str(answer["id"])

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - it is uploaded already
        body: dict[str, Any] = {
            "input_file_id": job.input_file,
            "endpoint": self.batch_endpoint(job.target.endpoint),
            "completion_window": self.window,
        }
        if not self.tags_ids:
            # https://platform.openai.com/docs/api-reference/batch/create: 16 pairs, values of at most 512 characters.
            body["metadata"] = metadata_of(job.tag, job.scope, job.label, 512)
        request = self.request("POST", "/batches", json=orjson.dumps(body), safe=False)
        answer = yield from call_json(request, having="id")
        return self.read_job(answer)

    def batch_endpoint(self, endpoint: str) -> str:
        """Return an endpoint as the platform's batches name it."""
        return endpoint

    def read_job(self, batch: dict[str, Any]) -> RemoteJob:
        """Read a batch object."""
        return remote_job(batch)

    def find(self, job: Job | None) -> Flow[Found]:
        found = yield from self._list("/batches")
        jobs = [self.read_job(batch) for batch in found]
        if not self.tags_ids:
            return Found(tuple(r for r in jobs if r.tag and (job is None or r.tag == job.tag)))
        owners = {str(job.input_file): (job.tag, job.scope)} if job else (yield from self._our_files())
        return Found(tuple(_owned(r, *owners[r.input_file]) for r in jobs if r.input_file in owners))

    def _our_files(self) -> Flow[dict[str, tuple[str, str]]]:
        """Return tag and scope of each file that has a name of ours."""
        files = yield from self._list("/files")
        owners = {str(file["id"]): owner_of_file(as_text(file.get("filename"))) for file in files}
        return {number: owner for number, owner in owners.items() if owner}

    def _list(self, path: str) -> Flow[list[dict[str, Any]]]:
        # To the last page: no page says that the list is sorted, and no clock can be trusted to stop early.
        found: list[dict[str, Any]] = []
        params = self.first_page
        while True:
            page = yield from call_json(self.request("GET", path, params=params))
            some = items(page.get("data"), path)
            found += some
            if not page.get("has_more") or not some:
                return found
            params = {**self.first_page, "after": str(some[-1]["id"])}

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        try:
            answer = yield from call_json(self.request("GET", f"/batches/{remote_id}"), having="id")
        except DistilabelPlatformError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return self.read_job(answer)

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        try:
            yield from call(self.request("GET", f"/files/{file}/content", save_to=path))
        except DistilabelPlatformError as error:
            if error.status == _NOT_FOUND:
                return False
            raise
        return True

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(self.request("POST", f"/batches/{remote_id}/cancel"))


def _owned(remote: RemoteJob, tag: str, scope: str) -> RemoteJob:
    return replace(remote, tag=tag, scope=scope or None)
