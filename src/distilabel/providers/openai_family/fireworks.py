"""Fireworks' dialect: datasets hold requests and results, and this library chooses a job's id, so the id holds the tag.

Shapes: https://docs.fireworks.ai/guides/batch-inference, https://docs.fireworks.ai/api-reference/create-batch-inference-job
and the official SDK, fireworks-ai 1.2, read in November 2026.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from distilabel.exceptions import DistilabelPlatformError, DistilabelUserError
from distilabel.http import Flow, HttpRequest, Upload
from distilabel.providers.base import (
    Limits,
    by_token,
    call,
    call_json,
    is_ours,
    list_objects,
    none_if_missing,
)
from distilabel.providers.openai_family.dialect import TAG, OpenAI
from distilabel.providers.openai_family.lines import decode_line
from distilabel.providers.parsing.errors import unquoted
from distilabel.providers.parsing.json_values import as_dict, as_json, as_number, as_text, as_timestamp
from distilabel.records import (
    Decoded,
    Found,
    Job,
    JobError,
    JobPhase,
    RemoteJob,
    Target,
    canonical_json,
)

__all__ = ["Fireworks", "files_by_kind"]

_ENDPOINT = "/v1/chat/completions"
_CONFLICT = 409
_URLS = "filenameToSignedUrls"
_PHASES = {
    "completed": JobPhase.COMPLETED,
    "expired": JobPhase.STOPPED,
    "cancelled": JobPhase.STOPPED,
    "early_stopped": JobPhase.STOPPED,
    "deleting": JobPhase.STOPPED,
    "deleting_cleaning_up": JobPhase.STOPPED,
    "deleted": JobPhase.STOPPED,
    "failed": JobPhase.REJECTED,
}


class Fireworks(OpenAI):
    """Fireworks.

    Args:
        account: The account that owns the datasets and the jobs. Only batch jobs need it.
    """

    name = "fireworks"
    # A dataset has less than 500 MB (the guide), and `:upload` takes 150 MB by notes of others who tried it (repository
    # OpenRouterTeam/docs, `docs/batch-research`, September 2026). The number of requests is not limited; 100,000 keeps the loss small if a whole job fails.
    limits = Limits(requests=100_000, size=150_000_000)

    def __init__(self, account: str | None = None) -> None:
        self._account = account

    def _path(self, path: str) -> str:
        if self._account:
            return f"/v1/accounts/{self._account}/{path}"
        raise DistilabelUserError(
            "No Fireworks account: set the environment variable FIREWORKS_ACCOUNT_ID, or pass account_id=..."
        )

    # Lines

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - there is one
        return b'{"custom_id":"%b","body":%b}\n' % (custom_id.encode(), body)

    @staticmethod
    def decode(line: bytes) -> Decoded:
        """Read a result line, in which the completion may stand in `response` without a status."""
        value = as_dict(as_json(line))
        response = unquoted(value.get("response"))
        if isinstance(response, dict) and "status_code" not in response:
            answer = {"status_code": 200, "body": response.get("body", response)}
            line = canonical_json({**value, "response": answer})
        return decode_line(line)

    # Online

    def online_request(self, target: Target, body: bytes) -> HttpRequest:
        return HttpRequest("POST", f"/inference{target.endpoint}", json=body)

    # By batch

    def upload(self, job: Job, path: Path) -> Flow[str]:
        """Create a dataset and send the file into it. An existing dataset is filled again."""
        dataset = f"{TAG}-{job.tag}"
        # Without the count the platform refuses the dataset, by the same notes. Assumed: a string, as the API's other int64.
        described = {"userUploaded": {}, "format": "CHAT", "exampleCount": str(job.requests)}
        body = {"datasetId": dataset, "dataset": described}
        request = HttpRequest(
            "POST", self._path("datasets"), json=orjson.dumps(body), expected=frozenset({_CONFLICT})
        )
        try:
            yield from call_json(request, having="name")
        except DistilabelPlatformError as error:
            if error.status != _CONFLICT:
                raise
        upload = Upload(path, "input.jsonl")
        yield from call(HttpRequest("POST", self._path(f"datasets/{dataset}:upload"), upload=upload))
        return dataset

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - the file is uploaded
        body = {
            "model": job.target.model,
            "inputDatasetId": self._path(f"datasets/{job.input_file}").removeprefix("/v1/"),
            "outputDatasetId": self._path(f"datasets/{TAG}-{job.tag}-results").removeprefix("/v1/"),
            "displayName": job.scope[-60:],
        }
        # The platform rejects a second job of the same id, so not even a lost response makes two.
        params = {"batchInferenceJobId": f"{TAG}-{job.tag}"}
        request = HttpRequest(
            "POST", self._path("batchInferenceJobs"), params=params, json=orjson.dumps(body), safe=False
        )
        return _read_job((yield from call_json(request, having="name")))

    def find(self, job: Job | None) -> Flow[Found]:
        request = HttpRequest("GET", self._path("batchInferenceJobs"), params={"pageSize": "200"})
        jobs = yield from list_objects(request, "batchInferenceJobs", by_token(), having="name")
        found: list[RemoteJob] = []
        for remote in map(_read_job, jobs):
            if is_ours(remote, job):
                found += [(yield from self._with_files(remote))]
        return Found(tuple(found))

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        request = HttpRequest("GET", self._path(f"batchInferenceJobs/{remote_id}"))
        job = yield from none_if_missing(call_json(request, having="name"))
        if job is not None:
            return (yield from self._with_files(_read_job(job)))
        # A job that was ended is deleted; what it had finished is in its dataset, and is paid for.
        deleted = RemoteJob(remote_id, "deleted", JobPhase.STOPPED, {"dataset": f"{remote_id}-results"})
        urls = yield from none_if_missing(self._file_urls(f"{remote_id}-results"))
        return (yield from self._with_files(deleted)) if urls else None

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        """Fetch one file of a dataset, `<dataset>/<name>`, or its output file, `<dataset>`."""
        dataset, _, name = file.partition("/")
        urls = (yield from none_if_missing(self._file_urls(dataset))) or {}
        url = urls.get(name or files_by_kind(urls).get("output", ""))
        if not url:
            return False
        request = HttpRequest("GET", url, save_to=path, keyless=True)
        return (yield from none_if_missing(call(request))) is not None

    def cancel(self, remote_id: str) -> Flow[None]:
        # The API has no other way to end a job, by the same notes; a second request finds it gone.
        yield from none_if_missing(call(HttpRequest("DELETE", self._path(f"batchInferenceJobs/{remote_id}"))))

    def _with_files(self, remote: RemoteJob) -> Flow[RemoteJob]:
        """Return a job with the names of its result files, which are those of its dataset; one that failed may have some."""
        dataset = remote.files.get("dataset")
        if remote.phase is JobPhase.RUNNING or not remote.was_run or not dataset:
            return replace(remote, files={})
        urls = yield from none_if_missing(self._file_urls(dataset))
        if urls is None:
            # The dataset is not there yet. No file has this name; the next poll reads the real names.
            return replace(remote, files={"output": f"{dataset}/output"})
        files = {kind: f"{dataset}/{name}" for kind, name in files_by_kind(urls).items()}
        return replace(remote, files=files)

    def _file_urls(self, dataset: str) -> Flow[dict[str, str]]:
        """Return the URL of each file of a dataset by the file's name."""
        path = self._path(f"datasets/{dataset}:getDownloadEndpoint")
        answer = yield from call_json(HttpRequest("GET", path))
        # A dataset without files leaves the map out.
        urls = answer.get(_URLS, {})
        if not isinstance(urls, dict) or (answer and _URLS not in answer):
            raise DistilabelPlatformError(
                f"The platform sent something other than a JSON object with `{_URLS}` (GET {path})."
            )
        return {name: url for name, url in urls.items() if isinstance(url, str)}


