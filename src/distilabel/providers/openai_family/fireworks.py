"""Fireworks' dialect: datasets hold requests and results, and a job's id is ours to choose: it is the tag.

Shapes: https://docs.fireworks.ai/guides/batch-inference, https://docs.fireworks.ai/api-reference/create-batch-inference-job
and the official SDK, fireworks-ai 1.2, read in November 2026.
"""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import orjson

from distilabel.exceptions import DistilabelPlatformError, DistilabelUserError
from distilabel.http import Flow, HttpRequest, HttpResponse, Upload
from distilabel.providers.base import Limits, call, call_json
from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.providers.openai_family.fireworks_jobs import (
    addresses,
    inference_job,
    inference_jobs_of,
    kinds,
    with_status,
)
from distilabel.providers.openai_family.jobs import TAG
from distilabel.providers.openai_family.lines import decode_line
from distilabel.records import Decoded, Found, Job, RemoteJob, Target

__all__ = ["Fireworks"]

_PAGE = "200"
_NOT_FOUND, _KNOWN_ALREADY = 404, 409


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
        return decode_line(with_status(line))

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
        return inference_job(answer)

    def find(self, job: Job | None) -> Flow[Found]:
        found: list[RemoteJob] = []
        params = {"pageSize": _PAGE}
        while True:
            page = yield from call_json(HttpRequest("GET", self._path("batchInferenceJobs"), params=params))
            jobs = map(inference_job, inference_jobs_of(page))
            for remote in jobs:
                if remote.tag and (job is None or remote.tag == job.tag):
                    found += [(yield from self._with_files(remote))]
            if not page.get("nextPageToken"):
                return Found(tuple(found))
            params = {"pageSize": _PAGE, "pageToken": str(page["nextPageToken"])}

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        try:
            answer = yield from call_json(
                HttpRequest("GET", self._path(f"batchInferenceJobs/{remote_id}")), having="name"
            )
        except DistilabelPlatformError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return (yield from self._with_files(inference_job(answer)))

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        """Fetch one file of a dataset, `<dataset>/<name>`, or its only one, `<dataset>`."""
        dataset, _, name = file.partition("/")
        try:
            there = yield from self._addresses(dataset)
            address = there.get(name or kinds(there).get("output", ""))
            if address:
                yield from call(HttpRequest("GET", address, save_to=path, keyless=True))
        except DistilabelPlatformError as error:
            if error.status == _NOT_FOUND:
                return False
            raise
        return bool(address)

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(HttpRequest("POST", self._path(f"batchInferenceJobs/{remote_id}:cancel")))

    def _with_files(self, remote: RemoteJob) -> Generator[HttpRequest, HttpResponse, RemoteJob]:
        """Name the result files of a job that has ended: those of its dataset, and some while that is not there."""
        dataset = remote.files.get("dataset")
        if not remote.phase.has_ended or not dataset:
            return replace(remote, files={})
        try:
            names = kinds((yield from self._addresses(dataset)))
        except DistilabelPlatformError as error:
            if error.status != _NOT_FOUND:
                raise
            # Under no name that it will have: once it is there, it is asked for its names.
            return replace(remote, files={"output": f"{dataset}/output"})
        return replace(remote, files={kind: f"{dataset}/{name}" for kind, name in names.items()})

    def _addresses(self, dataset: str) -> Generator[HttpRequest, HttpResponse, dict[str, str]]:
        path = self._path(f"datasets/{dataset}:getDownloadEndpoint")
        return addresses((yield from call_json(HttpRequest("GET", path))))
