"""The Batch API, driven by OpenAI's own client."""

import json
from time import monotonic, time
from types import SimpleNamespace

import httpx2
import pytest
from openai import BadRequestError, ConflictError, NotFoundError, OpenAI

from .helpers import (
    CHAT,
    EMBEDDINGS,
    chat_body,
    check,
    finished,
    line,
    lines,
    rows,
    run,
    said,
    start,
    until,
    upload,
)


def test_every_request_is_answered_once_and_the_answer_quotes_its_prompt(client: OpenAI):
    batch = run(client, lines(300))
    answers = rows(client, batch.output_file_id)
    assert batch.status == "completed"
    assert batch.error_file_id is None
    assert sorted(row["custom_id"] for row in answers) == sorted(f"r-{at}" for at in range(300))
    for row in answers:
        assert said(row).startswith(f'About "prompt number {row["custom_id"][2:]}": ')
        assert (row["response"]["status_code"], row["error"]) == (200, None)
        assert row["id"].startswith("batch_req_")
        assert row["response"]["request_id"]
        check("CreateChatCompletionResponse", row["response"]["body"])


def test_batch_is_described_as_openai_describes_it(client: OpenAI, http: httpx2.Client):
    batch = run(client, lines(3), metadata={"run": "a", "shard": "7"})
    found = http.get(f"batches/{batch.id}").json()
    check("Batch", found)
    assert found["metadata"] == {"run": "a", "shard": "7"}
    assert found["model"] == "toy"
    assert found["request_counts"] == {"total": 3, "completed": 3, "failed": 0}
    assert found["created_at"] <= found["in_progress_at"] <= found["finalizing_at"] <= found["completed_at"]
    assert found["expires_at"] == found["created_at"] + 86_400


def test_usage_of_a_batch_is_the_sum_of_its_answers(client: OpenAI):
    batch = run(client, lines(20))
    usages = [row["response"]["body"]["usage"] for row in rows(client, batch.output_file_id)]
    assert batch.usage is not None
    assert batch.usage.input_tokens == sum(usage["prompt_tokens"] for usage in usages) > 20
    assert batch.usage.output_tokens == sum(usage["completion_tokens"] for usage in usages) > 20
    assert batch.usage.total_tokens == batch.usage.input_tokens + batch.usage.output_tokens


def test_result_files_are_files_of_their_own(client: OpenAI):
    batch = run(client, lines(2), output_expires_after={"anchor": "created_at", "seconds": 7_200})
    file = client.files.retrieve(batch.output_file_id or "")
    assert (file.purpose, file.filename) == ("batch_output", f"{batch.id}_output.jsonl")
    assert file.expires_at == file.created_at + 7_200
    assert file.bytes == len(client.files.content(file.id).content)


def test_equal_requests_get_different_answers_and_a_rerun_gets_the_same(client: OpenAI):
    data = b"".join(line(f"r-{at}", chat_body("Same for all")) for at in range(50))
    first, second = (
        {row["custom_id"]: said(row) for row in rows(client, run(client, data).output_file_id)}
        for _ in range(2)
    )
    assert first == second
    assert len(set(first.values())) == 50


def test_prompts_keep_their_line_separators(client: OpenAI):
    prompt = "one\u2028two\u2029three\u0085four\x0bfive\nsix"
    batch = run(client, line("r", chat_body(prompt)) + line("s\u2028s", chat_body(prompt)))
    answers = {row["custom_id"]: said(row) for row in rows(client, batch.output_file_id)}
    assert set(answers) == {"r", "s\u2028s"}
    assert all(prompt in answer for answer in answers.values())


def test_refused_requests_go_to_the_error_file(client: OpenAI):
    bad = line("hot", chat_body(temperature=3)) + line("empty", {"model": "toy", "messages": []})
    batch = run(client, line("good") + bad)
    errors = {row["custom_id"]: row for row in rows(client, batch.error_file_id)}
    assert batch.request_counts is not None
    assert (batch.request_counts.completed, batch.request_counts.failed) == (1, 2)
    assert [row["custom_id"] for row in rows(client, batch.output_file_id)] == ["good"]
    assert set(errors) == {"hot", "empty"}
    for row in errors.values():
        assert (row["response"]["status_code"], row["error"]) == (400, None)
        check("ErrorResponse", row["response"]["body"])


def test_batch_whose_requests_are_all_refused_has_no_output_file(client: OpenAI):
    batch = run(client, line("a", chat_body(n=0)) + line("b", chat_body(stream=True)))
    assert (batch.status, batch.output_file_id) == ("completed", None)
    assert len(rows(client, batch.error_file_id)) == 2


