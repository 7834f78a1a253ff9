"""What is OpenAI's own: paths, fields and limits."""

import json
from pathlib import Path
from typing import Any

import pytest

from distilabel.providers.openai_family.dialect import OpenAI
from distilabel.records import Failure, Job, Target
from tests.fakes import drive, response

TARGET = Target("openai", "https://api.openai.com/v1", "/v1/chat/completions", "m")
JOB = Job(1, "p" * 600, TARGET, "tag1", "creating", 1, 1, 2e9, 2e9, input_file="file-1")


def test_limits_are_those_of_the_guide():
    assert (OpenAI.limits.requests, OpenAI.limits.size) == (50_000, 200_000_000)


def test_line_is_the_guide_s():
    line = OpenAI().encode("n-0", b'{"model":"m"}', "/v1/chat/completions")
    assert json.loads(line) == {
        "custom_id": "n-0", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m"},
    }  # fmt: skip


def test_batch_is_asked_for_with_a_tag_within_the_limits_of_metadata():
    (request,), _ = drive(OpenAI().create(JOB, Path("in")), response(200, {"id": "b"}))
    assert (request.method, request.path) == ("POST", "/batches")
    asked = json.loads(request.json)
    metadata = asked.pop("metadata")
    assert asked == {
        "input_file_id": "file-1",
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
    }
    assert metadata["distilabel"] == "tag1"
    assert all(len(key) <= 64 and len(value) <= 512 for key, value in metadata.items())


def test_upload_is_for_batches():
    (request,), _ = drive(OpenAI().upload(JOB, Path("in")), response(200, {"id": "f"}))
    assert (request.path, request.upload.fields) == ("/files", {"purpose": "batch"})


def test_online_path_starts_below_the_version_in_the_base_url():
    request = OpenAI().online_request(TARGET, b"{}")
    assert request.path == "/chat/completions"


def test_next_page_follows_the_last_job_of_the_one_before():
    first = {"data": [{"id": "b2", "created_at": 2e9}, {"id": "b1", "created_at": 2e9}], "has_more": True}
    (one, two), _ = drive(
        OpenAI().find(JOB), response(200, first), response(200, {"data": [], "has_more": True})
    )
    assert (one.params, two.params) == ({"limit": "100"}, {"limit": "100", "after": "b1"})


def test_cancel_asks_for_that_batch():
    (request,), _ = drive(OpenAI().cancel("b1"), response(200, {}))
    assert (request.method, request.path) == ("POST", "/batches/b1/cancel")


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        ({"code": "batch_expired", "message": "Too late."}, "batch_expired", True),
        ({"code": "service_unavailable", "message": "Busy."}, "service_unavailable", True),
        ({"code": "conflict", "message": "Busy.", "status_code": 409}, "conflict", True),
        ({"code": 503, "message": "Busy."}, "503", True),
        ({"code": "invalid_prompt", "message": "No."}, "invalid_prompt", False),
        ({"code": 400, "message": "No."}, "400", False),
    ],
)
def test_line_without_a_response_is_asked_again_where_its_code_or_status_passes(
    error: dict[str, Any], code: str, retryable: bool
):
    line = json.dumps({"custom_id": "c", "response": None, "error": error}).encode()
    assert OpenAI().decode(line).outcome == Failure(code, error["message"], retryable=retryable)
