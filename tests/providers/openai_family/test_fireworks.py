"""What is Fireworks' own: datasets, job ids of our choice, and results behind signed addresses."""

import json
from pathlib import Path

import pytest

from distilabel.exceptions import DistilabelPlatformError, DistilabelUserError
from distilabel.providers.openai_family.fireworks import Fireworks
from distilabel.providers.registry import platform
from distilabel.records import Job, Reply, Target
from tests.fakes import completion, drive, response

TARGET = Target(
    "fireworks", "https://api.fireworks.ai", "/v1/chat/completions", "accounts/fireworks/models/m"
)
JOB = Job(1, "p/s", TARGET, "tag1", "creating", 1, 1, 2e9, 2e9, input_file="distilabel-tag1")
FIREWORKS = Fireworks("acme")
MADE = {"name": "accounts/acme/batchInferenceJobs/distilabel-tag1", "state": "JOB_STATE_CREATING"}
NAMED = [
    ("d/results.jsonl", "https://s.test/r"), ("d/errors.jsonl", "https://s.test/e"), ("d", "https://s.test/r"),
]  # fmt: skip
URLS = {"filenameToSignedUrls": {"errors.jsonl": "https://s.test/e", "results.jsonl": "https://s.test/r"}}


def test_job_is_created_under_our_tag_so_that_a_second_one_is_refused():
    (request,), made = drive(FIREWORKS.create(JOB, Path("in")), response(200, MADE))
    assert (request.path, request.params) == (
        "/v1/accounts/acme/batchInferenceJobs", {"batchInferenceJobId": "distilabel-tag1"},
    )  # fmt: skip
    assert json.loads(request.json) == {
        "model": "accounts/fireworks/models/m",
        "inputDatasetId": "accounts/acme/datasets/distilabel-tag1",
        "outputDatasetId": "accounts/acme/datasets/distilabel-tag1-results",
        "displayName": "p/s",
    }
    assert (made.remote_id, made.tag) == ("distilabel-tag1", "tag1")


def test_dataset_that_is_there_already_is_filled_again():
    (made, filled), file = drive(
        FIREWORKS.upload(JOB, Path("in")), response(409, {"error": {"message": "Exists."}}), response(200, {})
    )
    assert (made.path, filled.path, file) == (
        "/v1/accounts/acme/datasets", "/v1/accounts/acme/datasets/distilabel-tag1:upload", "distilabel-tag1",
    )  # fmt: skip


@pytest.mark.parametrize(("file", "url"), NAMED)
def test_results_are_fetched_from_where_they_are_without_the_key(file: str, url: str, tmp_path: Path):
    (_, get), there = drive(FIREWORKS.fetch(file, tmp_path / "x"), response(200, URLS), response(200, b""))
    assert there
    assert (get.path, get.keyless, get.save_to) == (url, True, tmp_path / "x")


def test_signature_of_an_address_is_not_reported(tmp_path: Path):
    signed = {"filenameToSignedUrls": {"results.jsonl": "https://s.test/r?signature=hush"}}
    with pytest.raises(DistilabelPlatformError, match="a page") as caught:
        drive(
            FIREWORKS.fetch("d/results.jsonl", tmp_path / "x"),
            response(200, signed),
            response(200, b"<html>"),
        )
    assert "hush" not in str(caught.value)


def test_dataset_without_errors_has_no_error_file(tmp_path: Path):
    only = {"filenameToSignedUrls": {"results.jsonl": "https://s.test/r"}}
    _, there = drive(FIREWORKS.fetch("d/errors.jsonl", tmp_path / "x"), response(200, only))
    assert there is False


def test_dataset_without_any_file_has_no_results(tmp_path: Path):
    _, there = drive(FIREWORKS.fetch("d/output", tmp_path / "x"), response(200, {"filenameToSignedUrls": {}}))
    assert there is False


@pytest.mark.parametrize("answer", [{"message": "Wait."}, {"filenameToSignedUrls": None}, b"<html>", []])
def test_answer_that_is_none_is_not_taken_for_a_dataset_without_files(tmp_path: Path, answer):
    with pytest.raises(DistilabelPlatformError, match="sent something other than a JSON object"):
        drive(FIREWORKS.fetch("d/output", tmp_path / "x"), response(200, answer))


@pytest.mark.parametrize("answer", [{}, {"filenameToSignedUrls": {}}])
def test_job_without_files_names_none_and_one_whose_dataset_is_not_there_yet_names_that(answer):
    ended = {**MADE, "state": "JOB_STATE_CANCELLED", "outputDatasetId": "accounts/acme/datasets/d"}
    _, empty = drive(FIREWORKS.poll("j"), response(200, ended), response(200, answer))
    _, early = drive(FIREWORKS.poll("j"), response(200, ended), response(404, {}))
    assert (empty.files, early.files) == ({}, {"output": "d/output"})


def test_job_that_failed_after_it_answered_names_its_files():
    failed = {
        "name": MADE["name"], "state": "JOB_STATE_FAILED", "outputDatasetId": "accounts/acme/datasets/d",
        "status": {"code": "INTERNAL", "message": "Out of nodes."},
    }  # fmt: skip
    half = {**failed, "jobProgress": {"successfullyProcessedRequests": 24}}
    _, remote = drive(FIREWORKS.poll("j"), response(200, half), response(200, URLS))
    assert remote.was_run
    assert set(remote.files) == {"output", "error"}
    (_,), remote = drive(FIREWORKS.poll("j"), response(200, failed))
    assert (remote.was_run, remote.files) == (False, {})


def test_every_file_of_a_dataset_is_named():
    ended = {**MADE, "state": "JOB_STATE_COMPLETED", "outputDatasetId": "accounts/acme/datasets/d"}
    urls = dict.fromkeys(("b.jsonl", "a.jsonl", "error-data"), "https://s.test/r")
    _, job = drive(FIREWORKS.poll("j"), response(200, ended), response(200, {"filenameToSignedUrls": urls}))
    assert job.files == {"output": "d/a.jsonl", "output-2": "d/b.jsonl", "error": "d/error-data"}


@pytest.mark.parametrize(
    "answer", [completion("Hi"), {"body": completion("Hi")}, {"status_code": 200, "body": completion("Hi")}]
)
def test_completion_is_read_with_or_without_a_frame(answer):
    outcome = FIREWORKS.decode(json.dumps({"custom_id": "c", "response": answer}).encode()).outcome
    assert isinstance(outcome, Reply)
    assert outcome.text == "Hi"


def test_account_is_asked_for_only_where_it_is_needed():
    assert Fireworks().online_request(TARGET, b"{}").path == "/inference/v1/chat/completions"
    with pytest.raises(DistilabelUserError, match="FIREWORKS_ACCOUNT_ID"):
        next(Fireworks().upload(JOB, Path("in")))


def test_address_of_the_openai_shaped_route_is_taken_too():
    assert (
        platform("fireworks").address("https://api.fireworks.ai/inference/v1/") == "https://api.fireworks.ai"
    )