def test_embeddings_are_made_in_batches_too(client: OpenAI):
    body = {"model": "toy", "input": ["a", "b"], "dimensions": 8}
    batch = run(client, line("e", body, url=EMBEDDINGS), EMBEDDINGS)
    (row,) = rows(client, batch.output_file_id)
    check("CreateEmbeddingResponse", row["response"]["body"])
    assert [len(item["embedding"]) for item in row["response"]["body"]["data"]] == [8, 8]


def test_batches_make_progress_side_by_side(start_platform):
    with start_platform(delay=100) as client:
        batches = [start(client, lines(1_000)) for _ in range(5)]

        def under_way() -> bool:
            counts = [client.batches.retrieve(batch.id).request_counts for batch in batches]
            return all(0 < count.completed < count.total for count in counts if count)

        until(under_way)


def test_delay_is_waited_for(start_platform):
    with start_platform(delay=0.4) as client:
        begun = monotonic()
        assert run(client, lines(4)).status == "completed"
        assert monotonic() - begun > 0.3


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"completion_window": "48h"}, "completion_window"),
        ({"completion_window": None}, "completion_window"),
        ({"endpoint": "/v1/videos"}, "endpoint"),
        ({"endpoint": 7}, "endpoint"),
        ({"input_file_id": None}, "input_file_id"),
        ({"input_file_id": "file-nowhere"}, "input_file_id"),
        ({"metadata": [1]}, "metadata"),
        ({"metadata": {str(at): "x" for at in range(17)}}, "metadata"),
        ({"metadata": {"k" * 65: "x"}}, "metadata"),
        ({"metadata": {"k": "x" * 513}}, "metadata.k"),
        ({"metadata": {"k": 7}}, "metadata.k"),
        ({"output_expires_after": {"anchor": "created_at", "seconds": 1}}, "output_expires_after.seconds"),
        ({"output_expires_after": 3_600}, "output_expires_after.anchor"),
    ],
)
def test_batch_with_a_wrong_parameter_is_not_created(
    client: OpenAI, http: httpx2.Client, change: dict, param: str
):
    good = {"input_file_id": upload(client, lines(1)), "endpoint": CHAT, "completion_window": "24h"}
    answer = http.post("batches", json=good | change)
    check("ErrorResponse", answer.json())
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_largest_metadata_allowed_comes_back(client: OpenAI):
    metadata = {f"{at:02}" + "k" * 62: "\u00e9" * 512 for at in range(16)}
    assert start(client, lines(1), metadata=metadata).metadata == metadata


def test_input_file_must_have_purpose_batch(client: OpenAI):
    file_id = client.files.create(file=("in.jsonl", lines(1)), purpose="user_data").id
    with pytest.raises(BadRequestError, match="purpose"):
        client.batches.create(input_file_id=file_id, endpoint=CHAT, completion_window="24h")


BAD_FILES = {
    "empty": (b"", [("empty_file", None)]),
    "no json": (line("a") + b"{not json}\n", [("invalid_json_line", 2)]),
    "blank line": (line("a") + b"\n" + line("b"), [("invalid_json_line", 2)]),
    "byte order mark": (b"\xef\xbb\xbf" + line("a"), [("invalid_json_line", 1)]),
    "no object": (b"[1]\n", [("invalid_request", 1)]),
    "no custom_id": (b'{"method": "POST"}\n', [("invalid_request", 1)]),
    "custom_id of the wrong type": (line(7), [("invalid_request", 1)]),  # type: ignore[arg-type]
    "method": (line("a", method="GET"), [("invalid_request", 1)]),
    "url": (line("a") + line("b", url="/v1/embeddings"), [("url_mismatch", 2)]),
    "no model": (line("a", {"messages": []}), [("invalid_request", 1)]),
    "unknown model": (line("a", chat_body(model="gpt-0")), [("model_not_found", 1)]),
    "two models": (line("a") + line("b", chat_body(model="toy-2")), [("model_mismatch", 2)]),
    "custom_id twice": (line("a") + line("b") + line("a"), [("duplicate_custom_id", 3)]),
    "several": (b"x\n" + line("a") + line("a"), [("invalid_json_line", 1), ("duplicate_custom_id", 3)]),
    "too many": (lines(5), [("too_many_tasks", None)]),
    "too large": (line("a" * 2_000), [("file_too_large", None)]),
}


@pytest.fixture(scope="module")
def strict_client(tmp_path_factory):
    from distilabel.server import Settings, running

    from .conftest import client_of

    settings = Settings(
        tmp_path_factory.mktemp("strict"), models=("toy", "toy-2"), max_requests=4, max_bytes=2_000
    )
    with running(settings) as url, client_of(url) as client:
        yield client


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_file_fails_its_batch_and_says_where(strict_client: OpenAI, name: str):
    data, expected = BAD_FILES[name]
    batch = run(strict_client, data)
    assert batch.status == "failed"
    assert batch.failed_at
    assert batch.errors is not None
    assert [(error.code, error.line) for error in batch.errors.data or []] == expected
    assert all(error.message for error in batch.errors.data or [])
    check("Batch", json.loads(batch.to_json(exclude_unset=False)))


