"""What is Vertex AI's own: a bucket, several result files, addresses, signed calls; and the official SDK on our samples."""

import json
from pathlib import Path
from typing import Any

import google.auth
import google.auth.credentials
import google.auth.exceptions
import httpx2
import pytest
from google import genai
from google.genai import types

from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelMissingPackageError,
    DistilabelUnreachableError,
    DistilabelUserError,
)
from distilabel.providers.google import auth as google_signer
from distilabel.providers.google.auth import GoogleSigner
from distilabel.providers.google.vertex import Vertex, vertex_address
from distilabel.providers.registry import platform
from distilabel.records import Job, Target
from tests.fakes import drive, response

WIRE = Path(__file__).parents[2] / "wire" / "vertex"
TAG = "0f0e0d0c0b0a09080706050403020100"
ADDRESS = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1"
TARGET = Target("vertex", ADDRESS, "generateContent", "gemini-3.8-flash")
JOB = Job(
    1, "p/s", TARGET, TAG, "creating", 2, 1, 2e9, 2e9, input_file=f"gs://b/distilabel/{TAG}/input.jsonl"
)
STORAGE = "https://storage.googleapis.com"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch):
    for name in (
        "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_STORAGE_BUCKET", "GOOGLE_VERTEX_BASE_URL",
        "STORAGE_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


def test_requests_go_to_the_bucket_under_the_job_s_tag():
    (request,), uri = drive(Vertex("b").upload(JOB, Path("in")), response(200, {"name": "n"}))
    assert (request.base_url, request.path) == (STORAGE, "/upload/storage/v1/b/b/o")
    assert request.params == {"uploadType": "media", "name": f"distilabel/{TAG}/input.jsonl"}
    assert uri == JOB.input_file


def test_job_is_asked_for_with_its_files_its_model_and_its_name():
    (request,), _ = drive(Vertex("b").create(JOB, Path("in")), response(200, {"name": "x/1"}))
    assert (request.path, request.base_url) == ("/batchPredictionJobs", None)
    assert json.loads(request.json) == {
        "displayName": f"distilabel-{TAG} p/s",
        "model": "publishers/google/models/gemini-3.8-flash",
        "inputConfig": {"instancesFormat": "jsonl", "gcsSource": {"uris": [JOB.input_file]}},
        "outputConfig": {
            "predictionsFormat": "jsonl",
            "gcsDestination": {"outputUriPrefix": f"gs://b/distilabel/{TAG}"},
        },
    }


def test_result_file_is_asked_for_by_its_whole_name():
    (request,), _ = drive(Vertex("b").fetch("gs://b/d/p 1:2/x.jsonl", Path("x")), response(200, b""))
    assert (request.base_url, request.path) == (STORAGE, "/storage/v1/b/b/o/d%2Fp%201%3A2%2Fx.jsonl")
    assert request.params == {"alt": "media"}


def test_storage_may_lie_elsewhere(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9023")
    request = next(Vertex("b").upload(JOB, Path("in")))
    assert request.base_url == "http://127.0.0.1:9023"


def test_bucket_is_wanted_by_batch_alone(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(DistilabelUserError, match="GOOGLE_CLOUD_STORAGE_BUCKET"):
        next(Vertex().upload(JOB, Path("in")))
    assert (
        Vertex().online_request(TARGET, b"{}").path
        == "/publishers/google/models/gemini-3.8-flash:generateContent"
    )
    monkeypatch.setenv("GOOGLE_CLOUD_STORAGE_BUCKET", "gs://mine/")
    assert Vertex().bucket == "mine"


@pytest.mark.parametrize(
    ("address", "project", "location", "whole"),
    [
        ("", "p", None, "https://aiplatform.googleapis.com/v1/projects/p/locations/global"),
        ("", "p", "us-central1", ADDRESS),
        ("http://127.0.0.1:9/", "p", "l", "http://127.0.0.1:9/v1/projects/p/locations/l"),
        (ADDRESS, None, None, ADDRESS),
    ],
)
def test_address_is_that_of_a_project_in_a_location(address, project, location, whole: str):
    assert vertex_address(address, project, location) == whole


def test_address_comes_from_the_environment_too(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(DistilabelUserError, match="GOOGLE_CLOUD_PROJECT"):
        platform("vertex").address()
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "us-central1")
    assert platform("vertex").address() == ADDRESS


def test_name_that_came_back_as_a_number_is_none_of_ours():
    assert Vertex().decode(b'{"custom_id": 12, "response": {}}').custom_id is None


# Signed calls


class Credentials(google.auth.credentials.Credentials):
    """Gives tokens t1, t2, ...; each has run out when the next call is made."""

    service_account_email = "me@p.iam.gserviceaccount.com"

    def __init__(self, fault: Exception | None = None) -> None:
        super().__init__()
        self.count, self.fault = 0, fault

    def refresh(self, request: Any) -> None:
        if self.fault:
            raise self.fault
        self.count += 1
        self.token = f"t{self.count}"

    @property
    def valid(self) -> bool:
        return False


def signer(monkeypatch: pytest.MonkeyPatch, credentials: Credentials) -> GoogleSigner:
    monkeypatch.setattr(google.auth, "default", lambda scopes: (credentials, "p"))
    return GoogleSigner()


def test_call_is_signed_with_a_token_that_is_valid_now(monkeypatch: pytest.MonkeyPatch):
    signs = signer(monkeypatch, Credentials())
    assert signs("GET", "https://x.test", {}, None)["authorization"] == "Bearer t1"
    assert signs("GET", "https://x.test", {}, None)["authorization"] == "Bearer t2"
    assert signs.account == "me@p.iam.gserviceaccount.com"


def test_platform_is_signed_by_it():
    assert platform("vertex").signer is GoogleSigner


def test_missing_credentials_are_asked_for(monkeypatch: pytest.MonkeyPatch):
    def nothing(scopes: Any) -> Any:
        raise google.auth.exceptions.DefaultCredentialsError("long text")

    monkeypatch.setattr(google.auth, "default", nothing)
    with pytest.raises(DistilabelAuthenticationError, match="gcloud auth application-default login"):
        GoogleSigner()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (google.auth.exceptions.RefreshError("secret words"), DistilabelAuthenticationError),
        (google.auth.exceptions.TransportError("secret words"), DistilabelUnreachableError),
    ],
)
def test_token_that_cannot_be_had_is_reported_without_what_was_said(
    monkeypatch, fault: Exception, kind: type
):
    with pytest.raises(kind) as caught:
        signer(monkeypatch, Credentials(fault))("GET", "https://x.test", {}, None)
    assert "secret words" not in str(caught.value)


def test_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch):
    def missing(module: str, extra: str) -> Any:
        raise DistilabelMissingPackageError(f"pip install 'distilabel[{extra}]'")

    monkeypatch.setattr(google_signer, "require", missing)
    with pytest.raises(DistilabelMissingPackageError, match=r"distilabel\[google\]"):
        GoogleSigner()


