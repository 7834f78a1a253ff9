"""What the Gemini API and Vertex AI say alike of a job: its name, its states, its model."""

import re
from typing import Any

from distilabel.providers.google.content import status_failure
from distilabel.records import Job, JobError, JobPhase

__all__ = ["ENDPOINT", "display_name", "job_errors", "model_path", "phase_of", "tag_and_scope"]

ENDPOINT = "generateContent"

# Vertex AI: https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs (November
# 2026). For the Gemini API no page names a limit.
_LONGEST_NAME = 128
_NAME = re.compile(r"distilabel-([0-9a-z]+)(?: (.+))?", re.DOTALL)
_STOPPED = frozenset({"CANCELLED", "EXPIRED"})


def display_name(job: Job) -> str:
    """Return the name by which a job is found again: it carries our tag, and the scope where that fits whole."""
    name = f"distilabel-{job.tag}"
    whole = f"{name} {job.scope}"
    return whole if len(whole) <= _LONGEST_NAME else name


def tag_and_scope(name: str | None) -> tuple[str | None, str | None]:
    """Read a name that `display_name` gave; a foreign one has neither.

    Examples:
        >>> tag_and_scope("distilabel-0f0e my-pipeline/my step")
        ('0f0e', 'my-pipeline/my step')
        >>> tag_and_scope("my own job")
        (None, None)
    """
    match = _NAME.fullmatch(name or "")
    return (match[1], match[2]) if match else (None, None)


def model_path(model: str, collection: str) -> str:
    """Return a model's path: one that is a path already, such as that of a tuned model, stays as it is.

    Examples:
        >>> model_path("gemini-3.8-flash", "models"), model_path("tunedModels/mine", "models")
        ('models/gemini-3.8-flash', 'tunedModels/mine')
    """
    return model if "/" in model else f"{collection}/{model}"


def phase_of(state: str, *, has_results: bool) -> JobPhase:
    """Tell what a state comes to.

    Args:
        state: Without its prefix, such as `SUCCEEDED`; one that is not known counts as running.
        has_results: Whether the job names what there is to fetch: one that failed may have some, and one that succeeded
            may say so before it names them (https://github.com/tidyverse/ellmer/issues/926).
    """
    if state == "FAILED":
        return JobPhase.STOPPED if has_results else JobPhase.REJECTED
    if state in ("SUCCEEDED", "PARTIALLY_SUCCEEDED"):
        return JobPhase.COMPLETED if has_results else JobPhase.RUNNING
    return JobPhase.STOPPED if state in _STOPPED else JobPhase.RUNNING


def job_errors(status: dict[str, Any]) -> tuple[JobError, ...]:
    """Read why a job failed from a google.rpc.Status; where there is too much under way, it may be sent again later."""
    failure = status_failure(status)
    code = "quota_exceeded" if failure.code == "RESOURCE_EXHAUSTED" else failure.code
    return (JobError(code, failure.message),) if status else ()