def test_more_than_fifty_thousand_requests_are_refused(client: OpenAI):
    data = b"".join(
        b'{"custom_id":"%d","method":"POST","url":"/v1/chat/completions","body":{"model":"m"}}\n' % at
        for at in range(50_001)
    )
    batch = run(client, data)
    assert batch.errors is not None
    assert [error.code for error in batch.errors.data or []] == ["too_many_tasks"]


def test_more_than_fifty_thousand_embedding_inputs_are_refused(client: OpenAI):
    body = {"model": "toy", "input": ["x"] * 2_000}
    data = b"".join(line(str(at), body, url=EMBEDDINGS) for at in range(27))
    batch = run(client, data, EMBEDDINGS)
    assert batch.errors is not None
    assert [(error.code, error.line) for error in batch.errors.data or []] == [("too_many_tasks", 26)]


def test_tokens_count_as_one_embedding_input(client: OpenAI):
    data = b"".join(line(str(at), {"model": "toy", "input": [1] * 2_000}, url=EMBEDDINGS) for at in range(27))
    assert run(client, data, EMBEDDINGS).status == "completed"


def test_last_line_needs_no_line_break(client: OpenAI):
    batch = run(client, lines(2).rstrip(b"\n"))
    assert len(rows(client, batch.output_file_id)) == 2


def test_list_of_batches_is_newest_first_and_has_pages(start_platform):
    with start_platform() as client:
        ids = [start(client, lines(1)).id for _ in range(7)]
        assert [batch.id for batch in client.batches.list(limit=3)] == ids[::-1]
        page = client.batches.list(limit=2, after=ids[4])
        assert ([batch.id for batch in page.data], page.has_more) == ([ids[3], ids[2]], True)


def test_list_of_batches_fits_the_schema(client: OpenAI, http: httpx2.Client):
    batch = run(client, lines(1))
    found = http.get("batches", params={"limit": 1}).json()
    check("ListBatchesResponse", found)
    assert found["first_id"] == found["last_id"] == batch.id


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "-1"}])
def test_list_of_batches_refuses_wrong_parameters(http: httpx2.Client, query: dict):
    assert http.get("batches", params=query).status_code == 400


def test_unknown_batch_is_not_found(client: OpenAI, http: httpx2.Client):
    for call in (client.batches.retrieve, client.batches.cancel):
        with pytest.raises(NotFoundError):
            call("batch_nowhere")
    answer = http.get("batches", params={"after": "batch_nowhere"})
    assert answer.status_code == 404
    check("ErrorResponse", answer.json())


def test_cancelled_batch_keeps_what_was_finished(start_platform):
    with start_platform(delay=100) as client:
        batch = start(client, lines(1_000))
        until(lambda: (client.batches.retrieve(batch.id).request_counts or batch.request_counts).completed)
        assert client.batches.cancel(batch.id).status == "cancelling"
        batch = finished(client, batch)
        done, not_done = rows(client, batch.output_file_id), rows(client, batch.error_file_id)
        assert batch.status == "cancelled"
        assert batch.cancelling_at
        assert batch.cancelled_at
        assert 0 < len(done) < 1_000
        assert len({row["custom_id"] for row in done + not_done}) == len(done + not_done) == 1_000
        assert {(row["response"], row["error"]["code"]) for row in not_done} == {(None, "batch_cancelled")}


def test_finished_batch_cannot_be_cancelled(client: OpenAI):
    batch = run(client, lines(1))
    with pytest.raises(ConflictError, match="Cannot cancel a batch with status 'completed'"):
        client.batches.cancel(batch.id)


def test_expired_batch_keeps_what_was_finished_and_names_the_rest(
    start_platform, monkeypatch: pytest.MonkeyPatch
):
    ahead = [0.0]
    clock = SimpleNamespace(time=lambda: time() + ahead[0])
    monkeypatch.setattr("distilabel.server.worker.time", clock)
    with start_platform(delay=100, expire_after=50) as client:
        batch = start(client, lines(1_000))
        until(lambda: (client.batches.retrieve(batch.id).request_counts or batch.request_counts).completed)
        ahead[0] = 50.0  # by then half of them would be done
        batch = finished(client, batch)
        done, not_done = rows(client, batch.output_file_id), rows(client, batch.error_file_id)
        assert batch.status == "expired"
        assert batch.expired_at
        assert 0 < len(done) < 1_000
        assert len({row["custom_id"] for row in done + not_done}) == len(done + not_done) == 1_000
        for row in not_done:
            assert set(row) == {"id", "custom_id", "response", "error"}
            assert (row["response"], row["error"]["code"]) == (None, "batch_expired")
