"""Fireworks' jobs: a dataset is created with its count, and a job is ended by DELETE and may leave results."""

import json
from typing import Any

import pytest

from distilabel.http import HttpRequest, HttpResponse
from distilabel.providers.openai_family.fireworks import Fireworks
from distilabel.records import JobPhase

JOBS = "/v1/accounts/acme/batchInferenceJobs"


def driven(flow: Any, *answers: tuple[int, Any]) -> tuple[list[HttpRequest], Any]:
    """Carry out a flow with these answers; return its requests and its result."""
    sent = [next(flow)]
    for number, (status, body) in enumerate(answers, 1):
        try:
            sent.append(flow.send(HttpResponse(status, {}, json.dumps(body).encode())))
        except StopIteration as end:
            assert number == len(answers)
            return sent, end.value
    pytest.fail("the flow goes on")


def test_job_is_ended_by_delete_and_may_be_gone_already():
    for status in (200, 404):
        sent, _ = driven(Fireworks("acme").cancel("distilabel-t"), (status, {}))
        assert (sent[0].method, sent[0].path) == ("DELETE", f"{JOBS}/distilabel-t")


@pytest.mark.parametrize("state", ["JOB_STATE_DELETING", "JOB_STATE_DELETING_CLEANING_UP"])
def test_job_that_is_being_deleted_has_stopped(state: str):
    job = {"name": "accounts/acme/batchInferenceJobs/distilabel-t", "state": state}
    _, remote = driven(Fireworks("acme").poll("distilabel-t"), (200, job))
    assert remote.phase is JobPhase.STOPPED


def test_deleted_job_leaves_what_it_had_finished():
    urls = {"filenameToSignedUrls": {"results.jsonl": "https://storage.test/r?s=1"}}
    sent, remote = driven(Fireworks("acme").poll("distilabel-t"), (404, {}), (200, urls), (200, urls))
    assert sent[1].path.endswith("/datasets/distilabel-t-results:getDownloadEndpoint")
    assert (remote.phase, remote.files) == (
        JobPhase.STOPPED,
        {"output": "distilabel-t-results/results.jsonl"},
    )
    _, remote = driven(Fireworks("acme").poll("distilabel-t"), (404, {}), (404, {}))
    assert remote is None