def _read_job(batch: dict[str, Any]) -> RemoteJob:
    """Read a batch inference job that has a name; `files` holds the dataset of its results."""
    number = str(batch["name"]).rpartition("/")[2]
    state = str(batch.get("state") or "unknown").lower().removeprefix("job_state_")
    counts, reason = as_dict(batch.get("jobProgress")), as_dict(batch.get("status"))
    phase, results = _PHASES.get(state, JobPhase.RUNNING), _last_part(batch.get("outputDatasetId"))
    code, message = as_text(reason.get("code")) or "failed", as_text(reason.get("message")) or ""
    return RemoteJob(
        remote_id=number,
        status=state,
        phase=phase,
        files={"dataset": results} if results else {},
        total=as_number(counts.get("totalInputRequests")),
        completed=as_number(counts.get("successfullyProcessedRequests")),
        failed=as_number(counts.get("failedRequests")),
        errors=(JobError(code, message),) if phase is JobPhase.REJECTED else (),
        tag=number.removeprefix(f"{TAG}-") if number.startswith(f"{TAG}-") else None,
        scope=as_text(batch.get("displayName")),
        endpoint=_ENDPOINT,
        model=as_text(batch.get("model")),
        input_file=_last_part(batch.get("inputDatasetId")),
        created_at=as_timestamp(batch.get("createTime")),
    )


def _last_part(name: Any) -> str | None:
    """Return the last part of a resource's name."""
    return (as_text(name) or "").rpartition("/")[2] or None


def files_by_kind(names: Iterable[str]) -> dict[str, str]:
    """Return the files of a result dataset by kind: a file of errors has `error` in its name.

    Examples:
        >>> files_by_kind(["results-2.jsonl", "errors.jsonl", "results-1.jsonl"])
        {'error': 'errors.jsonl', 'output': 'results-1.jsonl', 'output-2': 'results-2.jsonl'}
    """
    found: dict[str, str] = {}
    for name in sorted(names):
        kind = "error" if "error" in name.lower() else "output"
        count = sum(known.partition("-")[0] == kind for known in found)
        found[f"{kind}-{count + 1}" if count else kind] = name
    return found
