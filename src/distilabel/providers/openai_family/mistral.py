"""Mistral's dialect: OpenAI's lines without address, jobs with files, states and lists of their own.

Shapes: https://docs.mistral.ai/capabilities/batch and `openapi.yaml` of mistralai/platform-docs-public (2026-08-21), read
in November 2026.
"""

from typing import Any

import orjson

from distilabel.exceptions import DistilabelPlatformError
from distilabel.http import Flow
from distilabel.providers.base import DAY, Limits, call, call_json
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.providers.openai_family.jobs import TAG, as_dict, as_number, as_text, items, metadata_of
from distilabel.records import Found, Job, JobError, JobPhase, RemoteJob

__all__ = ["Mistral"]

_JOBS = "/batch/jobs"
_PAGE = 100
_NOT_FOUND = 404
_PHASES = {
    "success": JobPhase.COMPLETED,
    "timeout_exceeded": JobPhase.STOPPED,
    "cancelled": JobPhase.STOPPED,
    "failed": JobPhase.REJECTED,
}


class Mistral(OpenAI):
    """Mistral; results can be fetched for 24 hours only, says one of its pages."""

    name = "mistral"
    # 100,000 requests and 512 MB, by the page of known limitations; others say more. It says that results are there for 24
    # hours, and another page that files are kept for 30 days: they are asked for as long as any page lets hope.
    limits = Limits(requests=100_000, size=512_000_000, kept=30 * DAY)

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - the job names it
        return b'{"custom_id":"%b","body":%b}\n' % (custom_id.encode(), body)

    def create(self, job: Job, path: Any) -> Flow[RemoteJob]:  # noqa: ARG002 - it is uploaded already
        body = {
            "input_files": [job.input_file],
            "endpoint": job.target.endpoint,
            "model": job.target.model,
            "timeout_hours": 24,
            "metadata": metadata_of(job.tag, job.scope, job.label, 512),
        }
        request = self.request("POST", _JOBS, json=orjson.dumps(body), safe=False)
        answer = yield from call_json(request, having="id")
        return self.read_job(answer)

    def find(self, job: Job | None) -> Flow[Found]:
        # The list may be filtered by metadata, but how the filter is written is not sure: the tags are compared here.
        found: list[RemoteJob] = []
        number = 0
        while True:
            params = {"page": str(number), "page_size": str(_PAGE)}
            page = yield from call_json(self.request("GET", _JOBS, params=params))
            some = items([] if page.get("total") == 0 else page.get("data"), _JOBS)
            jobs = [self.read_job(one) for one in some]
            found += [remote for remote in jobs if remote.tag and (job is None or remote.tag == job.tag)]
            number += 1
            if not some or number * _PAGE >= (as_number(page.get("total")) or 0):
                return Found(tuple(found))

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        try:
            answer = yield from call_json(self.request("GET", f"{_JOBS}/{remote_id}"), having="id")
        except DistilabelPlatformError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return self.read_job(answer)

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(self.request("POST", f"{_JOBS}/{remote_id}/cancel"))

    def read_job(self, batch: dict[str, Any]) -> RemoteJob:
        status = str(batch.get("status") or "unknown").lower()
        metadata, inputs, problems = (
            as_dict(batch.get("metadata")),
            batch.get("input_files"),
            batch.get("errors"),
        )
        files = {kind: batch.get(f"{kind}_file") for kind in ("output", "error")}
        there = {kind: str(file) for kind, file in files.items() if file}
        phase = _PHASES.get(status, JobPhase.RUNNING)
        created_at = batch.get("created_at")
        return RemoteJob(
            remote_id=str(batch["id"]),
            status=status,
            # A job that failed on its way has answers that are paid for.
            phase=JobPhase.STOPPED if phase is JobPhase.REJECTED and there else phase,
            files=there,
            total=as_number(batch.get("total_requests")),
            completed=as_number(batch.get("succeeded_requests")),
            failed=as_number(batch.get("failed_requests")),
            errors=tuple(
                _job_error(as_dict(error)) for error in (problems if isinstance(problems, list) else ())
            ),
            tag=as_text(metadata.get(TAG)),
            scope=as_text(metadata.get("scope")),
            endpoint=as_text(batch.get("endpoint")),
            model=as_text(batch.get("model")),
            input_file=as_text(inputs[0]) if isinstance(inputs, list) and inputs else None,
            created_at=created_at if isinstance(created_at, int | float) else None,
        )


def _job_error(error: dict[str, Any]) -> JobError:
    return JobError("failed", str(error.get("message") or ""))
