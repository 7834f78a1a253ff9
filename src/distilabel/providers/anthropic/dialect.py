"""Anthropic's dialect: Messages and Message Batches.

Shapes: https://platform.claude.com/docs/en/build-with-claude/batch-processing,
https://platform.claude.com/docs/en/api/messages/batches and the types of the official SDK 2.12, read in November 2026.

A batch has neither name nor metadata, so the custom_ids carry the job's tag. Only the results of a batch show to which
job it belongs, and they exist only after the batch has ended.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from distilabel.http import Flow, FromFile, HttpRequest, HttpResponse
from distilabel.providers.anthropic.messages import message_outcome, result_outcome
from distilabel.providers.base import (
    DAY,
    INLINE,
    Limits,
    by_cursor,
    call,
    call_json,
    list_objects,
    none_if_missing,
    read_online_response,
)
from distilabel.providers.parsing.json_values import as_dict, as_json, as_number, as_timestamp
from distilabel.providers.parsing.lines import decode_request_line, decode_result_line
from distilabel.records import (
    Decoded,
    Found,
    Job,
    JobPhase,
    Outcome,
    RemoteJob,
    Target,
    canonical_json,
    parse_custom_id,
)

__all__ = ["VERSION", "Anthropic"]

VERSION = "2023-06-01"
"""The API version; later ones reject `temperature`, `top_p` and `top_k`.

https://platform.claude.com/docs/en/api/versioning (November 2026)
"""

_ENDPOINT = "/v1/messages"
_BATCHES = "/v1/messages/batches"
# So many bytes of a result file hold the custom_id of its first line.
_BEGINNING = 1 << 16
# Our clock may be a day ahead: a batch of ours that counts as another account user's is paid for twice.
_CLOCK_SKEW = 100_000.0
_CUSTOM_ID = re.compile(rb'"custom_id"\s*:\s*"([^"\\]{1,64})"')
_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]+)"')


class Anthropic:
    """Anthropic.

    Args:
        version: The API version in the header `anthropic-version`.
    """

    name = "anthropic"
    # 100,000 requests and 256 MB, by the guide; half of the size, since one unsafe request carries the whole body.
    # Results can be fetched for 29 days after the batch was created.
    limits = Limits(requests=100_000, size=128_000_000, kept=29 * DAY)
    tags_ids = True

    def __init__(self, version: str = VERSION) -> None:
        self._version = version

    def headers(self, key: str) -> Mapping[str, str]:
        return {"x-api-key": key, "anthropic-version": self._version}

    # Lines

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - there is one
        return b'{"custom_id":"%b","params":%b}\n' % (custom_id.encode(), body)

    def decode_request(self, line: bytes) -> tuple[str, bytes] | None:
        return decode_request_line(line, "custom_id", "params")

    def decode(self, line: bytes) -> Decoded:
        return decode_result_line(
            line, "custom_id", lambda value: result_outcome(as_dict(value.get("result")))
        )

    def encode_response(self, custom_id: str, response: HttpResponse) -> bytes:
        message = as_json(response.body)
        result = {"type": "online", "status_code": response.status, "message": message}
        return canonical_json({"custom_id": custom_id, "result": result}) + b"\n"

    # Online

    def online_request(self, target: Target, body: bytes) -> HttpRequest:  # noqa: ARG002 - there is one endpoint
        return HttpRequest("POST", _ENDPOINT, json=body)

    def read_response(self, response: HttpResponse) -> Outcome:
        return read_online_response(response, message_outcome)

    # By batch

    def upload(self, job: Job, path: Path) -> Flow[str]:  # noqa: ARG002 - nothing is uploaded
        yield from ()
        return INLINE

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - a batch has no name
        body = FromFile(path, b'{"requests":[', b",", b"]}", "application/json")
        request = HttpRequest("POST", _BATCHES, content=body, safe=False)
        return _read_job((yield from call_json(request, having="id")))

    def find(self, job: Job | None) -> Flow[Found]:
        request = HttpRequest("GET", _BATCHES, params={"limit": "1000"})
        batches = yield from list_objects(request, "data", by_cursor("after_id"))
        ours: list[RemoteJob] = []
        doubtful: list[RemoteJob] = []
        for remote in map(_read_job, batches):
            if _may_be(remote, job):
                found = yield from self._identify(remote, job)
                ours += found.ours
                doubtful += found.doubtful
        return Found(tuple(ours), tuple(doubtful))

    def _identify(self, remote: RemoteJob, job: Job | None) -> Flow[Found]:
        """Find out by its first result whose an ended batch is; a batch that still runs is doubtful."""
        doubtful = Found(doubtful=(remote,))
        if not remote.phase.has_ended:
            return doubtful
        path = f"{_BATCHES}/{remote.remote_id}/results"
        response = yield from none_if_missing(call(HttpRequest("GET", path, max_bytes=_BEGINNING)))
        if response is None:  # deleted, or older than 29 days
            return Found()
        custom_id, model = _CUSTOM_ID.search(response.body), _MODEL.search(response.body)
        if custom_id is None:
            return doubtful
        tag = _tag_in(custom_id[1].decode("utf-8", "replace"))
        if not tag or (job is not None and tag != job.tag[:16]):
            return Found()
        name = model[1].decode("utf-8", "replace") if model else None
        return Found(ours=(replace(remote, tag=job.tag if job else tag, model=name),))

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        request = HttpRequest("GET", f"{_BATCHES}/{remote_id}")
        batch = yield from none_if_missing(call_json(request, having="id"))
        return None if batch is None else _read_job(batch)

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        # Not from `results_url`: behind a gateway that URL leads past the gateway, and the key would go there.
        request = HttpRequest("GET", f"{_BATCHES}/{file}/results", save_to=path)
        return (yield from none_if_missing(call(request))) is not None

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(HttpRequest("POST", f"{_BATCHES}/{remote_id}/cancel"))


def _may_be(remote: RemoteJob, job: Job | None) -> bool:
    """Return whether a batch can be `job`: it has the same size, and was not created before. None: any batch can."""
    if job is None:
        return True
    late_enough = remote.created_at is None or remote.created_at >= job.moved_at - _CLOCK_SKEW
    return late_enough and remote.total in (job.requests, None)


def _tag_in(custom_id: str) -> str | None:
    """Return the tag in a custom_id of this library; None for a foreign one."""
    return custom_id.rpartition("-")[2] if parse_custom_id(custom_id) and custom_id.count("-") > 1 else None


def _read_job(batch: dict[str, Any]) -> RemoteJob:
    """Read a batch that has an id."""
    status = str(batch.get("processing_status") or "unknown")
    counts = {kind: as_number(count) for kind, count in as_dict(batch.get("request_counts")).items()}
    succeeded, ended = counts.get("succeeded"), status == "ended"
    # Until the whole batch has ended, all requests count as `processing`.
    failed = [counts.get(kind) or 0 for kind in ("errored", "canceled", "expired")]
    return RemoteJob(
        remote_id=str(batch["id"]),
        status=status,
        phase=JobPhase.COMPLETED if ended else JobPhase.RUNNING,
        files={"output": str(batch["id"])} if ended else {},
        total=sum(n or 0 for n in counts.values()) if counts else None,
        completed=succeeded,
        failed=sum(failed) if succeeded is not None else None,
        endpoint=_ENDPOINT,
        created_at=as_timestamp(batch.get("created_at")),
    )
