"""Vertex AI's dialect: Cloud Storage, batchPredictionJobs and generateContent of Google's own models.

Shapes: https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-from-cloud-storage,
https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs,
https://cloud.google.com/storage/docs/json_api and google-genai 3.4, read in November 2026.

The pages name no key of a line. A field beside `request` comes back in the result, which was seen in September 2026 on
succeeded and on failed lines (OpenRouter's notes on this API); results are joined by it, and never by position.
"""

import json
import os
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path

import orjson

from distilabel.exceptions import DistilabelPlatformError, DistilabelUserError
from distilabel.http import Flow, HttpRequest, HttpResponse
from distilabel.providers.base import Limits, call, call_json
from distilabel.providers.google.cloud_storage import STORAGE, fetch, files_below, send
from distilabel.providers.google.common import display_name, model_path
from distilabel.providers.google.content import content_answer
from distilabel.providers.google.vertex_jobs import prediction_job, prediction_jobs_of, prediction_outcome
from distilabel.providers.parsing.json_values import as_dict, read_json
from distilabel.records import (
    Decoded,
    Failure,
    Found,
    Job,
    Outcome,
    RemoteJob,
    Target,
    canonical_json,
)

__all__ = ["Vertex", "vertex_address"]

_JOBS = "/batchPredictionJobs"
_PAGE = "100"
_GONE = 404


def vertex_address(address: str, project: str | None = None, location: str | None = None) -> str:
    """Return the address of a project in a location, below which all calls but those to Cloud Storage go.

    Args:
        address: Complete already, or only its beginning; empty for that of the location.
        project: Default: `GOOGLE_CLOUD_PROJECT`.
        location: Such as `us-central1`; default: `GOOGLE_CLOUD_LOCATION`, or `global`.

    Raises:
        DistilabelUserError: No project is given.

    Examples:
        >>> vertex_address("", "my-project", "us-central1")
        'https://us-central1-aiplatform.googleapis.com/v1/projects/my-project/locations/us-central1'
    """
    if "/projects/" in address:
        return address
    project = project or os.environ.get("GOOGLE_CLOUD_PROJECT")
    location = location or os.environ.get("GOOGLE_CLOUD_LOCATION") or "global"
    if not project:
        raise DistilabelUserError(
            "Vertex AI wants to know the project: set the environment variable GOOGLE_CLOUD_PROJECT, or give project=..."
        )
    host = "aiplatform.googleapis.com" if location == "global" else f"{location}-aiplatform.googleapis.com"
    return f"{address.rstrip('/') or f'https://{host}'}/v1/projects/{project}/locations/{location}"


class Vertex:
    """Vertex AI.

    Args:
        bucket: The bucket of Cloud Storage for requests and results; default: `GOOGLE_CLOUD_STORAGE_BUCKET`.
        storage_url: The address of Cloud Storage; default: `STORAGE_EMULATOR_HOST`, or its own.
    """

    name = "vertex"
    # https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini: 200,000 and 1 GB.
    limits = Limits(requests=200_000, size=1_000_000_000)
    tags_ids = False

    def __init__(self, bucket: str | None = None, storage_url: str | None = None) -> None:
        self._bucket = bucket or os.environ.get("GOOGLE_CLOUD_STORAGE_BUCKET")
        self._storage = storage_url or os.environ.get("STORAGE_EMULATOR_HOST") or STORAGE

    def headers(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - the job names it
        return b'{"custom_id":"%b","request":%b}\n' % (custom_id.encode(), body)

    def decode_request(self, line: bytes) -> tuple[str, bytes] | None:
        try:
            # Not orjson: it refuses unpaired surrogates and rounds large integers, and keys stand for the exact bytes.
            value = json.loads(line)
            return str(value["custom_id"]), canonical_json(value["request"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    # Online

    def online(self, target: Target, body: bytes) -> HttpRequest:
        model = model_path(target.model, "publishers/google/models")
        return HttpRequest("POST", f"/{model}:{target.endpoint}", json=body)

    def answer(self, response: HttpResponse) -> Outcome:
        return content_answer(response)

    def line(self, custom_id: str, response: HttpResponse) -> bytes:
        try:
            body = read_json(response.body)
        except ValueError:
            body = None
        answer = {"status_code": response.status, "body": body}
        return canonical_json({"custom_id": custom_id, "online": answer}) + b"\n"

    # By batch

    def upload(self, job: Job, path: Path) -> Flow[str]:
        """Send the file to the bucket under a name of ours: sent twice, it is there once."""
        return (yield from send(self._storage, self.bucket, f"distilabel/{job.tag}/input.jsonl", path))

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - it is uploaded already
        output = f"gs://{self.bucket}/distilabel/{job.tag}"
        body = {
            "displayName": display_name(job),
            "model": model_path(job.target.model, "publishers/google/models"),
            "inputConfig": {"instancesFormat": "jsonl", "gcsSource": {"uris": [job.input_file]}},
            "outputConfig": {"predictionsFormat": "jsonl", "gcsDestination": {"outputUriPrefix": output}},
        }
        request = HttpRequest("POST", _JOBS, json=orjson.dumps(body), safe=False)
        return prediction_job((yield from call_json(request, having="name")))

    def find(self, job: Job | None) -> Flow[Found]:
        found: list[RemoteJob] = []
        params = {"pageSize": _PAGE}
        while True:
            page = yield from call_json(HttpRequest("GET", _JOBS, params=params))
            for remote in map(prediction_job, prediction_jobs_of(page)):
                if remote.tag and (job is None or remote.tag == job.tag):
                    found += [(yield from self._with_files(remote))]
            if not page.get("nextPageToken"):
                return Found(tuple(found))
            params = {"pageSize": _PAGE, "pageToken": str(page["nextPageToken"])}

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        try:
            answer = yield from call_json(HttpRequest("GET", f"{_JOBS}/{remote_id}"), having="name")
        except DistilabelPlatformError as error:
            if error.status == _GONE:
                return None
            raise
        return (yield from self._with_files(prediction_job(answer)))

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        return (yield from fetch(self._storage, file, path))

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(HttpRequest("POST", f"{_JOBS}/{remote_id}:cancel", json=b"{}"))

    def decode(self, line: bytes) -> Decoded:
        try:
            value = as_dict(read_json(line))
        except ValueError:
            value = {}
        name = value.get("custom_id")
        if not isinstance(name, str):
            message = "The platform sent a line that is not JSON, or has no name."
            return Decoded(None, Failure("unreadable_line", message, retryable=True))
        return Decoded(name, prediction_outcome(value))

    # Where

    @property
    def bucket(self) -> str:
        """The bucket for requests and results.

        Raises:
            DistilabelUserError: None is given.
        """
        if self._bucket:
            return self._bucket.removeprefix("gs://").rstrip("/")
        raise DistilabelUserError(
            "Vertex AI takes batches from a bucket of Cloud Storage: set the environment variable "
            "GOOGLE_CLOUD_STORAGE_BUCKET, or give bucket=..."
        )

    def _with_files(self, remote: RemoteJob) -> Generator[HttpRequest, HttpResponse, RemoteJob]:
        """Name the result files of a job that has ended: those that lie in its folder, however many."""
        folder = remote.files.get("folder")
        if not remote.phase.has_ended or not folder:
            return replace(remote, files={})
        names = sorted((yield from files_below(self._storage, folder)))
        kinds = ("output" if number == 0 else f"output-{number + 1}" for number in range(len(names)))
        return replace(remote, files=dict(zip(kinds, names, strict=True)))
