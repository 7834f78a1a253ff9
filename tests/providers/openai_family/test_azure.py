"""What is Azure's own: its paths, its header, deployments as models."""

import json
from pathlib import Path

import pytest

from distilabel.providers.openai_family.azure import Azure
from distilabel.providers.registry import platform
from distilabel.records import Job, Target
from tests.fakes import drive, response

WIRE = Path(__file__).parents[2] / "wire" / "azure"
TARGET = Target("azure", "https://x.openai.azure.com", "/v1/chat/completions", "my gpt/4")
JOB = Job(1, "p/s", TARGET, "tag1", "creating", 1, 1, 2e9, 2e9, input_file="file-1")
DATED = Azure("2024-10-21")


@pytest.mark.parametrize("version", [None, "", "v1"])
def test_path_without_dates_is_taken_where_no_dated_version_is_named(version):
    (request,), _ = drive(Azure(version).create(JOB, Path("in")), response(200, {"id": "b"}))
    assert (request.path, dict(request.params)) == ("/openai/v1/batches", {})
    assert json.loads(request.json)["endpoint"] == "/v1/chat/completions"
    assert Azure(version).online_request(TARGET, b"{}").path == "/openai/v1/chat/completions"


def test_dated_version_is_named_in_each_call():
    page = {"data": [{"id": "b2"}], "has_more": True}
    (one, two), _ = drive(DATED.find(JOB), response(200, page), response(200, {"data": []}))
    (poll,), _ = drive(DATED.poll("b"), response(200, {"id": "b"}))
    (upload,), _ = drive(DATED.upload(JOB, Path("in")), response(200, {"id": "f"}))
    (fetch,), _ = drive(DATED.fetch("f", Path("x")), response(200, b""))
    (cancel,), _ = drive(DATED.cancel("b"), response(200, {}))
    calls = [one, two, poll, upload, fetch, cancel]
    assert {call.params["api-version"] for call in calls} == {"2024-10-21"}
    assert [call.path for call in calls] == [
        "/openai/batches", "/openai/batches", "/openai/batches/b", "/openai/files", "/openai/files/f/content",
        "/openai/batches/b/cancel",
    ]  # fmt: skip
    assert two.params["after"] == "b2"


def test_dated_version_names_the_deployment_in_the_path():
    request = DATED.online_request(TARGET, b"{}")
    assert request.path == "/openai/deployments/my%20gpt%2F4/chat/completions"
    assert request.params == {"api-version": "2024-10-21"}


def test_dated_version_names_endpoints_without_theirs_and_they_are_read_with_it():
    line = json.loads(DATED.encode("n-0", b"{}", TARGET.endpoint))
    (create,), made = drive(
        DATED.create(JOB, Path("in")), response(200, json.loads((WIRE / "batch_legacy.json").read_bytes()))
    )
    assert (line["url"], json.loads(create.json)["endpoint"]) == ("/chat/completions", "/chat/completions")
    assert made.endpoint == TARGET.endpoint


def test_key_travels_in_azures_own_header():
    assert Azure().headers("k") == {"api-key": "k"}


@pytest.mark.parametrize(
    "given",
    [
        "https://x.openai.azure.com/", "https://x.openai.azure.com/openai", "https://x.openai.azure.com/openai/v1/",
        "x.openai.azure.com",
    ],
)  # fmt: skip
def test_address_may_be_given_with_or_without_what_the_dialect_adds(given):
    assert platform("azure").address(given) == "https://x.openai.azure.com"


def test_version_is_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
    assert platform("azure").provider().online_request(TARGET, b"{}").params == {"api-version": "2024-10-21"}