# The official SDK on our samples


class Token(Credentials):
    def __init__(self) -> None:
        super().__init__()
        self.token = "t"

    @property
    def valid(self) -> bool:
        return True


def client(answer: Any, base_url: str = "https://platform.test") -> genai.Client:
    options = types.HttpOptions(
        base_url=base_url, api_version="v1", client_args={"transport": httpx2.MockTransport(answer)}
    )
    return genai.Client(
        vertexai=True, project="p", location="us-central1", credentials=Token(), http_options=options
    )


@pytest.mark.parametrize("path", sorted(WIRE.glob("batch_*.json")), ids=lambda path: path.stem)
def test_sdk_reads_our_jobs(path: Path):
    sdk = client(lambda _: httpx2.Response(200, content=path.read_bytes()))
    read = sdk.batches.get(name="projects/123/locations/us-central1/batchPredictionJobs/456")
    sample = json.loads(path.read_bytes())
    assert (read.display_name, read.state.name) == (f"distilabel-{TAG} p/s", sample["state"])
    assert read.src.gcs_uri == [JOB.input_file]
    if "outputInfo" in sample:
        assert read.output_info.gcs_output_directory == sample["outputInfo"]["gcsOutputDirectory"]


def test_sdk_reads_the_responses_in_our_result_lines():
    lines = [json.loads(line) for line in (WIRE / "output.jsonl").read_bytes().split(b"\n") if line]
    read = [
        types.GenerateContentResponse.model_validate(line["response"]) for line in lines if "response" in line
    ]
    assert read[0].text == "Paris."


def test_sdk_sends_the_job_that_we_send():
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, content=(WIRE / "batch_pending.json").read_bytes())

    sdk = client(answer, "https://us-central1-aiplatform.googleapis.com")
    sdk.batches.create(
        model="gemini-3.8-flash",
        src=JOB.input_file,
        config={"display_name": f"distilabel-{TAG} p/s", "dest": f"gs://b/distilabel/{TAG}"},
    )
    (ours,), _ = drive(Vertex("b").create(JOB, Path("in")), response(200, {"name": "x/1"}))
    assert str(sent[0].url) == ADDRESS + ours.path
    assert json.loads(sent[0].content) == json.loads(ours.json)
