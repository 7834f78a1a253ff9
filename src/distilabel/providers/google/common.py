"""What the batch jobs of the Gemini API and of Vertex AI share: names, states, models and errors."""

import re
from typing import Any

from distilabel.providers.google.content import status_failure
from distilabel.records import Job, JobError, JobPhase

__all__ = ["ENDPOINT", "display_name", "job_errors", "model_path", "phase_of", "tag_and_scope"]

ENDPOINT = "generateContent"

# Vertex AI: https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs (November
# 2026). For the Gemini API no page names a limit.
_MAX_NAME = 128
_NAME = re.compile(r"distilabel-([0-9a-z]+)(?: (.+))?", re.DOTALL)


def display_name(job: Job) -> str:
    """Return the name by which a job is found again. It holds the tag, and the scope where the whole scope fits."""
    name = f"distilabel-{job.tag}"
    full = f"{name} {job.scope}"
    return full if len(full) <= _MAX_NAME else name


def tag_and_scope(name: str | None) -> tuple[str | None, str | None]:
    """Return tag and scope from a name that `display_name` returned; a foreign name has neither.

    Examples:
        >>> tag_and_scope("distilabel-0f0e my-pipeline/my step")
        ('0f0e', 'my-pipeline/my step')
        >>> tag_and_scope("my own job")
        (None, None)
    """
    match = _NAME.fullmatch(name or "")
    return (match[1], match[2]) if match else (None, None)


def model_path(model: str, collection: str) -> str:
    """Return a model's path. A name that is a path already, such as that of a tuned model, stays unchanged.

    Examples:
        >>> model_path("gemini-3.8-flash", "models"), model_path("tunedModels/mine", "models")
        ('models/gemini-3.8-flash', 'tunedModels/mine')
    """
    return model if "/" in model else f"{collection}/{model}"


def phase_of(state: str, *, has_results: bool) -> JobPhase:
    """Return the phase of a job.

    Args:
        state: The state without its prefix, such as `SUCCEEDED`. An unknown one counts as running.
        has_results: Whether the job names its results. A failed job may have some, and a job may say `SUCCEEDED` before
            it names them (https://github.com/tidyverse/ellmer/issues/926).
    """
    if state == "FAILED":
        return JobPhase.STOPPED if has_results else JobPhase.REJECTED
    if state in ("SUCCEEDED", "PARTIALLY_SUCCEEDED"):
        return JobPhase.COMPLETED if has_results else JobPhase.RUNNING
    return JobPhase.STOPPED if state in ("CANCELLED", "EXPIRED") else JobPhase.RUNNING


def job_errors(status: dict[str, Any]) -> tuple[JobError, ...]:
    """Return why a job failed, from a google.rpc.Status. A job that exceeded a quota may be submitted again later."""
    failure = status_failure(status)
    code = "quota_exceeded" if failure.code == "RESOURCE_EXHAUSTED" else failure.code
    return (JobError(code, failure.message),) if status else ()
