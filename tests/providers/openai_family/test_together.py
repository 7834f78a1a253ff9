"""What is Together's own: files that go elsewhere, and jobs that are found by them."""

import hashlib
import json
from pathlib import Path

import httpx2
import pytest

from distilabel import _event_loop as loop
from distilabel.exceptions import DistilabelPlatformError, DistilabelUncertainError
from distilabel.providers.openai_family.together import Together
from distilabel.records import Job, Target
from distilabel.transport import HttpTransport
from tests.fakes import KEY, URL, drive, response

TARGET = Target("together", URL, "/v1/chat/completions", "m")
JOB = Job(1, "p/s", TARGET, "tag1", "creating", 1, 1, 2e9, 2e9, input_file="file-1")
THERE = "https://storage.test/put?signature=x"
LINE = b'{"custom_id":"n-0","body":{}}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "input.jsonl"
    path.write_bytes(LINE)
    return path


class Storage:
    """Together's files and the store behind them; knows some contents already."""

    def __init__(self, known: dict[str, str] | None = None) -> None:
        self.known = known or {}
        self.requests: list[httpx2.Request] = []
        self.transport = HttpTransport(
            URL, Together().headers(KEY), secrets=(KEY,), transport=httpx2.MockTransport(self._handle)
        )

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if request.url.host == "storage.test":
            return httpx2.Response(200)
        if request.url.path.endswith("/preprocess"):
            return httpx2.Response(200, json={"id": "file-7"})
        digest = hashlib.sha256(LINE).hexdigest()
        assert digest.encode() in request.content
        if digest in self.known:
            return httpx2.Response(409, json={"file_id": self.known[digest]})
        return httpx2.Response(302, headers={"Location": THERE, "X-Together-File-Id": "file-7"})


def test_file_goes_to_where_the_platform_wants_it_and_without_the_key(path: Path):
    storage = Storage()
    assert loop.run(storage.transport.run(Together().upload(JOB, path))) == "file-7"
    announced, put, preprocessed = storage.requests
    assert (put.method, str(put.url), put.content) == ("PUT", THERE, LINE)
    assert "authorization" not in put.headers
    assert put.headers["content-length"] == str(len(LINE))
    assert preprocessed.url.path == "/v1/files/file-7/preprocess"
    assert announced.headers["authorization"] == f"Bearer {KEY}"


def test_announcement_is_a_form_that_names_purpose_and_file(path: Path):
    storage = Storage()
    loop.run(storage.transport.run(Together().upload(JOB, path)))
    form = storage.requests[0]
    assert form.headers["content-type"].startswith("multipart/form-data; boundary=")
    boundary = form.headers["content-type"].partition("boundary=")[2].encode()
    parts = [part.split(b"\r\n\r\n") for part in form.content.split(b"--" + boundary)[1:-1]]
    fields = {
        head.partition(b'name="')[2].rstrip(b'"').decode(): value.strip().decode() for head, value in parts
    }
    assert fields.pop("checksum") == hashlib.sha256(LINE).hexdigest()
    assert fields == {"purpose": "batch-api", "file_name": "distilabel-tag1-cC9z.jsonl", "file_type": "jsonl"}
    assert form.content.endswith(b"--" + boundary + b"--\r\n")


def test_file_that_the_platform_has_already_is_not_sent_again(path: Path):
    storage = Storage({hashlib.sha256(LINE).hexdigest(): "file-3"})
    assert loop.run(storage.transport.run(Together().upload(JOB, path))) == "file-3"
    assert len(storage.requests) == 1


def test_conflict_that_names_no_file_is_a_refusal(path: Path):
    with pytest.raises(DistilabelPlatformError, match="HTTP 409"):
        drive(Together().upload(JOB, path), response(409, {"error": {"message": "Busy."}}))


def test_creation_is_answered_with_a_job_within_an_object():
    answer = {"job": {"id": "b1", "status": "VALIDATING"}, "warning": ""}
    (request,), made = drive(Together().create(JOB, Path("in")), response(201, answer))
    assert made.remote_id == "b1"
    assert json.loads(request.json) == {
        "input_file_id": "file-1", "endpoint": "/v1/chat/completions", "completion_window": "24h",
    }  # fmt: skip


@pytest.mark.parametrize("job", [3, {"status": "VALIDATING"}])
def test_creation_that_is_answered_without_a_job_s_id_is_uncertain(job):
    with pytest.raises(DistilabelUncertainError):
        drive(Together().create(JOB, Path("in")), response(201, {"job": job}))


def test_job_is_found_by_its_file_with_our_tag():
    jobs = [{"id": "b2", "input_file_id": "file-2"}, {"id": "b1", "input_file_id": "file-1"}]
    _, found = drive(Together().find(JOB), response(200, jobs))
    assert [(remote.remote_id, remote.tag) for remote in found.ours] == [("b1", "tag1")]


def test_time_of_creation_is_read_from_its_date():
    _, job = drive(
        Together().poll("b"),
        response(200, {"id": "b", "created_at": "2026-11-18T11:46:40Z", "model_id": "m"}),
    )
    assert (job.created_at, job.model) == (1_795_002_400.0, "m")
