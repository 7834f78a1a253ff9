"""AWS Bedrock's dialect: S3, model invocation jobs and Converse, with the same body online and by batch.

Shapes: https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-data.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html and the service models of
botocore 1.44 (GetModelInvocationJob, ListModelInvocationJobs), read in November 2026.
"""

import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from distilabel.exceptions import DistilabelUserError
from distilabel.http import Flow, HttpRequest, HttpResponse
from distilabel.providers.aws import s3
from distilabel.providers.aws.common import (
    bedrock_address,
    normalize_error,
    normalizes_errors,
    service_address,
)
from distilabel.providers.aws.converse import read_converse_response, record_outcome
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
from distilabel.providers.parsing.json_values import as_dict, as_number, as_text, as_timestamp
from distilabel.providers.parsing.lines import decode_request_line, decode_result_line, online_line
from distilabel.records import Decoded, Found, Job, JobError, JobPhase, RemoteJob, Target

__all__ = ["ENDPOINT", "Bedrock", "input_name", "read_job"]

ENDPOINT = "converse"

_JOBS = "/model-invocation-job"
_PHASES = {
    "Completed": JobPhase.COMPLETED,
    "PartiallyCompleted": JobPhase.COMPLETED,
    "Stopped": JobPhase.STOPPED,
    "Expired": JobPhase.STOPPED,
}
_NAME = re.compile(r"distilabel-([0-9a-z]+)")
_INPUT = re.compile(r"s3://[^/]+/distilabel/[0-9a-z]+/([A-Za-z0-9_-]+)/input\.jsonl")
# AWS returns its own models as ARNs, although the request named them by id.
_MODEL_ARN = re.compile(r"arn:[^/]*:(?:foundation-model|inference-profile)/")
# A URI has at most 1024 characters.
_MAX_SCOPE = 600


