"""Reading batch objects and lists of them, as OpenAI shapes them; any shape in, our records or a sentence out."""

from typing import Any

from distilabel.exceptions import DistilabelPlatformError
from distilabel.records import JobError, JobPhase, RemoteJob

__all__ = ["TAG", "as_dict", "as_number", "as_text", "items", "metadata_of", "remote_job"]

TAG = "distilabel"
"""Under which name our tag stands in a job's metadata, and how our files' names begin."""

_PHASES = {
    "failed": JobPhase.REJECTED,
    "completed": JobPhase.ENDED,
    "expired": JobPhase.ENDED,
    "cancelled": JobPhase.ENDED,
}


def metadata_of(tag: str, scope: str, label: str | None, longest: int) -> dict[str, str]:
    """Return what is written into a job's metadata, each value cut to `longest` characters.

    Examples:
        >>> metadata_of("0f0e", "pipeline/step", None, 4)
        {'distilabel': '0f0e', 'scope': 'step'}
    """
    return {TAG: tag, "scope": scope[-longest:], **({"tag": label[:longest]} if label else {})}


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
