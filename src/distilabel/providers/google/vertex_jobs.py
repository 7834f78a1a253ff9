"""Reading Vertex AI's batch prediction jobs and the lines of their results.

Shapes: https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs and
https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-from-cloud-storage, read in November
2026.
"""

from typing import Any

from distilabel.exceptions import DistilabelPlatformError
from distilabel.providers.google.common import ENDPOINT, job_errors, phase_of, tag_and_scope
from distilabel.providers.google.content import content_outcome, status_failure
from distilabel.providers.parsing.json_values import as_dict, as_number, as_text, read_json, seconds_of
from distilabel.records import Outcome, RemoteJob

__all__ = ["prediction_job", "prediction_jobs_of", "prediction_outcome"]


def prediction_outcome(line: dict[str, Any]) -> Outcome:
    """Read a result line: a response, or in `status` why there is none."""
    online = as_dict(line.get("online"))
    if online:
        return content_outcome(as_number(online.get("status_code")) or 0, online.get("body"))
    if status := as_text(line.get("status")):
        return status_failure(_status(status))
    return content_outcome(200, line.get("response"))


def _status(text: str) -> dict[str, Any]:
    """Read a line's status: some words, and mostly an error as JSON."""
    _, brace, rest = text.partition("{")
    try:
        error = as_dict(as_dict(read_json((brace + rest).encode())).get("error"))
    except ValueError:
        error = {}
    return error or {"message": text}


def prediction_job(job: dict[str, Any]) -> RemoteJob:
    """Read a job that has a name; `files` holds the folder of its results."""
    state = str(job.get("state") or "unknown").removeprefix("JOB_STATE_")
    folder = as_text(as_dict(job.get("outputInfo")).get("gcsOutputDirectory"))
    stats = as_dict(job.get("completionStats"))
    done, failed = as_number(stats.get("successfulCount")), as_number(stats.get("failedCount"))
    tag, scope = tag_and_scope(as_text(job.get("displayName")))
    uris = as_dict(as_dict(job.get("inputConfig")).get("gcsSource")).get("uris")
    name = str(job["name"])
    return RemoteJob(
        remote_id=name.rpartition("/")[2] or name,
        status=state.lower(),
        # A job that could not write names its folder all the same; what it finished, it counts.
        phase=phase_of(state, has_results=folder is not None and (state != "FAILED" or bool(done))),
        files={"folder": folder} if folder else {},
        completed=done,
        failed=failed,
        errors=job_errors(as_dict(job.get("error"))),
        tag=tag,
        scope=scope,
        endpoint=ENDPOINT,
        model=(as_text(job.get("model")) or "").rpartition("publishers/google/models/")[2] or None,
        input_file=as_text(uris[0]) if isinstance(uris, list) and uris else None,
        created_at=seconds_of(job.get("createTime")),
    )


def prediction_jobs_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the jobs of a page; one that cannot be read may be ours, so the page is no answer. No jobs are no list."""
    items = page.get("batchPredictionJobs", [])
    known = page.keys() <= {"batchPredictionJobs", "nextPageToken"}
    if (
        known
        and isinstance(items, list)
        and all(isinstance(item, dict) and item.get("name") for item in items)
    ):
        return items
    raise DistilabelPlatformError(
        "GET batchPredictionJobs was answered with something else than a list of jobs."
    )