class Bedrock:
    """AWS Bedrock.

    Args:
        bucket: The S3 bucket for requests and results. Default: `BEDROCK_BATCH_BUCKET`.
        role: The ARN of the role with which Bedrock reads and writes the bucket. Default: `BEDROCK_BATCH_ROLE_ARN`.
        address: Bedrock's base URL, from which those of its runtime and of S3 follow. Default: `AWS_ENDPOINT_URL`, or the
            region's.
    """

    name = "bedrock"
    # https://docs.aws.amazon.com/general/latest/gr/bedrock.html: 50,000 records and 1 GB; AWS can raise both for a model.
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

    # Lines

    def encode(self, custom_id: str, body: bytes, endpoint: str) -> bytes:  # noqa: ARG002 - the job names it
        return b'{"recordId":"%b","modelInput":%b}\n' % (custom_id.encode(), body)

    def decode_request(self, line: bytes) -> tuple[str, bytes] | None:
        return decode_request_line(line, "recordId", "modelInput")

    def decode(self, line: bytes) -> Decoded:
        return decode_result_line(line, "recordId", record_outcome)

    def encode_response(self, custom_id: str, response: HttpResponse) -> bytes:
        return online_line("recordId", custom_id, normalize_error(response))

    # Online

    def online_request(self, target: Target, body: bytes) -> HttpRequest:
        path = f"/model/{quote(target.model, safe='')}/{target.endpoint}"
        base = service_address(target.base_url, "bedrock-runtime")
        return HttpRequest("POST", path, json=body, base_url=base)

    read_response = staticmethod(read_converse_response)

    # By batch

    @property
    def bucket(self) -> str:
        """The bucket for requests and results.

        Raises:
            DistilabelUserError: None is given.
        """
        if self._bucket:
            return self._bucket.removeprefix("s3://").rstrip("/")
        raise DistilabelUserError(
            "AWS Bedrock reads batches from an S3 bucket: set the environment variable BEDROCK_BATCH_BUCKET, or pass "
            "bucket=..."
        )

    @property
    def role(self) -> str:
        """The ARN of the role with which Bedrock reads and writes the bucket.

        Raises:
            DistilabelUserError: None is given.
        """
        if self._role:
            return self._role
        raise DistilabelUserError(
            "AWS Bedrock reads and writes the bucket with a role of your account: set the environment variable "
            "BEDROCK_BATCH_ROLE_ARN, or pass role_arn=..."
        )

    @property
    def _storage(self) -> str:
        return service_address(bedrock_address(self._address), "s3")

    @normalizes_errors
    def upload(self, job: Job, path: Path) -> Flow[str]:
        """Send the file to the bucket under a name that holds the tag, so that it is stored once if it is sent twice."""
        uri = f"s3://{self.bucket}/{input_name(job)}"
        return (yield from s3.upload(self._storage, uri, path))

    @normalizes_errors
    def create(self, job: Job, path: Path) -> Flow[RemoteJob]:  # noqa: ARG002 - the file is uploaded
        """Create the job. The tag is the idempotency token, so a second request creates no second job."""
        output = f"s3://{self.bucket}/distilabel/{job.tag}/output/"
        body = {
            "jobName": _job_name(job.tag),
            "clientRequestToken": job.tag,
            "roleArn": self.role,
            "modelId": job.target.model,
            "modelInvocationType": "Converse",
            "inputDataConfig": {"s3InputDataConfig": {"s3InputFormat": "JSONL", "s3Uri": job.input_file}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": output}},
        }
        request = HttpRequest("POST", _JOBS, json=orjson.dumps(body), safe=False)
        return read_job((yield from call_json(request, having="jobArn")))

    @normalizes_errors
    def find(self, job: Job | None) -> Flow[Found]:
        params = {"nameContains": _job_name(job.tag if job else ""), "maxResults": "1000"}
        jobs = yield from list_objects(
            HttpRequest("GET", f"{_JOBS}s", params=params),
            "invocationJobSummaries",
            by_token("nextToken", "nextToken"),
            having="jobArn",
            beside={"nextToken"},
        )
        found: list[RemoteJob] = []
        for remote in map(read_job, jobs):
            if is_ours(remote, job):
                found += [(yield from self._with_files(remote))]
        return Found(tuple(found))

    @normalizes_errors
    def poll(self, remote_id: str) -> Flow[RemoteJob | None]:
        request = HttpRequest("GET", f"{_JOBS}/{remote_id}")
        job = yield from none_if_missing(call_json(request, having="jobArn"))
        return None if job is None else (yield from self._with_files(read_job(job)))

    @normalizes_errors
    def fetch(self, file: str, path: Path) -> Flow[bool]:
        return (yield from s3.fetch(self._storage, file, path))

    @normalizes_errors
    def cancel(self, remote_id: str) -> Flow[None]:
        yield from call(HttpRequest("POST", f"{_JOBS}/{remote_id}/stop"))

    def _with_files(self, remote: RemoteJob) -> Flow[RemoteJob]:
        """Return a job with its result files: if it has ended, all files in its folder. They hold errors too."""
        folder = remote.files.get("folder")
        if not remote.phase.has_ended or not folder:
            return replace(remote, files={})
        names = yield from s3.files_below(self._storage, folder, ".jsonl.out")
        return replace(remote, files=result_files(names))


def input_name(job: Job) -> str:
    """Return the name of a job's request file. It also holds the scope, which does not fit into the job's name."""
    scope = urlsafe_b64encode(job.scope.encode()).decode().rstrip("=")
    return f"distilabel/{job.tag}/{scope if 0 < len(scope) <= _MAX_SCOPE else '-'}/input.jsonl"


def _job_name(tag: str) -> str:
    """Return the name by which a job is found again; a name has at most 63 letters, digits and hyphens."""
    return f"distilabel-{tag}"


def read_job(job: dict[str, Any]) -> RemoteJob:
    """Read a model invocation job that has an ARN; `files` holds the folder of its results."""
    status = str(job.get("status") or "unknown")
    done, failed = as_number(job.get("successRecordCount")), as_number(job.get("errorRecordCount"))
    phase = _PHASES.get(status, JobPhase.RUNNING)
    if status == "Failed":
        # A failed job may have finished some records.
        phase = JobPhase.STOPPED if done else JobPhase.REJECTED
    name = _NAME.fullmatch(as_text(job.get("jobName")) or "")
    arn, message = str(job["jobArn"]), as_text(job.get("message"))
    number = arn.rpartition("/")[2] or arn
    outputs, inputs = as_dict(job.get("outputDataConfig")), as_dict(job.get("inputDataConfig"))
    folder = as_text(as_dict(outputs.get("s3OutputDataConfig")).get("s3Uri"))
    file = as_text(as_dict(inputs.get("s3InputDataConfig")).get("s3Uri"))
    return RemoteJob(
        remote_id=number,
        status=status,
        phase=phase,
        files={"folder": f"{folder.rstrip('/')}/{number}"} if folder else {},
        total=as_number(job.get("totalRecordCount")),
        completed=done,
        failed=failed,
        errors=(JobError(status.lower(), message),) if message else (),
        tag=name[1] if name else None,
        scope=_scope_in(file) if name else None,
        endpoint=ENDPOINT,
        model=_MODEL_ARN.sub("", as_text(job.get("modelId")) or "") or None,
        input_file=file,
        created_at=as_timestamp(job.get("submitTime")),
    )


def _scope_in(file: str | None) -> str | None:
    """Return the scope from the URI of a request file of this library."""
    found = _INPUT.fullmatch(file or "")
    if not found or found[1] == "-":
        return None
    try:
        return urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)).decode()
    except ValueError:
        return None
