"""What is Mistral's own: its jobs, their pages, and the lines without address."""

import json
from pathlib import Path

from distilabel.providers.openai_family.mistral import Mistral
from distilabel.records import Job, Target
from tests.fakes import drive, response

TARGET = Target("mistral", "https://api.mistral.ai/v1", "/v1/chat/completions", "mistral-small-latest")
JOB = Job(1, "p" * 600, TARGET, "tag1", "creating", 1, 1, 2e9, 2e9, input_file="file-1", label="mine")


def test_job_is_asked_for_with_model_file_and_tag():
    (request,), _ = drive(Mistral().create(JOB, Path("in")), response(200, {"id": "b"}))
    assert (request.method, request.path) == ("POST", "/batch/jobs")
    assert json.loads(request.json) == {
        "input_files": ["file-1"],
        "endpoint": "/v1/chat/completions",
        "model": "mistral-small-latest",
        "timeout_hours": 24,
        "metadata": {"distilabel": "tag1", "scope": "p" * 512, "tag": "mine"},
    }


def test_line_is_name_and_body_alone():
    assert Mistral().encode("n-0", b'{"a":1}', TARGET.endpoint) == b'{"custom_id":"n-0","body":{"a":1}}\n'


def test_pages_are_asked_for_until_the_total_is_reached():
    pages = [{"data": [{"id": f"b{number}"}], "total": 201} for number in range(3)]
    requests, _ = drive(Mistral().find(JOB), *(response(200, page) for page in pages))
    assert [request.params for request in requests] == [
        {"page": str(number), "page_size": "100"} for number in range(3)
    ]


def test_list_ends_with_a_page_that_brings_no_new_job():
    page = {"data": [{"id": "b", "metadata": {"distilabel": "tag1"}}], "total": 1_000_000_000}
    requests, found = drive(Mistral().find(JOB), *[response(200, page)] * 2)
    assert len(requests) == 2
    assert [remote.remote_id for remote in found.ours] == ["b"]


def test_empty_list_may_leave_its_data_out():
    _, found = drive(Mistral().find(JOB), response(200, {"object": "list", "total": 0}))
    assert found.ours == ()


def test_page_without_jobs_is_the_last_one():
    full, none = {"data": [{"id": "b"}], "total": 900}, {"data": [], "total": 900}
    requests, _ = drive(Mistral().find(JOB), response(200, full), response(200, none))
    assert len(requests) == 2


def test_job_is_polled_cancelled_and_its_results_fetched_by_their_ids():
    (poll,), _ = drive(Mistral().poll("b"), response(200, {"id": "b"}))
    (cancel,), _ = drive(Mistral().cancel("b"), response(200, {}))
    (fetch,), _ = drive(Mistral().fetch("f", Path("x")), response(200, b""))
    assert [poll.path, cancel.path, fetch.path] == [
        "/batch/jobs/b",
        "/batch/jobs/b/cancel",
        "/files/f/content",
    ]
