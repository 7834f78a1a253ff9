"""Reading the Gemini API's operations, which is what its batches are.

Shapes: https://ai.google.dev/api/batch-mode and google-genai 3.4, read in November 2026.
"""

from typing import Any

from distilabel.exceptions import DistilabelPlatformError
from distilabel.providers.google.common import ENDPOINT, job_errors, phase_of, tag_and_scope
from distilabel.providers.parsing.json_values import as_dict, as_number, as_text, seconds_of
from distilabel.records import RemoteJob

__all__ = ["operation_job", "operations_of"]


def operation_job(operation: dict[str, Any]) -> RemoteJob:
    """Read an operation that has a name."""
    batch = as_dict(operation.get("metadata"))
    state = (
        str(batch.get("state") or _state_of(operation))
        .removeprefix("BATCH_STATE_")
        .removeprefix("JOB_STATE_")
    )
    output = as_dict(batch.get("output")) or as_dict(operation.get("response"))
    file = as_text(output.get("responsesFile"))
    counts = as_dict(batch.get("batchStats"))
    tag, scope = tag_and_scope(as_text(batch.get("displayName")))
    name = str(operation["name"])
    return RemoteJob(
        remote_id=name.rpartition("/")[2] or name,
        status=state.lower(),
        phase=phase_of(state, has_results=file is not None),
        files={"output": file} if file else {},
        total=as_number(counts.get("requestCount")),
        completed=as_number(counts.get("successfulRequestCount")),
        failed=as_number(counts.get("failedRequestCount")),
        errors=job_errors(as_dict(operation.get("error"))),
        tag=tag,
        scope=scope,
        endpoint=_endpoint_of(batch),
        model=(as_text(batch.get("model")) or "").removeprefix("models/") or None,
        input_file=as_text(as_dict(batch.get("inputConfig")).get("fileName")),
        created_at=seconds_of(batch.get("createTime")),
    )


def _endpoint_of(batch: dict[str, Any]) -> str:
    """Tell which endpoint a batch asks: its type names it, `...v1main.EmbedContentBatch` or `GenerateContentBatch`."""
    return "embedContent" if str(batch.get("@type")).endswith(".EmbedContentBatch") else ENDPOINT


def _state_of(operation: dict[str, Any]) -> str:
    """Tell the state of an operation whose metadata does not."""
    if not operation.get("done"):
        return "unknown"
    return "FAILED" if operation.get("error") else "SUCCEEDED"


def operations_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the jobs of a page; one that cannot be read may be ours, so the page is no answer. No jobs are no list."""
    items = page.get("operations", [])
    known = page.keys() <= {"operations", "nextPageToken", "unreachable"}
    if (
        known
        and isinstance(items, list)
        and all(isinstance(item, dict) and item.get("name") for item in items)
    ):
        return items
    raise DistilabelPlatformError(
        "GET /v1beta/batches was answered with something else than a list of batches."
    )
