"""What is AWS Bedrock's own: S3, addresses, the words of refusals; and botocore's service models on our calls and samples."""

import json
import re
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.loaders
import botocore.parsers
import pytest
from botocore.config import Config
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.validate import ParamValidator

from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelModelNotFoundError,
    DistilabelPlatformError,
    DistilabelUserError,
)
from distilabel.http import FromFile, HttpRequest
from distilabel.providers.aws import s3
from distilabel.providers.aws.auth import AwsSigner
from distilabel.providers.aws.bedrock import Bedrock, input_name, read_job
from distilabel.providers.aws.common import bedrock_address, service_address
from distilabel.providers.registry import platform
from distilabel.records import Failure, Job, JobPhase, Target
from tests.fakes import drive, response

WIRE = Path(__file__).parents[2] / "wire" / "bedrock"
TAG = "0f0e0d0c0b0a09080706050403020100"
ADDRESS = "https://bedrock.us-east-1.amazonaws.com"
ROLE = "arn:aws:iam::123456789012:role/batch"
TARGET = Target("bedrock", ADDRESS, "converse", "anthropic.claude-3-haiku-20240307-v1:0")
INPUT = f"s3://my-bucket/distilabel/{TAG}/cC9z/input.jsonl"
JOB = Job(1, "p/s", TARGET, TAG, "creating", 2, 1, 2e9, 2e9, input_file=INPUT)
ERROR_TYPE = "x-amzn-errortype"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch):
    for name in (
        "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "BEDROCK_BATCH_BUCKET", "BEDROCK_BATCH_ROLE_ARN",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bedrock() -> Bedrock:
    return Bedrock("my-bucket", ROLE, ADDRESS)


# Calls


def test_requests_go_to_the_bucket_under_the_job_s_tag(bedrock: Bedrock):
    (request,), uri = drive(bedrock.upload(JOB, Path("in")), response(200, b"", etag='"e"'))
    assert (request.method, request.base_url) == ("PUT", "https://my-bucket.s3.us-east-1.amazonaws.com")
    assert request.path == f"/distilabel/{TAG}/cC9z/input.jsonl"
    assert request.content == FromFile(Path("in"), content_type="application/jsonl")
    assert request.headers == {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    assert uri == INPUT


@pytest.mark.parametrize(
    ("storage", "bucket", "place"),
    [
        ("https://s3.eu-west-1.amazonaws.com", "b-1", ("https://b-1.s3.eu-west-1.amazonaws.com", "/x%20y/z")),
        ("https://s3.eu-west-1.amazonaws.com", "b.1", ("https://s3.eu-west-1.amazonaws.com", "/b.1/x%20y/z")),
        ("http://127.0.0.1:9", "b-1", ("http://127.0.0.1:9", "/b-1/x%20y/z")),
    ],
)
def test_bucket_is_a_host_at_aws_alone(storage: str, bucket: str, place: tuple[str, str]):
    request = next(s3.fetch(storage, f"s3://{bucket}/x y/z", Path("x")))
    assert (request.base_url, request.path) == place


def test_model_s_name_is_one_part_of_the_path(bedrock: Bedrock):
    arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.m-v1:0"
    request = bedrock.online_request(Target("bedrock", ADDRESS, "converse", arn), b"{}")
    assert request.base_url == "https://bedrock-runtime.us-east-1.amazonaws.com"
    assert (
        request.path
        == "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.m-v1%3A0/converse"
    )


def test_scope_of_any_text_comes_back_with_the_job(bedrock: Bedrock):
    for scope in ("p/s", "a ü\u2028 b", "x"):
        job = Job(1, scope, TARGET, TAG, "creating", 2, 1, 2e9, 2e9)
        file = {"s3InputDataConfig": {"s3Uri": f"s3://b/{input_name(job)}"}}
        read = read_job({"jobArn": "a/1", "jobName": f"distilabel-{TAG}", "inputDataConfig": file})
        assert (read.scope, read.tag) == (scope, TAG)


def test_scope_that_is_too_long_is_left_out():
    job = Job(1, "p" * 900, TARGET, TAG, "creating", 2, 1, 2e9, 2e9)
    file = {"s3InputDataConfig": {"s3Uri": f"s3://b/{input_name(job)}"}}
    assert read_job({"jobArn": "1", "jobName": f"distilabel-{TAG}", "inputDataConfig": file}).scope is None


def test_job_that_has_too_few_requests_says_so(bedrock: Bedrock):
    sample = json.loads((WIRE / "batch_failed.json").read_bytes())
    _, job = drive(bedrock.poll("abc123def456"), response(200, sample))
    assert (job.phase, job.model) == (JobPhase.REJECTED, TARGET.model)
    assert "required minimum of: 100" in job.errors[0].message


def test_upload_without_an_etag_is_no_upload(bedrock: Bedrock):
    with pytest.raises(DistilabelPlatformError, match="ETag"):
        drive(bedrock.upload(JOB, Path("in")), response(200, b""))


# Where


def test_bucket_and_role_are_wanted_by_batch_alone(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(DistilabelUserError, match="BEDROCK_BATCH_BUCKET"):
        next(Bedrock(address=ADDRESS).upload(JOB, Path("in")))
    with pytest.raises(DistilabelUserError, match="BEDROCK_BATCH_ROLE_ARN"):
        next(Bedrock("b", address=ADDRESS).create(JOB, Path("in")))
    assert Bedrock().online_request(TARGET, b"{}").path.endswith("/converse")
    monkeypatch.setenv("BEDROCK_BATCH_BUCKET", "s3://mine/")
    monkeypatch.setenv("BEDROCK_BATCH_ROLE_ARN", ROLE)
    assert (Bedrock().bucket, Bedrock().role) == ("mine", ROLE)


def test_address_is_that_of_the_region_or_one_for_all(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(DistilabelUserError, match="AWS_REGION"):
        platform("bedrock").address()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert platform("bedrock").address() == "https://bedrock.eu-west-1.amazonaws.com"
    monkeypatch.setenv("AWS_REGION", "cn-north-1")
    assert platform("bedrock").address() == "https://bedrock.cn-north-1.amazonaws.com.cn"
    assert service_address(bedrock_address(), "s3") == "https://s3.cn-north-1.amazonaws.com.cn"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9/")
    assert platform("bedrock").address() == service_address(bedrock_address("http://127.0.0.1:9/"), "s3")
    assert platform("bedrock").signer is AwsSigner


# Refusals


def refused(code: str, status: int = 400, message: str = "No.") -> Any:
    kind = f"{code}:http://internal.amazon.com/coral/com.amazon.bedrock/"
    return response(status, {"message": message}, **{ERROR_TYPE: kind})


def test_refusal_is_reported_by_its_name(bedrock: Bedrock):
    with pytest.raises(DistilabelPlatformError, match="HTTP 400: No") as caught:
        drive(bedrock.create(JOB, Path("in")), refused("ValidationException"))
    assert (caught.value.status, caught.value.code) == (400, "ValidationException")


def test_quota_of_jobs_is_waited_for(bedrock: Bedrock):
    with pytest.raises(DistilabelPlatformError) as caught:
        drive(bedrock.create(JOB, Path("in")), refused("ServiceQuotaExceededException"))
    assert caught.value.status == 429


def test_refusal_of_s3_is_reported_without_its_xml(bedrock: Bedrock):
    xml = b"<Error><Code>AccessDenied</Code><Message>Not &quot;you&quot;.</Message><HostId>h</HostId></Error>"
    with pytest.raises(DistilabelAuthenticationError, match='HTTP 403: Not "you"') as caught:
        drive(bedrock.upload(JOB, Path("in")), response(403, xml))
    assert (caught.value.code, "<" in str(caught.value)) == ("AccessDenied", False)


def test_credentials_that_have_run_out_are_an_error_of_the_key(bedrock: Bedrock):
    xml = b"<Error><Code>ExpiredToken</Code><Message>Too old.</Message></Error>"
    with pytest.raises(DistilabelAuthenticationError, match="Too old"):
        drive(bedrock.fetch("s3://b/k", Path("x")), response(400, xml))


@pytest.mark.parametrize(
    "answer",
    [
        refused("ValidationException", 400, "The provided model identifier is invalid."),
        refused("ResourceNotFoundException", 404, "Could not resolve the foundation model."),
    ],
)
def test_model_that_is_not_known_ends_the_run(bedrock: Bedrock, answer: Any):
    with pytest.raises(DistilabelModelNotFoundError, match="and the region"):
        bedrock.read_response(answer)


@pytest.mark.parametrize(
    ("answer", "retryable"),
    [
        (refused("ThrottlingException", 429), True),
        (refused("ModelErrorException", 424), True),
        (refused("ValidationException", 400), False),
    ],
)
def test_online_refusal_is_a_value_of_its_name(bedrock: Bedrock, answer: Any, retryable: bool):
    outcome = bedrock.read_response(answer)
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.message, outcome.retryable) == (
        answer.headers[ERROR_TYPE].partition(":")[0], "No.", retryable,
    )  # fmt: skip
    assert bedrock.decode(bedrock.encode_response("n", answer)).outcome == outcome


# botocore's service models on our calls and samples


def model(service: str) -> ServiceModel:
    return ServiceModel(botocore.loaders.Loader().load_service_model(service, "service-2"), service)


def operation(service: str, name: str) -> OperationModel:
    return model(service).operation_model(name)


def strangers(value: Any, shape: Shape, path: str = "") -> list[str]:
    """The fields in a value that the model does not know."""
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        known = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        unknown = [f"{path}.{name}" for name in value if name not in known]
        inner = [strangers(value[name], known[name], f"{path}.{name}") for name in value if name in known]
        return [*unknown, *chain.from_iterable(inner)]
    if shape.type_name == "list":
        return list(chain.from_iterable(strangers(item, shape.member, path) for item in value))
    return [f"{path}={value}"] if getattr(shape, "enum", None) and value not in shape.enum else []


def parsed(service: str, name: str, content: bytes) -> dict[str, Any]:
    """Content as botocore reads it; what the model does not know is an error."""
    called = operation(service, name)
    parser = botocore.parsers.create_parser(called.service_model.resolved_protocol)
    return parser.parse({"status_code": 200, "headers": {}, "body": content}, called.output_shape)


def check_request(request: HttpRequest, called: OperationModel, **in_path: str) -> None:
    value = json.loads(request.json or b"{}") | dict(request.params) | in_path
    names = {m.serialization.get("name", name): name for name, m in called.input_shape.members.items()}
    given = {names[name]: int(text) if name == "maxResults" else text for name, text in value.items()}
    assert ParamValidator().validate(given, called.input_shape).generate_report() == ""
    assert strangers(given, called.input_shape) == []
    assert request.method == called.http["method"]
    assert request.path == called.http["requestUri"].format(**in_path)


def test_our_calls_are_those_of_the_service_model(bedrock: Bedrock):
    create = next(bedrock.create(JOB, Path("in")))
    check_request(create, operation("bedrock", "CreateModelInvocationJob"))
    number = {"jobIdentifier": "abc123def456"}
    check_request(next(bedrock.poll("abc123def456")), operation("bedrock", "GetModelInvocationJob"), **number)
    check_request(
        next(bedrock.cancel("abc123def456")), operation("bedrock", "StopModelInvocationJob"), **number
    )
    for job in (JOB, None):
        check_request(next(bedrock.find(job)), operation("bedrock", "ListModelInvocationJobs"))


def patterns(shape: Shape, value: Any) -> list[tuple[str, str]]:
    """Each text within a value, and the pattern that it must match."""
    if shape.type_name == "structure":
        return list(
            chain.from_iterable(patterns(shape.members[name], inner) for name, inner in value.items())
        )
    return [(value, shape.metadata["pattern"])] if "pattern" in shape.metadata else []


def test_names_that_we_make_are_such_as_aws_takes(bedrock: Bedrock):
    shape = operation("bedrock", "CreateModelInvocationJob").input_shape
    texts = patterns(shape, json.loads(next(bedrock.create(JOB, Path("in"))).json))
    assert len(texts) == 6
    assert [text for text, pattern in texts if not re.fullmatch(pattern, text)] == []


@pytest.mark.parametrize("path", sorted(WIRE.glob("batch_*.json")), ids=lambda path: path.stem)
def test_botocore_reads_our_jobs(path: Path):
    read = parsed("bedrock", "GetModelInvocationJob", path.read_bytes())
    assert read["inputDataConfig"]["s3InputDataConfig"]["s3Uri"] == INPUT
    unknown = strangers(
        json.loads(path.read_bytes()), operation("bedrock", "GetModelInvocationJob").output_shape
    )
    assert unknown == ([".status=Resting"] if path.stem == "batch_new_word" else [])


@pytest.mark.parametrize("path", sorted(WIRE.glob("list_*.json")), ids=lambda path: path.stem)
def test_botocore_reads_our_lists(path: Path):
    read = parsed("bedrock", "ListModelInvocationJobs", path.read_bytes())
    assert len(read["invocationJobSummaries"]) == 2
    shape = operation("bedrock", "ListModelInvocationJobs").output_shape
    assert strangers(json.loads(path.read_bytes()), shape) == []


def test_every_status_of_the_service_model_is_a_sample():
    shape = operation("bedrock", "GetModelInvocationJob").output_shape.members["status"]
    samples = {json.loads(path.read_bytes())["status"] for path in WIRE.glob("batch_*.json")}
    assert set(shape.enum) == samples - {"Resting"}


def test_botocore_reads_our_lists_of_files():
    read = parsed("s3", "ListObjectsV2", (WIRE / "objects_page_1.xml").read_bytes())
    (name,) = [item["Key"] for item in read["Contents"]]
    folder = f"s3://my-bucket/distilabel/{TAG}/output/abc123def456"
    pages = [response(200, (WIRE / f"objects_page_{number}.xml").read_bytes()) for number in (1, 2)]
    requests, found = drive(
        s3.files_below("https://s3.us-east-1.amazonaws.com", folder, ".jsonl.out"), *pages
    )
    assert found[0] == f"s3://my-bucket/{name}"
    assert requests[1].params["continuation-token"] == read["NextContinuationToken"]


def test_botocore_reads_the_answers_in_our_result_lines():
    shape = operation("bedrock-runtime", "Converse").output_shape
    lines = [json.loads(line) for line in (WIRE / "output.jsonl").read_bytes().split(b"\n") if line]
    answers = [line["modelOutput"] for line in lines if "modelOutput" in line]
    read = [parsed("bedrock-runtime", "Converse", json.dumps(answer).encode()) for answer in answers]
    assert read[0]["output"]["message"]["content"] == [{"text": "Paris."}]
    assert [unknown for answer in answers for unknown in strangers(answer, shape)] == []


# The calls that botocore makes


def sent_by_boto3(
    service: str,
    name: str,
    config: dict[str, Any] | None = None,
    *,
    token: str | None = None,
    secret: str = "secret",
    **arguments: Any,
) -> Any:
    """The request that boto3 would send."""
    client = boto3.client(
        service, region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(**(config or {})),
    )  # fmt: skip
    sent = []

    def stop(request: Any, **_: Any) -> Any:
        sent.append(request)
        raise InterruptedError

    client.meta.events.register("before-send", stop)
    with pytest.raises(InterruptedError):
        getattr(client, name)(**arguments)
    client.close()
    return sent[0]


def test_boto3_makes_the_job_that_we_make(bedrock: Bedrock):
    ours = next(bedrock.create(JOB, Path("in")))
    theirs = sent_by_boto3("bedrock", "create_model_invocation_job", **json.loads(ours.json))
    assert theirs.url == ADDRESS + ours.path
    assert json.loads(theirs.body) == json.loads(ours.json)


def test_boto3_goes_where_we_go(bedrock: Bedrock):
    online = bedrock.online_request(TARGET, b"{}")
    theirs = sent_by_boto3("bedrock-runtime", "converse", modelId=TARGET.model, messages=[])
    assert theirs.url == f"{online.base_url}{online.path}"
    fetched = next(bedrock.fetch(INPUT, Path("x")))
    key = INPUT.removeprefix("s3://my-bucket/")
    theirs = sent_by_boto3("s3", "get_object", Bucket="my-bucket", Key=key)
    # boto3 leaves the region out of the host for us-east-1.
    assert urlsplit(theirs.url).path == fetched.path
    assert urlsplit(theirs.url).netloc in (
        "my-bucket.s3.us-east-1.amazonaws.com",
        "my-bucket.s3.amazonaws.com",
    )
