"""What is Anthropic's own: paths, versions, whose batch it is; and the official SDK on our samples."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from anthropic.types.messages import MessageBatch, MessageBatchIndividualResponse
from pydantic import TypeAdapter

from distilabel.providers.anthropic.dialect import Anthropic
from distilabel.records import Job, Target, custom_id
from tests.fakes import drive, response

WIRE = Path(__file__).parents[2] / "wire" / "anthropic"
TARGET = Target("anthropic", "https://api.anthropic.com", "/v1/messages", "m")
JOB = Job(
    1, "p/s", TARGET, "0f0e0d0c0b0a09080706050403020100", "creating", 2, 1, 2e9, 2e9, input_file="inline"
)
OURS = custom_id("a" * 32, 0, JOB.tag)


def batch(number: str, status: str = "ended", **more: Any) -> dict[str, Any]:
    counts = {"succeeded": 2} if status == "ended" else {"processing": 2}
    created = "2033-05-18T03:33:20Z"  # 2e9
    return {
        "id": number,
        "processing_status": status,
        "request_counts": counts,
        "created_at": created,
        **more,
    }


def found(*batches: dict[str, Any], results: tuple[bytes | int, ...] = (), job: Job | None = JOB) -> Any:
    answers = [response(r) if isinstance(r, int) else response(200, r) for r in results]
    return drive(Anthropic().find(job), response(200, {"data": list(batches)}), *answers)


def result(name: str) -> bytes:
    return json.dumps({"custom_id": name, "result": {"type": "expired"}}).encode() + b"\n"


def test_limits_stay_well_below_those_of_the_guide():
    assert (Anthropic.limits.requests, Anthropic.limits.size) == (100_000, 128_000_000)


def test_version_goes_out_with_every_call():
    assert Anthropic().headers("k")["anthropic-version"] == "2023-06-01"
    assert Anthropic("2026-10-21").headers("k") == {"x-api-key": "k", "anthropic-version": "2026-10-21"}


def test_requests_go_out_as_one_array_from_the_file():
    (request,), _ = drive(Anthropic().create(JOB, Path("in")), response(200, batch("b1", "in_progress")))
    assert (request.path, request.safe) == ("/v1/messages/batches", False)
    body = request.content
    assert (body.head, body.separator, body.tail, body.content_type) == (
        b'{"requests":[',
        b",",
        b"]}",
        "application/json",
    )


def test_results_come_from_below_the_base_url_wherever_the_platform_says_they_are():
    _, job = drive(Anthropic().poll("b1"), response(200, batch("b1", results_url="https://elsewhere.test/x")))
    (request,), _ = drive(Anthropic().fetch(job.files["output"], Path("x")), response(200, b""))
    assert request.path == "/v1/messages/batches/b1/results"


def test_batch_is_ours_by_the_first_name_in_its_results():
    (_, look), there = found(batch("b1"), results=(result(OURS),))
    assert (look.path, look.max_bytes) == ("/v1/messages/batches/b1/results", 65_536)
    assert [(remote.remote_id, remote.tag) for remote in there.ours] == [("b1", JOB.tag)]


@pytest.mark.parametrize(
    "name", [custom_id("a" * 32, 0, "f" * 32), custom_id("a" * 32, 0), "request-1", "f" * 64, f"{OURS}0"]
)
def test_batch_whose_results_carry_another_name_is_not_ours(name: str):
    _, there = found(batch("b1"), results=(result(name),))
    assert (there.ours, there.doubtful) == ((), ())


def test_results_that_name_nobody_at_their_beginning_leave_a_doubt():
    _, there = found(batch("b1"), results=(b'{"result": {"type": "succeeded", "message": {"content": [',))
    assert [remote.remote_id for remote in there.doubtful] == ["b1"]


def test_name_that_a_model_wrote_is_not_taken_for_that_of_the_request():
    said = json.dumps({"result": {"message": {"text": json.dumps({"custom_id": OURS})}}}).encode()
    _, there = found(batch("b1"), results=(said,))
    assert there.ours == ()


def test_batch_whose_results_are_gone_is_nobody_s():
    _, there = found(batch("b1"), results=(404,))
    assert (there.ours, there.doubtful) == ((), ())


@pytest.mark.parametrize(
    ("changes", "doubtful"),
    [
        ({}, True),
        ({"request_counts": {"processing": 3}}, False),
        ({"request_counts": None}, True),
        ({"created_at": "2033-05-17T02:33:19Z"}, True),
        ({"created_at": "2033-05-16T02:33:19Z"}, False),
        ({"created_at": "long ago"}, True),
        ({"processing_status": "canceling"}, True),
    ],
)
def test_running_batch_is_doubtful_if_its_size_and_time_fit(changes: dict[str, Any], doubtful: bool):
    _, there = found(batch("b1", "in_progress", **changes) | changes)
    assert (there.ours, len(there.doubtful)) == ((), int(doubtful))


def test_recovery_reads_every_batch_that_has_ended_and_knows_its_model():
    message = {"id": "m", "type": "message", "model": "claude-sonnet-5", "content": []}
    line = json.dumps({"custom_id": OURS, "result": {"type": "succeeded", "message": message}}).encode()
    requests, there = found(batch("b2", "in_progress"), batch("b1"), results=(line,), job=None)
    assert len(requests) == 2
    assert [(r.remote_id, r.model, r.endpoint) for r in there.ours] == [
        ("b1", "claude-sonnet-5", "/v1/messages")
    ]
    assert [r.remote_id for r in there.doubtful] == ["b2"]


def test_next_page_follows_the_last_batch_of_the_one_before():
    first = {"data": [batch("b2", "in_progress", request_counts={"processing": 9})], "has_more": True}
    (one, two), _ = drive(Anthropic().find(JOB), response(200, first), response(200, {"data": []}))
    assert (one.params, two.params) == ({"limit": "1000"}, {"limit": "1000", "after_id": "b2"})


def test_job_of_another_version_of_the_api_is_asked_at_the_same_path():
    target = replace(TARGET, endpoint="/v1/messages@2026-10-21")
    assert Anthropic().online_request(target, b"{}").path == "/v1/messages"


def test_input_tokens_are_all_that_were_read():
    usage = {
        "input_tokens": 1,
        "cache_read_input_tokens": 10,
        "cache_creation_input_tokens": 100,
        "output_tokens": 5,
    }
    message = {"content": [{"type": "text", "text": "a"}], "usage": usage}
    outcome = Anthropic().read_response(response(200, message))
    assert (outcome.usage.input_tokens, outcome.usage.cached_tokens) == (111, 10)


def test_call_of_a_tool_is_given_in_the_shape_that_all_llms_give():
    block = {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}
    outcome = Anthropic().read_response(response(200, {"content": [block], "stop_reason": "tool_use"}))
    assert outcome.extras["tool_calls"] == [
        {"id": "t1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    ]


# The official SDK on our samples


def lines() -> list[bytes]:
    return [line for line in (WIRE / "output.jsonl").read_bytes().split(b"\n") if line]


@pytest.mark.parametrize("line", lines(), ids=lambda line: json.loads(line)["custom_id"].split("-")[1])
def test_sdk_reads_our_result_lines(line: bytes):
    read = MessageBatchIndividualResponse.model_validate_json(line)
    assert read.custom_id == Anthropic().decode(line).custom_id


@pytest.mark.parametrize("path", sorted(WIRE.glob("batch_*.json")), ids=lambda path: path.stem)
def test_sdk_reads_our_batches(path: Path):
    if path.stem == "batch_unknown_status":
        with pytest.raises(ValueError, match="processing_status"):
            MessageBatch.model_validate_json(path.read_bytes())
        return
    read = MessageBatch.model_validate_json(path.read_bytes())
    assert sum(read.request_counts.model_dump().values()) == 3


def test_sdk_knows_the_lines_that_we_send():
    body = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}
    line = json.loads(Anthropic().encode(OURS, json.dumps(body).encode(), "/v1/messages"))
    assert list(line) == ["custom_id", "params"]
    TypeAdapter(MessageCreateParamsNonStreaming).validate_python(line["params"])
