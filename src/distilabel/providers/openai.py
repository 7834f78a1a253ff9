"""OpenAI's dialect: Files, Batches and Chat Completions.

Shapes: https://platform.openai.com/docs/guides/batch and https://platform.openai.com/docs/api-reference/batch,
read in November 2026.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from distilabel.exceptions import DistilabelPlatformError
from distilabel.providers.base import Limits, call, call_json, read_json, refusal
from distilabel.providers.chat import chat_outcome
from distilabel.records import (
    Decoded,
    Failure,
    Found,
    Job,
    JobError,
    JobPhase,
    Outcome,
    RemoteJob,
    Target,
    canonical_json,
)
from distilabel.wire import Flow, HttpRequest, HttpResponse, Upload

__all__ = ["OpenAI"]

_PHASES = {
    "failed": JobPhase.REJECTED,
    "completed": JobPhase.ENDED,
    "expired": JobPhase.ENDED,
    "cancelled": JobPhase.ENDED,
}
_TAG = "distilabel"
_PAGE = "100"


class OpenAI:
    """OpenAI and what speaks like it."""

    name = "openai"
    # 50,000 requests and 200 MB a file, by the guide; which megabyte is meant it does not say: the smaller.
    limits = Limits(requests=50_000, size=200_000_000)
    tags_ids = False

    def headers(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:
        return b'{"custom_id":"%b","method":"POST","url":"%b","body":%b}\n' % (
            custom_id.encode(), endpoint.encode(), body,
        )  # fmt: skip

    def online(self, target: Target, body: bytes) -> HttpRequest:
        # Online paths start below the base URL, which ends in /v1; lines of a batch name the whole path.
        return HttpRequest("POST", target.endpoint.removeprefix("/v1"), json=body)

    def line(self, custom_id: str, response: HttpResponse) -> bytes:
        try:
            body = read_json(response.body)
        except ValueError:
            body = None
        answer = {"status_code": response.status, "body": body}
        return canonical_json({"custom_id": custom_id, "response": answer, "error": None}) + b"\n"

    def decode_request(self, line: bytes) -> tuple[str, bytes] | None:
        try:
            # Not orjson: it refuses unpaired surrogates and rounds large integers, and keys stand for the exact bytes.
            value = json.loads(line)
            return str(value["custom_id"]), canonical_json(value["body"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    def upload(self, job: Job, path: Path) -> Flow[str]:
        upload = Upload(path, f"{_TAG}-{job.tag}.jsonl", {"purpose": "batch"})
        answer = yield from call_json(HttpRequest("POST", "/files", upload=upload), having="id")
        return str(answer["id"])

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - it is uploaded already
        body = {
            "input_file_id": job.input_file,
            "endpoint": job.target.endpoint,
            "completion_window": "24h",
            # https://platform.openai.com/docs/api-reference/batch/create: 16 pairs, values of at most 512 characters.
            "metadata": {
                _TAG: job.tag,
                "scope": job.scope[-512:],
                **({"tag": job.label} if job.label else {}),
            },
        }
        request = HttpRequest("POST", "/batches", json=orjson.dumps(body), safe=False)
        answer = yield from call_json(request, having="id")
        return _remote_job(answer)

    def find(self, job: Job | None) -> Flow[Found]:
        # To the last page: no page says that the list is sorted, and no clock can be trusted to stop early.
        found: list[RemoteJob] = []
        params = {"limit": _PAGE}
        while True:
            page = yield from call_json(HttpRequest("GET", "/batches", params=params))
            jobs = [_remote_job(item) for item in _items(page)]
            found += [remote for remote in jobs if remote.tag and (job is None or remote.tag == job.tag)]
            if not page.get("has_more") or not jobs:
                return Found(tuple(found))
            params = {"limit": _PAGE, "after": jobs[-1].remote_id}

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        try:
            answer = yield from call_json(HttpRequest("GET", f"/batches/{remote_id}"), having="id")
        except DistilabelPlatformError as error:
            if error.status == 404:  # noqa: PLR2004
                return None
            raise
        return _remote_job(answer)

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        try:
            yield from call(HttpRequest("GET", f"/files/{file}/content", save_to=path))
        except DistilabelPlatformError as error:
            if error.status == 404:  # noqa: PLR2004
                return False
            raise
        return True

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(HttpRequest("POST", f"/batches/{remote_id}/cancel"))

    def answer(self, response: HttpResponse) -> Outcome:
        no_credit = response.status == 429 and b"insufficient_quota" in response.body  # noqa: PLR2004
        no_model = response.status == 404 and b"model" in response.body  # noqa: PLR2004
        if response.status in (401, 403) or no_credit or no_model:
            raise refusal(response)
        try:
            body = read_json(response.body)
        except ValueError:
            body = response.body
        return chat_outcome(response.status, body)

    def decode(self, line: bytes) -> Decoded:
        try:
            value = read_json(line)
        except ValueError:
            return Decoded(
                None, Failure("unreadable_line", "The platform sent a line that is not JSON.", retryable=True)
            )
        if not isinstance(value, dict) or not isinstance(value.get("custom_id"), str):
            return Decoded(
                None, Failure("unreadable_line", "The platform sent a line without a name.", retryable=True)
            )
        return Decoded(value["custom_id"], _line_outcome(value))


def _line_outcome(line: dict[str, Any]) -> Outcome:
    """Read a result line; a failure stands in `error` or in a response of another status than 200."""
    response, error = line.get("response"), line.get("error")
    status = response.get("status_code") if isinstance(response, dict) else None
    if isinstance(response, dict) and not (str(status) == "200" and error):
        return chat_outcome(int(str(status)) if str(status).isdecimal() else 0, response.get("body"))
    if isinstance(error, dict):
        code = str(error.get("code") or "error")
        return Failure(code, str(error.get("message") or code), retryable=code in _RETRYABLE_CODES)
    return Failure("empty_line", "The platform sent a line with neither response nor error.", retryable=True)


_RETRYABLE_CODES = frozenset(
    {"batch_expired", "batch_cancelled", "rate_limit_exceeded", "server_error", "internal_error", "timeout"}
)


def _remote_job(batch: dict[str, Any]) -> RemoteJob:
    status = str(batch.get("status") or "unknown").lower()
    counts, metadata, errors = (_dict(batch.get(name)) for name in ("request_counts", "metadata", "errors"))
    created_at, problems = batch.get("created_at"), errors.get("data")
    # Absent, null and "" all mean: no such file (https://github.com/567-labs/instructor/issues/2657).
    files = {kind: batch.get(f"{kind}_file_id") for kind in ("output", "error")}
    return RemoteJob(
        remote_id=str(batch["id"]),
        status=status,
        phase=_PHASES.get(status, JobPhase.RUNNING),
        files={kind: str(file) for kind, file in files.items() if file},
        total=_number(counts.get("total")),
        completed=_number(counts.get("completed")),
        failed=_number(counts.get("failed")),
        errors=tuple(_job_error(_dict(error)) for error in (problems if isinstance(problems, list) else ())),
        tag=_text(metadata.get(_TAG)),
        scope=_text(metadata.get("scope")),
        endpoint=_text(batch.get("endpoint")),
        model=_text(batch.get("model")),
        input_file=_text(batch.get("input_file_id")),
        created_at=created_at if isinstance(created_at, int | float) else None,
    )


def _job_error(error: dict[str, Any]) -> JobError:
    line = _number(error.get("line"))
    return JobError(str(error.get("code") or "failed"), str(error.get("message") or ""), line)


def _items(page: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the jobs of a page; one that cannot be read may be ours, so the page is no answer."""
    items = page.get("data")
    if isinstance(items, list) and all(isinstance(item, dict) and item.get("id") for item in items):
        return items
    raise DistilabelPlatformError("GET /batches was answered with something else than a list of batches.")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None
