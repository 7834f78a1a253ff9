"""Reading Bedrock's model invocation jobs: their states, their lists, and where their files lie.

Shapes: the operations GetModelInvocationJob and ListModelInvocationJobs of botocore 1.44's service model,
https://docs.aws.amazon.com/bedrock/latest/APIReference (November 2026).
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import Any

from distilabel.exceptions import DistilabelPlatformError
from distilabel.providers.parsing.json_values import as_dict, as_number, as_text, seconds_of
from distilabel.records import Job, JobError, JobPhase, RemoteJob

__all__ = ["ENDPOINT", "input_name", "invocation_job", "invocation_jobs_of", "job_name"]

ENDPOINT = "converse"
_PHASES = {
    "Completed": JobPhase.COMPLETED,
    "PartiallyCompleted": JobPhase.COMPLETED,
    "Stopped": JobPhase.STOPPED,
    "Expired": JobPhase.STOPPED,
}
_NAME = re.compile(r"distilabel-([0-9a-z]+)")
_INPUT = re.compile(r"s3://[^/]+/distilabel/[0-9a-z]+/([A-Za-z0-9_-]+)/input\.jsonl")
# Models that AWS offers come back as ARNs, though they were asked for by their ids.
_MODEL_ARN = re.compile(r"arn:[^/]*:(?:foundation-model|inference-profile)/")
# A URI has 1024 characters.
_LONGEST_SCOPE = 600


def job_name(tag: str) -> str:
    """Return the name by which a job is found again: 63 letters, digits and hyphens at most."""
    return f"distilabel-{tag}"


def input_name(job: Job) -> str:
    """Return the name of a job's file; it tells the scope, for which the job's own name has no room."""
    scope = urlsafe_b64encode(job.scope.encode()).decode().rstrip("=")
    return f"distilabel/{job.tag}/{scope if 0 < len(scope) <= _LONGEST_SCOPE else '-'}/input.jsonl"


def invocation_job(job: dict[str, Any]) -> RemoteJob:
    """Read a job that has an ARN; `files` holds the folder of its results."""
    status = str(job.get("status") or "unknown")
    done, failed = as_number(job.get("successRecordCount")), as_number(job.get("errorRecordCount"))
    name = _NAME.fullmatch(as_text(job.get("jobName")) or "")
    arn, message = str(job["jobArn"]), as_text(job.get("message"))
    number = arn.rpartition("/")[2] or arn
    folder = as_text(_place(job, "outputDataConfig", "s3OutputDataConfig"))
    file = as_text(_place(job, "inputDataConfig", "s3InputDataConfig"))
    return RemoteJob(
        remote_id=number,
        status=status,
        phase=_phase(status, has_results=bool(done)),
        files={"folder": f"{folder.rstrip('/')}/{number}"} if folder else {},
        total=as_number(job.get("totalRecordCount")),
        completed=done,
        failed=failed,
        errors=(JobError(status.lower(), message),) if message else (),
        tag=name[1] if name else None,
        scope=_scope(file) if name else None,
        endpoint=ENDPOINT,
        model=_MODEL_ARN.sub("", as_text(job.get("modelId")) or "") or None,
        input_file=file,
        created_at=seconds_of(job.get("submitTime")),
    )


def invocation_jobs_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the jobs of a page; one that cannot be read may be ours, so the page is no answer. No jobs are no list."""
    items = page.get("invocationJobSummaries", [])
    known = page.keys() <= {"invocationJobSummaries", "nextToken"}
    if (
        known
        and isinstance(items, list)
        and all(isinstance(item, dict) and item.get("jobArn") for item in items)
    ):
        return items
    raise DistilabelPlatformError(
        "GET model-invocation-jobs was answered with something else than a list of jobs."
    )


def _phase(status: str, *, has_results: bool) -> JobPhase:
    """Tell what a status comes to; a job that failed may have finished some records."""
    if status == "Failed":
        return JobPhase.STOPPED if has_results else JobPhase.REJECTED
    return _PHASES.get(status, JobPhase.RUNNING)


def _place(job: dict[str, Any], outer: str, inner: str) -> Any:
    return as_dict(as_dict(job.get(outer)).get(inner)).get("s3Uri")


def _scope(file: str | None) -> str | None:
    found = _INPUT.fullmatch(file or "")
    if not found or found[1] == "-":
        return None
    try:
        return urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)).decode()
    except (Error, UnicodeDecodeError):
        return None
