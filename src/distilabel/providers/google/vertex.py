"""Vertex AI's dialect: Cloud Storage, batchPredictionJobs and generateContent of Google's own models.

Shapes: https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-from-cloud-storage,
https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs,
https://cloud.google.com/storage/docs/json_api and google-genai 3.4, read in November 2026.

The pages name no key of a line. A field beside `request` comes back in the result: OpenRouter's notes on this API saw it
in September 2026, on lines that succeeded and on lines that failed. Results are joined by this field, never by position.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from distilabel.exceptions import DistilabelUserError
from distilabel.http import Flow, HttpRequest, HttpResponse
from distilabel.providers.base import (
    Limits,
    by_token,
    call,
    call_json,
    is_ours,
    list_objects,
    none_if_missing,
    result_files,
)
from distilabel.providers.google import cloud_storage
from distilabel.providers.google.common import (
    ENDPOINT,
    display_name,
    job_errors,
    model_path,
    phase_of,
    tag_and_scope,
)
from distilabel.providers.google.content import line_outcome, read_content_response
from distilabel.providers.parsing.json_values import as_dict, as_list, as_number, as_text, as_timestamp
from distilabel.providers.parsing.lines import decode_request_line, decode_result_line, online_line
from distilabel.records import Decoded, Found, Job, RemoteJob, Target

__all__ = ["Vertex", "vertex_address"]

_JOBS = "/batchPredictionJobs"
_MODELS = "publishers/google/models"


def vertex_address(address: str, project: str | None = None, location: str | None = None) -> str:
    """Return the base URL of a project in a location. All requests but those to Cloud Storage go below it.

    Args:
        address: A complete base URL, or only its host. Empty: the host of the location.
        project: Default: `GOOGLE_CLOUD_PROJECT`.
        location: Such as `us-central1`. Default: `GOOGLE_CLOUD_LOCATION`, or `global`.

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
            "No Google Cloud project for Vertex AI: set the environment variable GOOGLE_CLOUD_PROJECT, or pass project=..."
        )
    host = "aiplatform.googleapis.com" if location == "global" else f"{location}-aiplatform.googleapis.com"
    return f"{address.rstrip('/') or f'https://{host}'}/v1/projects/{project}/locations/{location}"


