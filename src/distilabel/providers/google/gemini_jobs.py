"""Reading the Gemini API's operations, which is what its batches are.

Shapes: https://ai.google.dev/api/batch-mode and google-genai 3.4, read in November 2026.
"""

from typing import Any

from distilabel.exceptions import DistilabelPlatformError
from distilabel.providers.google.common import ENDPOINT, job_errors, phase_of, tag_and_scope
from distilabel.providers.parsing.json_values import dict_of, number_of, seconds_of, text_of
from distilabel.records import RemoteJob

__all__ = ["operation_job", "operations_of"]


def operation_job(operation: dict[str, Any]) -> RemoteJob:
    """Read an operation that has a name."""
    batch = dict_of(operation.get("metadata"))
    state = (
        str(batch.get("state") or _state_of(operation))
        .removeprefix("BATCH_STATE_")
        .removeprefix("JOB_STATE_")
    )
    output = dict_of(batch.get("output")) or dict_of(operation.get("response"))
    file = text_of(output.get("responsesFile"))
    counts = dict_of(batch.get("batchStats"))
    tag, scope = tag_and_scope(text_of(batch.get("displayName")))
    name = str(operation["name"])
    return RemoteJob(
        remote_id=name.rpartition("/")[2] or name,
        status=state.lower(),
        phase=phase_of(state, has_results=file is not None),
        files={"output": file} if file else {},
        total=number_of(counts.get("requestCount")),
        completed=number_of(counts.get("successfulRequestCount")),
        failed=number_of(counts.get("failedRequestCount")),
        errors=job_errors(dict_of(operation.get("error"))),
        tag=tag,
        scope=scope,
        endpoint=_endpoint_of(batch),
        model=(text_of(batch.get("model")) or "").removeprefix("models/") or None,
        input_file=text_of(dict_of(batch.get("inputConfig")).get("fileName")),
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
