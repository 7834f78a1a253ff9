"""Reading Fireworks' batch inference jobs, the files of its datasets, and the lines of their results.

Shapes: https://docs.fireworks.ai/api-reference/create-batch-inference-job and the official SDK, fireworks-ai 1.2, read in
November 2026.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from distilabel.exceptions import DistilabelPlatformError
from distilabel.providers.openai_family.jobs import TAG, as_dict, as_number, as_text, as_time
from distilabel.providers.parsing.json_values import read_json
from distilabel.records import JobError, JobPhase, RemoteJob, canonical_json

__all__ = ["ENDPOINT", "addresses", "inference_job", "inference_jobs_of", "kinds", "last", "with_status"]

ENDPOINT = "/v1/chat/completions"

_URLS = "filenameToSignedUrls"
_PHASES = {
    "completed": JobPhase.COMPLETED,
    "expired": JobPhase.STOPPED,
    "cancelled": JobPhase.STOPPED,
    "early_stopped": JobPhase.STOPPED,
    "failed": JobPhase.REJECTED,
}


def inference_job(batch: dict[str, Any]) -> RemoteJob:
    """Read a job that has a name; `files` holds the dataset of its results."""
    number = str(batch["name"]).rpartition("/")[2]
    state = str(batch.get("state") or "unknown").lower().removeprefix("job_state_")
    counts, why = as_dict(batch.get("jobProgress")), as_dict(batch.get("status"))
    phase, results = _PHASES.get(state, JobPhase.RUNNING), last(batch.get("outputDatasetId"))
    remote = RemoteJob(
        remote_id=number,
        status=state,
        phase=phase,
        files={"dataset": results} if results else {},
        total=as_number(counts.get("totalInputRequests")),
        completed=as_number(counts.get("successfullyProcessedRequests")),
        failed=as_number(counts.get("failedRequests")),
        tag=number.removeprefix(f"{TAG}-") if number.startswith(f"{TAG}-") else None,
        scope=as_text(batch.get("displayName")),
        endpoint=ENDPOINT,
        model=as_text(batch.get("model")),
        input_file=last(batch.get("inputDatasetId")),
        created_at=as_time(batch.get("createTime")),
    )
    code, message = as_text(why.get("code")) or "failed", as_text(why.get("message")) or ""
    return replace(remote, errors=(JobError(code, message),)) if phase is JobPhase.REJECTED else remote


def inference_jobs_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the jobs of a page; one that cannot be read may be ours, so that such a page is no answer."""
    jobs = page.get("batchInferenceJobs")
    if isinstance(jobs, list) and all(isinstance(job, dict) and job.get("name") for job in jobs):
        return jobs
    raise DistilabelPlatformError(
        "GET batchInferenceJobs was answered with something else than a list of jobs."
    )


def addresses(answer: dict[str, Any]) -> dict[str, str]:
    """Return the files of a dataset by name, and where each is; where there is none, the map may be left out."""
    urls = answer.get(_URLS, {})
    if not isinstance(urls, dict) or (answer and _URLS not in answer):
        raise DistilabelPlatformError(
            f"GET getDownloadEndpoint was answered with something else than a JSON object with `{_URLS}`."
        )
    return {name: url for name, url in urls.items() if isinstance(url, str)}


def kinds(names: Iterable[str]) -> dict[str, str]:
    """Tell which file of a dataset of results is which: one that holds errors says so in its name.

    Examples:
        >>> kinds(["results-2.jsonl", "errors.jsonl", "results-1.jsonl"])
        {'error': 'errors.jsonl', 'output': 'results-1.jsonl', 'output-2': 'results-2.jsonl'}
    """
    found: dict[str, str] = {}
    for name in sorted(names):
        kind = "error" if "error" in name.lower() else "output"
        count = sum(known.partition("-")[0] == kind for known in found)
        found[f"{kind}-{count + 1}" if count else kind] = name
    return found


def with_status(line: bytes) -> bytes:
    """Return a result line as OpenAI shapes it, where the completion stands in `response` without a status."""
    try:
        value = read_json(line)
    except ValueError:
        return line
    answer = value.get("response") if isinstance(value, dict) else None
    if not isinstance(answer, dict) or "status_code" in answer:
        return line
    body = answer.get("body", answer)
    return canonical_json({**value, "response": {"status_code": 200, "body": body}})


def last(name: Any) -> str | None:
    """Return the last part of a resource's name."""
    return (as_text(name) or "").rpartition("/")[2] or None
