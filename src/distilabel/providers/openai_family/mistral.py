"""Mistral's dialect: OpenAI's lines without a URL, and jobs with files, states and lists of another shape.

Shapes: https://docs.mistral.ai/capabilities/batch and `openapi.yaml` of mistralai/platform-docs-public (2026-08-21), read
in November 2026.
"""

from pathlib import Path
from typing import Any

import orjson

from distilabel.http import Flow
from distilabel.providers.base import (
    Limits,
    call,
    call_json,
    is_ours,
    none_if_missing,
    objects_of,
)
from distilabel.providers.openai_family.dialect import TAG, OpenAI, job_metadata
from distilabel.providers.parsing.json_values import (
    as_dict,
    as_dicts,
    as_list,
    as_number,
    as_text,
    as_timestamp,
)
from distilabel.records import Found, Job, JobError, JobPhase, RemoteJob

__all__ = ["Mistral"]

_JOBS = "/batch/jobs"
_PAGE = 100
_PHASES = {
    "success": JobPhase.COMPLETED,
    "timeout_exceeded": JobPhase.STOPPED,
    "cancelled": JobPhase.STOPPED,
    "failed": JobPhase.REJECTED,
}


class Mistral(OpenAI):
    """Mistral."""

    name = "mistral"
    # Two pages contradict each other: https://docs.mistral.ai/capabilities/batch says up to 1,000,000 requests and no end of
    # the results, https://docs.mistral.ai/resources/known-limitations 100,000 requests, 512 MB, and results for 24 hours
    # (excerpts of both, 2026-12-01). A fetch that comes too late costs one request, a fetch that is not tried loses the results.
    limits = Limits(requests=1_000_000, size=512_000_000)

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - the job names it
        return b'{"custom_id":"%b","body":%b}\n' % (custom_id.encode(), body)

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - the file is uploaded
        body = {
            "input_files": [job.input_file],
            "endpoint": job.target.endpoint,
            "model": job.target.model,
            "timeout_hours": 24,
            "metadata": job_metadata(job),
        }
        request = self.request("POST", _JOBS, json=orjson.dumps(body), safe=False)
        created = yield from call_json(request, having="id")
        return self.read_job(created)

    def find(self, job: Job | None) -> Flow[Found]:
        # The list can be filtered by metadata, but no page says how the filter is written: the tags are compared here.
        # Not `list_objects`: the pages are numbered.
        found: dict[str, RemoteJob] = {}
        number = 0
        while True:
            params = {"page": str(number), "page_size": str(_PAGE)}
            page = yield from call_json(self.request("GET", _JOBS, params=params))
            objects = [] if page.get("total") == 0 else objects_of(page, "data", _JOBS)
            jobs = {remote.remote_id: remote for remote in map(self.read_job, objects)}
            # A server that ignores the number sends the first page for ever.
            is_last = jobs.keys() <= found.keys()
            found |= jobs
            number += 1
            if is_last or number * _PAGE >= (as_number(page.get("total")) or 0):
                return Found(tuple(remote for remote in found.values() if is_ours(remote, job)))

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        request = self.request("GET", f"{_JOBS}/{remote_id}")
        job = yield from none_if_missing(call_json(request, having="id"))
        return None if job is None else self.read_job(job)

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(self.request("POST", f"{_JOBS}/{remote_id}/cancel"))

    def read_job(self, batch: dict[str, Any]) -> RemoteJob:
        status = str(batch.get("status") or "unknown").lower()
        metadata, inputs = as_dict(batch.get("metadata")), as_list(batch.get("input_files"))
        files = {kind: batch.get(f"{kind}_file") for kind in ("output", "error")}
        existing = {kind: str(file) for kind, file in files.items() if file}
        phase = _PHASES.get(status, JobPhase.RUNNING)
        return RemoteJob(
            remote_id=str(batch["id"]),
            status=status,
            # A job that failed while it ran has results, which are paid for.
            phase=JobPhase.STOPPED if phase is JobPhase.REJECTED and existing else phase,
            files=existing,
            total=as_number(batch.get("total_requests")),
            completed=as_number(batch.get("succeeded_requests")),
            failed=as_number(batch.get("failed_requests")),
            errors=tuple(
                JobError("failed", str(error.get("message") or "")) for error in as_dicts(batch.get("errors"))
            ),
            tag=as_text(metadata.get(TAG)),
            scope=as_text(metadata.get("scope")),
            endpoint=as_text(batch.get("endpoint")),
            model=as_text(batch.get("model")),
            input_file=as_text(inputs[0]) if inputs else None,
            created_at=as_timestamp(batch.get("created_at")),
        )
