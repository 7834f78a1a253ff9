"""What is the Gemini API's own: uploads in two calls, names, states; and the official SDK on our samples."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from google import genai
from google.genai import types

from distilabel.exceptions import DistilabelAuthenticationError, DistilabelPlatformError
from distilabel.providers.google.common import display_name, tag_and_scope
from distilabel.providers.google.gemini import Gemini
from distilabel.records import Job, JobPhase, Reply, Target
from tests.fakes import drive, response

WIRE = Path(__file__).parents[2] / "wire" / "gemini"
HOST = "https://generativelanguage.googleapis.com"
TAG = "0f0e0d0c0b0a09080706050403020100"
TARGET = Target("gemini", HOST, "generateContent", "gemini-3.8-flash")
JOB = Job(1, "p/s", TARGET, TAG, "creating", 2, 1, 2e9, 2e9, input_file=f"files/{TAG}")
ADDRESS = {"x-goog-upload-url": f"{HOST}/upload/v1beta/files?upload_id=u1"}


def test_file_is_sent_under_a_name_of_ours_in_two_calls():
    (start, send), name = drive(Gemini().upload(JOB, Path("in")), response(200, **ADDRESS), response(200, {}))
    assert (start.method, start.path) == ("POST", "/upload/v1beta/files")
    assert start.headers["x-goog-upload-command"] == "start"
    assert json.loads(start.json)["file"]["name"] == name == f"files/{TAG}"
    assert (send.path, send.keyless, send.content.path) == (ADDRESS["x-goog-upload-url"], True, Path("in"))
    assert send.headers == {"x-goog-upload-offset": "0", "x-goog-upload-command": "upload, finalize"}


def test_name_of_a_file_is_one_that_the_platform_takes():
    # google-genai on File.name: at most 40 characters, lowercase letters, digits and dashes, none at either end.
    name = f"files/{TAG}".removeprefix("files/")
    assert len(name) <= 40
    assert name.replace("-", "").isalnum()
    assert name == name.lower()


@pytest.mark.parametrize("answers", [[(409, {})], [(200, ADDRESS), (409, {})]])
def test_file_that_is_there_already_is_not_sent_again(answers: list[Any]):
    responses = [response(status, {}, **headers) for status, headers in answers]
    assert drive(Gemini().upload(JOB, Path("in")), *responses)[1] == f"files/{TAG}"


@pytest.mark.parametrize("answers", [[(500, {})], [(200, ADDRESS), (500, {})]])
def test_upload_that_fails_says_so(answers: list[Any]):
    responses = [response(status, {}, **headers) for status, headers in answers]
    with pytest.raises(DistilabelPlatformError, match="500"):
        drive(Gemini().upload(JOB, Path("in")), *responses)


def test_batch_is_asked_for_by_name_of_file_and_display_name():
    (request,), _ = drive(Gemini().create(JOB, Path("in")), response(200, {"name": "batches/b1"}))
    assert request.path == "/v1beta/models/gemini-3.8-flash:batchGenerateContent"
    assert json.loads(request.json) == {
        "batch": {"displayName": f"distilabel-{TAG} p/s", "inputConfig": {"fileName": f"files/{TAG}"}}
    }


def test_display_name_carries_the_scope_where_it_fits_whole():
    long = Job(1, "p" * 100, TARGET, TAG, "creating", 2, 1, 2e9, 2e9)
    assert tag_and_scope(display_name(JOB)) == (TAG, "p/s")
    assert tag_and_scope(display_name(long)) == (TAG, None)


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-3.8-flash", "/v1beta/models/gemini-3.8-flash"),
        ("tunedModels/mine", "/v1beta/tunedModels/mine"),
    ],
)
def test_online_request_names_the_model_in_its_path(model: str, path: str):
    request = Gemini().online_request(Target("gemini", HOST, "generateContent", model), b"{}")
    assert request.path == f"{path}:generateContent"


def test_key_that_is_no_key_is_reported_though_the_status_is_400():
    body = {
        "error": {"code": 400, "message": "API key not valid.", "details": [{"reason": "API_KEY_INVALID"}]}
    }
    with pytest.raises(DistilabelAuthenticationError, match="API key not valid"):
        Gemini().read_response(response(400, body))


def test_error_online_is_called_by_its_word():
    body = {"error": {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED"}}
    failure = Gemini().read_response(response(429, body))
    assert (failure.code, failure.retryable) == ("RESOURCE_EXHAUSTED", True)


@pytest.mark.parametrize(
    ("reason", "retryable"), [("STOP", True), ("OTHER", True), ("MALFORMED_FUNCTION_CALL", True)]
)
def test_answer_without_content_is_asked_again_and_says_how_it_ended(reason: str, retryable: bool):
    failure = Gemini().read_response(response(200, {"candidates": [{"finishReason": reason}]}))
    assert (failure.code, failure.retryable, reason in failure.message) == ("empty_reply", retryable, True)


def test_calls_of_functions_get_names_of_their_own():
    parts = [{"functionCall": {"name": "f", "args": {"a": 1}}}, {"functionCall": {"id": "x", "name": "g"}}]
    reply = Gemini().read_response(response(200, {"candidates": [{"content": {"parts": parts}}]}))
    calls = reply.extras["tool_calls"]
    assert [(call["id"], call["function"]["arguments"]) for call in calls] == [
        ("call_0", '{"a":1}'),
        ("x", "{}"),
    ]


def test_unknown_state_counts_as_running():
    value = {"name": "batches/b1", "metadata": {"state": "BATCH_STATE_RESTING"}}
    _, job = drive(Gemini().poll("b1"), response(200, value))
    assert (job.phase, job.status) == (JobPhase.RUNNING, "resting")


# The official SDK on our samples


def client(body: bytes) -> genai.Client:
    network = httpx2.MockTransport(lambda _: httpx2.Response(200, content=body))
    options = types.HttpOptions(base_url="https://platform.test", client_args={"transport": network})
    return genai.Client(api_key="k", http_options=options)


@pytest.mark.parametrize("path", sorted(WIRE.glob("batch_*.json")), ids=lambda path: path.stem)
def test_sdk_reads_our_operations(path: Path):
    sdk = client(path.read_bytes())
    read = sdk.batches.get(name="batches/b-abc123")
    _, job = drive(Gemini().poll("b-abc123"), response(200, path.read_bytes()))
    assert (read.name, read.display_name) == ("batches/b-abc123", f"distilabel-{TAG} p/s")
    assert read.create_time.timestamp() == job.created_at
    if "no_state" not in path.stem:
        assert read.state.name.removeprefix("JOB_STATE_").lower() == job.status
    if read.dest:
        assert {"output": read.dest.file_name} == job.files


@pytest.mark.parametrize("page", ["list_page_1.json", "list_page_2.json"])
def test_sdk_reads_our_lists(page: str):
    sdk = client((WIRE / page).read_bytes())
    read = sdk.batches.list(config={"page_size": 2}).page
    assert len(read) == 2


def test_sdk_reads_our_result_lines():
    lines = [json.loads(line) for line in (WIRE / "output.jsonl").read_bytes().split(b"\n") if line]
    for line in lines:
        assert set(line) in ({"key", "response"}, {"key", "error"})
        if "response" in line:
            types.GenerateContentResponse.model_validate(line["response"])
        else:
            types.JobError.model_validate(
                {"code": line["error"]["code"], "message": line["error"]["message"]}
            )


def test_sdk_sends_the_batch_that_we_send():
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, content=(WIRE / "batch_pending.json").read_bytes())

    options = types.HttpOptions(
        base_url=HOST, api_version="v1beta", client_args={"transport": httpx2.MockTransport(answer)}
    )
    sdk = genai.Client(api_key="k", http_options=options)
    sdk.batches.create(
        model="gemini-3.8-flash", src=f"files/{TAG}", config={"display_name": f"distilabel-{TAG} p/s"}
    )
    (ours,), _ = drive(Gemini().create(JOB, Path("in")), response(200, {"name": "batches/b1"}))
    assert str(sent[0].url) == HOST + ours.path
    assert json.loads(sent[0].content) == json.loads(ours.json)
    assert sent[0].headers["x-goog-api-key"] == Gemini().headers("k")["x-goog-api-key"]


def test_job_of_embeddings_is_made_by_a_call_of_its_own_and_distinguished_when_it_is_found():
    target = Target("gemini", "https://generativelanguage.googleapis.com", "embedContent", "m")
    kind = "type.googleapis.com/google.ai.generativelanguage.v1main.EmbedContentBatch"
    made = {"name": "batches/b1", "metadata": {"@type": kind, "displayName": "distilabel-0f0e p/s"}}
    (request,), job = drive(Gemini().create(replace(JOB, target=target), Path("in")), response(200, made))
    assert request.path == "/v1beta/models/m:asyncBatchEmbedContent"
    assert (job.remote_id, job.endpoint, job.scope) == ("b1", "embedContent", "p/s")


def test_embedding_in_a_result_file_is_read():
    line = {"key": "k", "response": {"embedding": {"values": [0.5, 1]}, "tokenCount": "3"}}
    outcome = Gemini().decode(json.dumps(line).encode()).outcome
    assert isinstance(outcome, Reply)
    assert (outcome.text, outcome.usage.input_tokens, dict(outcome.extras)) == (
        None,
        3,
        {"embedding": [0.5, 1]},
    )
