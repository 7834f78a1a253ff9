"""What one of Anthropic's batches is, and whether it is ours.

Shape: https://platform.claude.com/docs/en/api/messages/batches and the types of the official SDK 2.12, read in November
2026.
"""

import re
from typing import Any

from distilabel.exceptions import DistilabelPlatformError
from distilabel.providers.parsing.json_values import as_dict, as_number, seconds_of
from distilabel.records import Job, JobPhase, RemoteJob, parse_custom_id

__all__ = ["ENDPOINT", "batches_of", "first_line", "may_be", "remote_job", "tag_in"]

ENDPOINT = "/v1/messages"
# Our clock may be a day ahead: a batch that is taken for a stranger's for that is paid for twice.
_SKEW = 100_000.0
_CUSTOM_ID = re.compile(rb'"custom_id"\s*:\s*"([^"\\]{1,64})"')
_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]+)"')


def may_be(remote: RemoteJob, job: Job | None) -> bool:
    """Tell whether a batch may be `job`: of its size, and not made before it. None: whether it may be one of ours."""
    if job is None:
        return True
    late_enough = remote.created_at is None or remote.created_at >= job.moved_at - _SKEW
    return late_enough and remote.total in (job.requests, None)


def first_line(beginning: bytes) -> tuple[str | None, str | None]:
    """Return custom_id and model of the first line of a result file, of which these are the first bytes."""
    name, model = _CUSTOM_ID.search(beginning), _MODEL.search(beginning)
    return (
        name[1].decode("utf-8", "replace") if name else None,
        model[1].decode("utf-8", "replace") if model else None,
    )


def tag_in(name: str) -> str | None:
    """Return the tag in a custom_id of ours; a foreign one has none."""
    return name.rpartition("-")[2] if parse_custom_id(name) and name.count("-") > 1 else None


def remote_job(batch: dict[str, Any]) -> RemoteJob:
    """Read a batch that has an id."""
    status = str(batch.get("processing_status") or "unknown")
    counts = as_dict(batch.get("request_counts"))
    number = {kind: as_number(count) for kind, count in counts.items()}
    succeeded, ended = number.get("succeeded"), status == "ended"
    # Until the whole batch has ended, all requests count as `processing`.
    lost = [number.get(kind) or 0 for kind in ("errored", "canceled", "expired")]
    return RemoteJob(
        remote_id=str(batch["id"]),
        status=status,
        phase=JobPhase.COMPLETED if ended else JobPhase.RUNNING,
        files={"output": str(batch["id"])} if ended else {},
        total=sum(n or 0 for n in number.values()) if number else None,
        completed=succeeded,
        failed=sum(lost) if succeeded is not None else None,
        endpoint=ENDPOINT,
        created_at=seconds_of(batch.get("created_at")),
    )


def batches_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the batches of a page; one that cannot be read may be ours, so the page is no answer."""
    items = page.get("data")
    if isinstance(items, list) and all(isinstance(item, dict) and item.get("id") for item in items):
        return items
    raise DistilabelPlatformError(
        "GET /v1/messages/batches was answered with something else than a list of batches."
    )
