"""AWS Bedrock's dialect: S3, model invocation jobs and Converse, one body for online and batch.

Shapes: https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-data.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html and the service models of
botocore 1.44, read in November 2026.
"""

import json
import os
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import orjson

from distilabel.exceptions import DistilabelPlatformError, DistilabelUserError
from distilabel.http import Flow, HttpRequest, HttpResponse
from distilabel.providers.aws import s3
from distilabel.providers.aws.bedrock_jobs import input_name, invocation_job, invocation_jobs_of, job_name
from distilabel.providers.aws.common import bedrock_address, beside, spoken, worded
from distilabel.providers.aws.converse import converse_answer, record_outcome
from distilabel.providers.base import Limits, call, call_json
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

__all__ = ["Bedrock"]

_JOBS = "/model-invocation-job"
_PAGE = "1000"
_GONE = 404


class Bedrock:
    """AWS Bedrock.

    Args:
        bucket: The bucket of S3 for requests and results; default: `BEDROCK_BATCH_BUCKET`.
        role: The ARN of the role as which Bedrock reads and writes it; default: `BEDROCK_BATCH_ROLE_ARN`.
        address: Bedrock's address, beside which its runtime and S3 are; default: `AWS_ENDPOINT_URL`, or the region's.
    """

    name = "bedrock"
    # https://docs.aws.amazon.com/general/latest/gr/bedrock.html: 50,000 records and 1 GB; both may be raised for a model.
    limits = Limits(requests=50_000, size=1_000_000_000)
    tags_ids = False

    def __init__(
        self, bucket: str | None = None, role: str | None = None, address: str | None = None
    ) -> None:
        self._bucket = bucket or os.environ.get("BEDROCK_BATCH_BUCKET")
        self._role = role or os.environ.get("BEDROCK_BATCH_ROLE_ARN")
        self._address = address or os.environ.get("AWS_ENDPOINT_URL") or ""

    def headers(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - the job names it
        return b'{"recordId":"%b","modelInput":%b}\n' % (custom_id.encode(), body)

    def decode_request(self, line: bytes) -> tuple[str, bytes] | None:
        try:
            # Not orjson: it refuses unpaired surrogates and rounds large integers, and keys stand for the exact bytes.
            value = json.loads(line)
            return str(value["recordId"]), canonical_json(value["modelInput"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    # Online

    def online(self, target: Target, body: bytes) -> HttpRequest:
        path = f"/model/{quote(target.model, safe='')}/{target.endpoint}"
        return HttpRequest("POST", path, json=body, base_url=beside(target.base_url, "bedrock-runtime"))

    def answer(self, response: HttpResponse) -> Outcome:
        return converse_answer(response)

    def line(self, custom_id: str, response: HttpResponse) -> bytes:
        response = spoken(response)
        try:
            body = read_json(response.body)
        except ValueError:
            body = None
        answer = {"status_code": response.status, "body": body}
        return canonical_json({"recordId": custom_id, "online": answer}) + b"\n"

    # By batch

    def upload(self, job: Job, path: Path) -> Flow[str]:
        """Send the file to the bucket under a name of ours: sent twice, it is there once."""
        uri = f"s3://{self.bucket}/{input_name(job)}"
        return (yield from worded(s3.send(self._storage, uri, path)))

    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - it is uploaded already
        """Make the job; the token is our tag, so that a second call makes no second job."""
        output = f"s3://{self.bucket}/distilabel/{job.tag}/output/"
        body = {
            "jobName": job_name(job.tag),
            "clientRequestToken": job.tag,
            "roleArn": self.role,
            "modelId": job.target.model,
            "modelInvocationType": "Converse",
            "inputDataConfig": {"s3InputDataConfig": {"s3InputFormat": "JSONL", "s3Uri": job.input_file}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": output}},
        }
        request = HttpRequest("POST", _JOBS, json=orjson.dumps(body), safe=False)
        return invocation_job((yield from worded(call_json(request, having="jobArn"))))

    def find(self, job: Job | None) -> Flow[Found]:
        return (yield from worded(self._find(job)))

    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        return (yield from worded(self._poll(remote_id)))

    def fetch(self, file: str, path: Path) -> Flow[bool]:
        return (yield from worded(s3.fetch(self._storage, file, path)))

    def cancel(self, remote_id: str) -> Flow[None]:
        yield from worded(call(HttpRequest("POST", f"{_JOBS}/{remote_id}/stop")))

    def decode(self, line: bytes) -> Decoded:
        try:
            value = as_dict(read_json(line))
        except ValueError:
            value = {}
        name = value.get("recordId")
        if not isinstance(name, str):
            message = "The platform sent a line that is not JSON, or has no name."
            return Decoded(None, Failure("unreadable_line", message, retryable=True))
        return Decoded(name, record_outcome(value))

    # Where

    @property
    def bucket(self) -> str:
        """The bucket for requests and results."""
        what = "takes batches from a bucket of S3"
        name = _given(self._bucket, what, "BEDROCK_BATCH_BUCKET", "bucket")
        return name.removeprefix("s3://").rstrip("/")

    @property
    def role(self) -> str:
        """The ARN of the role as which Bedrock reads and writes the bucket."""
        what = "reads and writes the bucket as a role of yours"
        return _given(self._role, what, "BEDROCK_BATCH_ROLE_ARN", "role_arn")

    @property
    def _storage(self) -> str:
        return beside(bedrock_address(self._address), "s3")

    # Flows whose refusals are still AWS's

    def _find(self, job: Job | None) -> Generator[HttpRequest, HttpResponse, Found]:
        found: list[RemoteJob] = []
        params = {"nameContains": job_name(job.tag if job else ""), "maxResults": _PAGE}
        while True:
            page = yield from call_json(HttpRequest("GET", f"{_JOBS}s", params=params))
            for remote in map(invocation_job, invocation_jobs_of(page)):
                if remote.tag and (job is None or remote.tag == job.tag):
                    found += [(yield from self._with_files(remote))]
            if not page.get("nextToken"):
                return Found(tuple(found))
            params = {**params, "nextToken": str(page["nextToken"])}

    def _poll(self, remote_id: str) -> Generator[HttpRequest, HttpResponse, RemoteJob | None]:
        try:
            answer = yield from call_json(HttpRequest("GET", f"{_JOBS}/{remote_id}"), having="jobArn")
        except DistilabelPlatformError as error:
            if error.status == _GONE:
                return None
            raise
        return (yield from self._with_files(invocation_job(answer)))

    def _with_files(self, remote: RemoteJob) -> Generator[HttpRequest, HttpResponse, RemoteJob]:
        """Name the result files of a job that has ended: those that lie in its folder, errors among the answers."""
        folder = remote.files.get("folder")
        if not remote.phase.has_ended or not folder:
            return replace(remote, files={})
        names = sorted((yield from s3.files_below(self._storage, folder, ".jsonl.out")))
        kinds = ("output" if number == 0 else f"output-{number + 1}" for number in range(len(names)))
        return replace(remote, files=dict(zip(kinds, names, strict=True)))


def _given(value: str | None, what: str, variable: str, argument: str) -> str:
    if value:
        return value
    raise DistilabelUserError(
        f"AWS Bedrock {what}: set the environment variable {variable}, or give {argument}=..."
    )