class Vertex:
    """Vertex AI.

    Args:
        bucket: The Cloud Storage bucket for requests and results. Default: `GOOGLE_CLOUD_STORAGE_BUCKET`.
        storage_url: The base URL of Cloud Storage. Default: `STORAGE_EMULATOR_HOST`, or Google's.
    """

    name = "vertex"
    # https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini: 200,000 and 1 GB.
    limits = Limits(requests=200_000, size=1_000_000_000)
    tags_ids = False

    def __init__(self, bucket: str | None = None, storage_url: str | None = None) -> None:
        self._bucket = bucket or os.environ.get("GOOGLE_CLOUD_STORAGE_BUCKET")
        self._storage = storage_url or os.environ.get("STORAGE_EMULATOR_HOST") or cloud_storage.STORAGE

    def headers(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    # Lines

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - the job names it
        return b'{"custom_id":"%b","request":%b}\n' % (custom_id.encode(), body)

    def decode_request(self, line: bytes) -> tuple[str, bytes] | None:
        return decode_request_line(line, "custom_id", "request")

    def decode(self, line: bytes) -> Decoded:
        return decode_result_line(line, "custom_id", line_outcome)

    def encode_response(self, custom_id: str, response: HttpResponse) -> bytes:
        return online_line("custom_id", custom_id, response)

    # Online

    def online_request(self, target: Target, body: bytes) -> HttpRequest:
        return HttpRequest("POST", f"/{model_path(target.model, _MODELS)}:{target.endpoint}", json=body)

    read_response = staticmethod(read_content_response)

    # By batch

    @property
    def bucket(self) -> str:
        """The bucket for requests and results.

        Raises:
            DistilabelUserError: None is given.
        """
        if self._bucket:
            return self._bucket.removeprefix("gs://").rstrip("/")
        raise DistilabelUserError(
            "Vertex AI reads batches from a Cloud Storage bucket: set the environment variable "
            "GOOGLE_CLOUD_STORAGE_BUCKET, or pass bucket=..."
        )

    def upload(self, job: Job, path: Path) -> Flow[str]:
        """Send the file to the bucket under a name that holds the tag, so that it is stored once if it is sent twice."""
        name = f"distilabel/{job.tag}/input.jsonl"
        return (yield from cloud_storage.upload(self._storage, self.bucket, name, path))

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - the file is uploaded
        output = f"gs://{self.bucket}/distilabel/{job.tag}"
        body = {
            "displayName": display_name(job),
            "model": model_path(job.target.model, _MODELS),
            "inputConfig": {"instancesFormat": "jsonl", "gcsSource": {"uris": [job.input_file]}},
            "outputConfig": {"predictionsFormat": "jsonl", "gcsDestination": {"outputUriPrefix": output}},
        }
        request = HttpRequest("POST", _JOBS, json=orjson.dumps(body), safe=False)
        return _read_job((yield from call_json(request, having="name")))

    def find(self, job: Job | None) -> Flow[Found]:
        request = HttpRequest("GET", _JOBS, params={"pageSize": "100"})
        jobs = yield from list_objects(
            request, "batchPredictionJobs", by_token(), having="name", beside={"nextPageToken"}
        )
        found: list[RemoteJob] = []
        for remote in map(_read_job, jobs):
            if is_ours(remote, job):
                found += [(yield from self._with_files(remote))]
        return Found(tuple(found))

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        job = yield from none_if_missing(call_json(HttpRequest("GET", f"{_JOBS}/{remote_id}"), having="name"))
        return None if job is None else (yield from self._with_files(_read_job(job)))

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        return (yield from cloud_storage.fetch(self._storage, file, path))

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(HttpRequest("POST", f"{_JOBS}/{remote_id}:cancel", json=b"{}"))

    def _with_files(self, remote: RemoteJob) -> Flow[RemoteJob]:
        """Return a job with its result files: if it has ended, all files in its folder."""
        folder = remote.files.get("folder")
        if not remote.phase.has_ended or not folder:
            return replace(remote, files={})
        names = yield from cloud_storage.files_below(self._storage, folder)
        return replace(remote, files=result_files(names))


def _read_job(job: dict[str, Any]) -> RemoteJob:
    """Read a batch prediction job that has a name; `files` holds the folder of its results."""
    state = str(job.get("state") or "unknown").removeprefix("JOB_STATE_")
    folder = as_text(as_dict(job.get("outputInfo")).get("gcsOutputDirectory"))
    stats = as_dict(job.get("completionStats"))
    done, failed = as_number(stats.get("successfulCount")), as_number(stats.get("failedCount"))
    tag, scope = tag_and_scope(as_text(job.get("displayName")))
    uris = as_list(as_dict(as_dict(job.get("inputConfig")).get("gcsSource")).get("uris"))
    name = str(job["name"])
    return RemoteJob(
        remote_id=name.rpartition("/")[2] or name,
        status=state.lower(),
        # A job that could not write its results names their folder too; its count shows whether it finished any.
        phase=phase_of(state, has_results=folder is not None and (state != "FAILED" or bool(done))),
        files={"folder": folder} if folder else {},
        completed=done,
        failed=failed,
        errors=job_errors(as_dict(job.get("error"))),
        tag=tag,
        scope=scope,
        endpoint=ENDPOINT,
        model=(as_text(job.get("model")) or "").rpartition(f"{_MODELS}/")[2] or None,
        input_file=as_text(uris[0]) if uris else None,
        created_at=as_timestamp(job.get("createTime")),
    )
