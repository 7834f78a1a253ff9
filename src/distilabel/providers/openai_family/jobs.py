"""Reading batch objects and lists of them, as OpenAI shapes them; any shape in, our records or a sentence out."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Any

from distilabel.exceptions import DistilabelPlatformError
from distilabel.records import JobError, JobPhase, RemoteJob

__all__ = [
    "TAG",
    "as_dict",
    "as_number",
    "as_text",
    "as_time",
    "file_name",
    "items",
    "metadata_of",
    "owner_of_file",
    "remote_job",
]

TAG = "distilabel"
"""Under which name our tag stands in a job's metadata, and how our files' names begin."""

_OUR_FILE = re.compile(TAG + r"-([0-9a-z]+)-([\w=-]*)\.jsonl")
_LONGEST_NAME = 200
_PHASES = {
    "failed": JobPhase.REJECTED,
    "completed": JobPhase.COMPLETED,
    "expired": JobPhase.STOPPED,
    "cancelled": JobPhase.STOPPED,
}


def metadata_of(tag: str, scope: str, label: str | None, longest: int) -> dict[str, str]:
    """Return what is written into a job's metadata, each value cut to `longest` characters.

    Examples:
        >>> metadata_of("0f0e", "pipeline/step", None, 4)
        {'distilabel': '0f0e', 'scope': 'step'}
    """
    return {TAG: tag, "scope": scope[-longest:], **({"tag": label[:longest]} if label else {})}


def file_name(tag: str, scope: str) -> str:
    """Name the file of a job's requests, so that tag and scope are read back from it where nothing else keeps them.

    Examples:
        >>> file_name("0f0e", "p/s"), owner_of_file(file_name("0f0e", "p/s"))
        ('distilabel-0f0e-cC9z.jsonl', ('0f0e', 'p/s'))
    """
    return f"{TAG}-{tag}-{urlsafe_b64encode(scope.encode()).decode()}"[:_LONGEST_NAME] + ".jsonl"


def owner_of_file(name: str | None) -> tuple[str, str] | None:
    """Read tag and scope from a file's name; None for a foreign one, and no scope where it was cut off."""
    match = _OUR_FILE.fullmatch(name or "")
    if match is None:
        return None
    try:
        return match[1], urlsafe_b64decode(match[2]).decode()
    except ValueError:
        return match[1], ""


def remote_job(batch: dict[str, Any]) -> RemoteJob:
    """Read a batch object; states are compared in lower case, since some platforms shout them."""
    status = str(batch.get("status") or "unknown").lower()
    counts, metadata, errors = (as_dict(batch.get(name)) for name in ("request_counts", "metadata", "errors"))
    created_at, problems = batch.get("created_at"), errors.get("data")
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
            _job_error(as_dict(error)) for error in (problems if isinstance(problems, list) else ())
        ),
        tag=as_text(metadata.get(TAG)),
        scope=as_text(metadata.get("scope")),
        endpoint=as_text(batch.get("endpoint")),
        model=as_text(batch.get("model")),
        input_file=as_text(batch.get("input_file_id")),
        created_at=created_at if isinstance(created_at, int | float) else None,
    )


def _job_error(error: dict[str, Any]) -> JobError:
    line = as_number(error.get("line"))
    return JobError(str(error.get("code") or "failed"), str(error.get("message") or ""), line)


def items(values: Any, path: str) -> list[dict[str, Any]]:
    """Return the objects of a page; one that cannot be read may be ours, so such a page is no answer."""
    if isinstance(values, list) and all(isinstance(item, dict) and item.get("id") for item in values):
        return values
    raise DistilabelPlatformError(
        f"GET {path} was answered with something else than a list of objects with ids."
    )


def as_dict(value: Any) -> dict[str, Any]:
    """Return a dict as it is, and an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_text(value: Any) -> str | None:
    """Return a text that is not empty, and None for anything else."""
    return value if isinstance(value, str) and value else None


def as_number(value: Any) -> int | None:
    """Return a whole number, and None for anything else."""
    return value if isinstance(value, int) else None


def as_time(value: Any) -> float | None:
    """Return a date and time, as ISO 8601 writes them, in seconds since 1970; None for anything else."""
    try:
        return datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError, OverflowError, OSError):
        return None
