"""Calls to AWS are signed as boto3 signs them, and as AWS checks it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.auth
import botocore.credentials
import botocore.exceptions
import botocore.session
import httpx2
import pytest

from distilabel import _event_loop as loop
from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelMissingPackageError,
    DistilabelUnreachableError,
)
from distilabel.http import FromFile, HttpRequest
from distilabel.providers.aws import auth as aws_signer
from distilabel.providers.aws.auth import AwsSigner
from distilabel.providers.base import call
from distilabel.transport import HttpTransport
from tests.providers.aws.test_bedrock import TARGET, sent_by_boto3
from tests.sigv4 import ACCESS_KEY, SECRET_KEY, signed_for

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCOUNT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)


@pytest.mark.parametrize(
    ("service", "name", "arguments"),
    [
        ("bedrock-runtime", "converse", {"modelId": TARGET.model, "messages": []}),
        ("bedrock", "list_model_invocation_jobs", {"nameContains": "distilabel-", "nextToken": "a/b+c="}),
        ("bedrock", "stop_model_invocation_job", {"jobIdentifier": "abc123def456"}),
        ("s3", "list_objects_v2", {"Bucket": "my-bucket", "Prefix": "a/b", "ContinuationToken": "a/+="}),
        ("s3", "get_object", {"Bucket": "my-bucket", "Key": "a b/c.jsonl"}),
    ],
)
@pytest.mark.parametrize("token", [None, "FwoGZXIvYXdzEXAMPLE"])
def test_call_is_signed_as_boto3_signs_it(
    monkeypatch, service: str, name: str, arguments: Any, token: str | None
):
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: NOON)
    if token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    theirs = sent_by_boto3(
        service, name, {"s3": {"payload_signing_enabled": False}}, token=token, secret=SECRET_KEY, **arguments
    )
    headers = {n: v.decode() if isinstance(v, bytes) else v for n, v in theirs.headers.items()}
    body = theirs.body.encode() if isinstance(theirs.body, str) else theirs.body
    ours = AwsSigner()(theirs.method, theirs.url, {n.lower(): v for n, v in headers.items()}, body)
    assert ours["Authorization"] == headers["Authorization"]
    assert ours["X-Amz-Date"] == "20261122T120000Z"
    assert ours.get("X-Amz-Security-Token") == token


def arrived(request: HttpRequest, base_url: str) -> httpx2.Request:
    """The request as it leaves our transport."""
    seen: list[httpx2.Request] = []

    async def answer(request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        seen.append(request)
        return httpx2.Response(200)

    transport = HttpTransport(base_url, {}, signer=AwsSigner(), transport=httpx2.MockTransport(answer))
    loop.run(transport.run(call(request)))
    loop.run(transport.close())
    return seen[0]


UNSIGNED = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}


@pytest.mark.parametrize(
    ("request_", "base_url", "region", "service"),
    [
        (HttpRequest("POST", "/model/a.b-v1%3A0/converse", json=b'{"a":1}'), "https://bedrock-runtime.eu-west-1.amazonaws.com", "eu-west-1", "bedrock"),
        (HttpRequest("GET", "/model-invocation-jobs", params={"nextToken": "a/b+c=", "nameContains": "x"}), "https://bedrock.us-gov-west-1.amazonaws.com", "us-gov-west-1", "bedrock"),
        (HttpRequest("POST", "/model-invocation-job/a/stop"), "http://127.0.0.1:4566", "us-east-1", "bedrock"),
        (HttpRequest("GET", "/", params={"list-type": "2", "prefix": "a/b~c"}, headers=UNSIGNED), "https://b.s3.ap-southeast-2.amazonaws.com", "ap-southeast-2", "s3"),
        (HttpRequest("GET", "/b/x%20y/z", headers=UNSIGNED), "http://127.0.0.1:4566", "us-east-1", "s3"),
    ],
)  # fmt: skip
def test_what_arrives_is_signed_for_its_service(
    request_: HttpRequest, base_url: str, region: str, service: str
):
    assert signed_for(arrived(request_, base_url)) == (region, service)


def test_file_is_streamed_and_signed_without_its_bytes(tmp_path: Path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"{}\n" * 9)
    request = HttpRequest(
        "PUT", "/k", headers=UNSIGNED, content=FromFile(path, content_type="application/jsonl")
    )
    sent = arrived(request, "https://b.s3.us-east-1.amazonaws.com")
    assert signed_for(sent) == ("us-east-1", "s3")
    assert (sent.content, sent.headers["content-length"]) == (b"{}\n" * 9, "27")
    assert "content-type" in sent.headers["authorization"]


def test_signature_that_is_changed_is_no_signature(tmp_path: Path):
    sent = arrived(HttpRequest("POST", "/x", json=b"{}"), "https://bedrock.us-east-1.amazonaws.com")
    sent.headers["x-amz-date"] = "20200101T000000Z"
    with pytest.raises(AssertionError):
        signed_for(sent)


def test_region_of_an_address_without_one_is_the_environment_s(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    sent = arrived(HttpRequest("GET", "/x"), "http://127.0.0.1:4566")
    assert signed_for(sent) == ("eu-central-1", "bedrock")


def test_account_is_distinguished_and_is_no_secret(monkeypatch: pytest.MonkeyPatch):
    assert AwsSigner().account == ACCESS_KEY
    monkeypatch.setenv("AWS_ACCOUNT_ID", "123456789012")
    assert AwsSigner().account == "123456789012"


def test_missing_credentials_are_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(DistilabelAuthenticationError, match="aws sso login"):
        AwsSigner()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (botocore.exceptions.UnauthorizedSSOTokenError(error="secret words"), DistilabelAuthenticationError),
        (
            botocore.exceptions.CredentialRetrievalError(provider="sso", error_msg="secret words"),
            DistilabelAuthenticationError,
        ),
        (
            botocore.exceptions.EndpointConnectionError(endpoint_url="secret words"),
            DistilabelUnreachableError,
        ),
    ],
)
def test_credentials_that_cannot_be_had_are_reported_without_what_was_said(
    monkeypatch, fault: Exception, kind: type
):
    signs = AwsSigner()

    def fail(_: Any) -> Any:
        raise fault

    monkeypatch.setattr(botocore.credentials.Credentials, "get_frozen_credentials", fail)
    with pytest.raises(kind) as caught:
        signs("GET", "https://bedrock.us-east-1.amazonaws.com/x", {}, None)
    assert "secret words" not in str(caught.value)


def test_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch):
    def missing(module: str, extra: str) -> Any:
        raise DistilabelMissingPackageError(f"pip install 'distilabel[{extra}]'")

    monkeypatch.setattr(aws_signer, "require", missing)
    with pytest.raises(DistilabelMissingPackageError, match=r"distilabel\[aws\]"):
        AwsSigner()
