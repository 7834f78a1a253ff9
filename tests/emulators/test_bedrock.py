"""boto3 is a client of the emulator."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.emulators.bedrock import BEDROCK
from tests.emulators.world import BAD, answer_to, emulated, until

Open = Callable[..., Any]


def client(service: str, url: str) -> Any:
    return boto3.client(
        service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="sk", aws_secret_access_key="s",
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )  # fmt: skip


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Open]:
    """Opens the platform; gives a client of each service."""
    with ExitStack() as stack:

        def open_clients(**settings: Any) -> Any:
            url = stack.enter_context(emulated(BEDROCK, tmp_path / "platform", **settings))
            services = ("bedrock", "bedrock-runtime", "s3")
            return [stack.enter_context(closing(client(service, url))) for service in services]

        yield open_clients


def made(bedrock: Any, s3: Any, token: str, *prompts: str) -> str:
    lines = [
        {"recordId": f"id-{n}", "modelInput": {"messages": [{"role": "user", "content": [{"text": prompt}]}]}}
        for n, prompt in enumerate(prompts)
    ]
    content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    s3.put_object(Bucket="my-bucket", Key=f"{token}/input.jsonl", Body=content)
    return bedrock.create_model_invocation_job(
        jobName=f"job-{token}", clientRequestToken=token, roleArn="arn:aws:iam::123456789012:role/r", modelId="m.n",
        modelInvocationType="Converse",
        inputDataConfig={"s3InputDataConfig": {"s3Uri": f"s3://my-bucket/{token}/input.jsonl"}},
        outputDataConfig={"s3OutputDataConfig": {"s3Uri": f"s3://my-bucket/{token}/out/"}},
    )["jobArn"]  # fmt: skip


def ended(bedrock: Any, arn: str, status: str) -> Any:
    look = lambda: bedrock.get_model_invocation_job(jobIdentifier=arn)  # noqa: E731
    return until(look, lambda job: job["status"] == status)


def test_boto3_makes_a_job_and_reads_its_results(at: Open):
    bedrock, _, s3 = at()
    arn = made(bedrock, s3, "first", "one", BAD)
    ended(bedrock, arn, "Completed")
    (file,) = s3.list_objects_v2(Bucket="my-bucket", Prefix="first/out/")["Contents"]
    results = s3.get_object(Bucket="my-bucket", Key=file["Key"])["Body"].read()
    by_name = {line["recordId"]: line for line in map(json.loads, results.splitlines())}
    message = by_name["id-0"]["modelOutput"]["output"]["message"]
    assert message["content"] == [{"text": answer_to("one")}]
    assert by_name["id-1"]["error"]["errorCode"] == 400


def test_token_makes_one_job(at: Open):
    bedrock, _, s3 = at()
    assert made(bedrock, s3, "first", "one") == made(bedrock, s3, "first", "one")


def test_boto3_lists_jobs_page_by_page(at: Open):
    bedrock, _, s3 = at()
    arns = [made(bedrock, s3, f"t{n}", "one") for n in range(3)]
    pages = bedrock.get_paginator("list_model_invocation_jobs").paginate(
        nameContains="job-", PaginationConfig={"PageSize": 2}
    )
    assert [job["jobArn"] for page in pages for job in page["invocationJobSummaries"]] == arns[::-1]


def test_boto3_stops_a_job(at: Open):
    bedrock, _, s3 = at(delay=60, concurrency=1)
    arn = made(bedrock, s3, "first", "one", "two")
    bedrock.stop_model_invocation_job(jobIdentifier=arn)
    ended(bedrock, arn, "Stopped")


def test_boto3_asks_online(at: Open):
    _, runtime, _ = at()
    messages = [{"role": "user", "content": [{"text": "one"}]}]
    answer = runtime.converse(modelId="m.n-v1:0", messages=messages)
    assert answer["output"]["message"]["content"] == [{"text": answer_to("one")}]


def test_file_that_is_not_there_is_reported_as_s3_tells_it(at: Open):
    _, _, s3 = at()
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="my-bucket", Key="nothing")
