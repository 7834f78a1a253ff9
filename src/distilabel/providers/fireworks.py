"""Fireworks' dialect: datasets hold requests and results, and a job's id is ours to choose: it is the tag.

Shapes: https://docs.fireworks.ai/guides/batch-inference, https://docs.fireworks.ai/api-reference/create-batch-inference-job
and the official SDK, fireworks-ai 1.2, read in November 2026.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from distilabel.exceptions import DistilabelPlatformError, DistilabelUserError
from distilabel.providers.base import Limits, call, call_json, read_json
from distilabel.providers.batches import TAG, as_dict, as_number, as_text, as_time
from distilabel.providers.lines import decode_line
from distilabel.providers.openai import OpenAI
from distilabel.records import Decoded, Found, Job, JobError, JobPhase, RemoteJob, Target, canonical_json
from distilabel.wire import Flow, HttpRequest, Upload

__all__ = ["Fireworks"]

_ENDPOINT = "/v1/chat/completions"
_PAGE = "200"
_NOT_FOUND, _KNOWN_ALREADY = 404, 409
_URLS = "filenameToSignedUrls"
_PHASES = {
    "completed": JobPhase.ENDED,
    "expired": JobPhase.ENDED,
    "cancelled": JobPhase.ENDED,
    "early_stopped": JobPhase.ENDED,
    "failed": JobPhase.REJECTED,
}


class Fireworks(OpenAI):
    """Fireworks.

    Args:
        account: Whose datasets and jobs they are; wanted for jobs only.
    """

    name = "fireworks"
    # Below 500 MB a dataset; how many requests is not limited: as many as elsewhere, so that no job is lost as a whole.
    limits = Limits(requests=100_000, size=499_000_000)

    def __init__(self, account: str | None = None) -> None:
        self._account = account

    def _path(self, path: str) -> str:
        if self._account:
            return f"/v1/accounts/{self._account}/{path}"
        raise DistilabelUserError(
            "Fireworks' batch jobs belong to an account: set the environment variable FIREWORKS_ACCOUNT_ID, or give "
            "account_id=..."
        )

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - there is but one
        return b'{"custom_id":"%b","body":%b}\n' % (custom_id.encode(), body)

    def decode(self, line: bytes) -> Decoded:
        return decode_line(_with_status(line))

    def online(self, target: Target, body: bytes) -> HttpRequest:
        return HttpRequest("POST", f"/inference{target.endpoint}", json=body)

    def upload(self, job: Job, path: Path) -> Flow[str]:
        """Make a dataset, and put the file into it; one that is there already is filled again."""
        dataset = f"{TAG}-{job.tag}"
        made = {"datasetId": dataset, "dataset": {"userUploaded": {}, "format": "CHAT"}}
        again = frozenset({_KNOWN_ALREADY})
        try:
            yield from call_json(
                HttpRequest("POST", self._path("datasets"), json=orjson.dumps(made), answers=again),
                having="name",
            )
        except DistilabelPlatformError as error:
            if error.status != _KNOWN_ALREADY:
                raise
        upload = Upload(path, "input.jsonl")
        yield from call(HttpRequest("POST", self._path(f"datasets/{dataset}:upload"), upload=upload))
        return dataset

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - it is uploaded already
        body = {
            "model": job.target.model,
            "inputDatasetId": self._path(f"datasets/{job.input_file}").removeprefix("/v1/"),
            "outputDatasetId": self._path(f"datasets/{TAG}-{job.tag}-results").removeprefix("/v1/"),
            "displayName": job.scope[-60:],
        }
        # A second creation under the same id is refused, so that not even a lost answer makes two.
        params = {"batchInferenceJobId": f"{TAG}-{job.tag}"}
        request = HttpRequest(
            "POST", self._path("batchInferenceJobs"), params=params, json=orjson.dumps(body), safe=False
        )
        answer = yield from call_json(request, having="name")
        return self.read_job(answer)

    def find(self, job: Job | None) -> Flow[Found]:
        found: list[RemoteJob] = []
        params = {"pageSize": _PAGE}
        while True:
            page = yield from call_json(HttpRequest("GET", self._path("batchInferenceJobs"), params=params))
            found += [self.read_job(one) for one in _jobs(page)]
            if not page.get("nextPageToken"):
                break
            params = {"pageSize": _PAGE, "pageToken": str(page["nextPageToken"])}
        return Found(tuple(r for r in found if r.tag and (job is None or r.tag == job.tag)))

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        try:
            answer = yield from call_json(
                HttpRequest("GET", self._path(f"batchInferenceJobs/{remote_id}")), having="name"
            )
        except DistilabelPlatformError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return self.read_job(answer)

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        """Fetch `<dataset>` or, of its files, the results or the errors: `<dataset>/output`, `<dataset>/error`."""
        dataset, _, kind = file.partition("/")
        try:
            answer = yield from call_json(
                HttpRequest("GET", self._path(f"datasets/{dataset}:getDownloadEndpoint"))
            )
            # Which is which, only the names tell: one of them says that it holds errors.
            urls = {name: url for name, url in _addresses(answer).items() if isinstance(url, str)}
            wanted = [url for name, url in urls.items() if ("error" in name.lower()) is (kind == "error")]
            if not wanted:
                return False
            yield from call(HttpRequest("GET", wanted[0], save_to=path, keyless=True))
        except DistilabelPlatformError as error:
            if error.status == _NOT_FOUND:
                return False
            raise
        return True

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(HttpRequest("POST", self._path(f"batchInferenceJobs/{remote_id}:cancel")))

    def read_job(self, batch: dict[str, Any]) -> RemoteJob:
        number = str(batch["name"]).rpartition("/")[2]
        state = str(batch.get("state") or "unknown").lower().removeprefix("job_state_")
        counts, why = as_dict(batch.get("jobProgress")), as_dict(batch.get("status"))
        phase, results = _PHASES.get(state, JobPhase.RUNNING), _last(batch.get("outputDatasetId"))
        code, message = as_text(why.get("code")) or "failed", as_text(why.get("message")) or ""
        remote = RemoteJob(
            remote_id=number,
            status=state,
            phase=phase,
            total=as_number(counts.get("totalInputRequests")),
            completed=as_number(counts.get("successfullyProcessedRequests")),
            failed=as_number(counts.get("failedRequests")),
            tag=number.removeprefix(f"{TAG}-") if number.startswith(f"{TAG}-") else None,
            scope=as_text(batch.get("displayName")),
            endpoint=_ENDPOINT,
            model=as_text(batch.get("model")),
            input_file=_last(batch.get("inputDatasetId")),
            created_at=as_time(batch.get("createTime")),
        )
        if phase is JobPhase.REJECTED:
            return replace(remote, errors=(JobError(code, message),))
        ended = phase is JobPhase.ENDED and results
        return (
            replace(remote, files={kind: f"{results}/{kind}" for kind in ("output", "error")})
            if ended
            else remote
        )


def _with_status(line: bytes) -> bytes:
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


def _jobs(page: dict[str, Any]) -> list[dict[str, Any]]:
    jobs = page.get("batchInferenceJobs")
    if isinstance(jobs, list) and all(isinstance(job, dict) and job.get("name") for job in jobs):
        return jobs
    raise DistilabelPlatformError(
        "GET batchInferenceJobs was answered with something else than a list of jobs."
    )


def _addresses(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the files of a dataset: one of a job that was cancelled early has none, an answer cut short no names."""
    urls = answer.get(_URLS)
    if isinstance(urls, dict):
        return urls
    raise DistilabelPlatformError(f"GET getDownloadEndpoint was answered with something without `{_URLS}`.")


def _last(name: Any) -> str | None:
    return (as_text(name) or "").rpartition("/")[2] or None
