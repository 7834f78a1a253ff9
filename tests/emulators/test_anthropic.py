"""Anthropic's SDK is a client of the emulator."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.anthropic import ANTHROPIC
from tests.emulators.world import BAD, answer_to, emulated, statuses, until

anthropic = pytest.importorskip("anthropic")


@pytest.fixture
def client(tmp_path: Path) -> Iterator["anthropic.Anthropic"]:
    with (
        emulated(ANTHROPIC, tmp_path / "platform") as url,
        anthropic.Anthropic(base_url=url, api_key="sk", max_retries=0) as client,
    ):
        yield client


def request(custom_id: str, prompt: str) -> dict:
    params = {"model": "claude", "max_tokens": 9, "messages": [{"role": "user", "content": prompt}]}
    return {"custom_id": custom_id, "params": params}


def ended(client: "anthropic.Anthropic", name: str) -> "anthropic.types.messages.MessageBatch":
    return until(
        lambda: client.messages.batches.retrieve(name), lambda batch: batch.processing_status == "ended"
    )


def test_sdk_makes_a_batch_and_reads_each_result(client: "anthropic.Anthropic"):
    made = client.messages.batches.create(requests=[request("a", "one"), request("b", BAD)])
    assert made.processing_status == "in_progress"
    assert made.request_counts.processing == 2
    batch = ended(client, made.id)
    assert (batch.request_counts.succeeded, batch.request_counts.errored) == (1, 1)
    results = {line.custom_id: line.result for line in client.messages.batches.results(made.id)}
    assert results["a"].message.content[0].text == answer_to("one")
    assert results["a"].message.usage.output_tokens == 9
    assert results["b"].error.error.type == "invalid_request_error"


def test_sdk_lists_batches_newest_first_and_page_by_page(client: "anthropic.Anthropic"):
    made = [client.messages.batches.create(requests=[request("a", f"{n}")]).id for n in range(3)]
    assert [batch.id for batch in client.messages.batches.list(limit=2)] == made[::-1]


def test_sdk_cancels_a_batch(tmp_path: Path):
    with (
        emulated(ANTHROPIC, tmp_path / "platform", delay=60, concurrency=1) as url,
        anthropic.Anthropic(base_url=url, api_key="sk") as client,
    ):
        made = client.messages.batches.create(requests=[request(f"{n}", f"{n}") for n in range(5)])
        until(lambda: statuses(tmp_path / "platform"), lambda seen: seen == ["in_progress"])
        assert client.messages.batches.cancel(made.id).cancel_initiated_at
        assert ended(client, made.id).request_counts.canceled > 0
        results = [line.result.type for line in client.messages.batches.results(made.id)]
        assert len(results) == 5
        assert "canceled" in results


def test_sdk_asks_online(client: "anthropic.Anthropic"):
    message = client.messages.create(**request("", "one")["params"])
    assert message.content[0].text == answer_to("one")
    assert message.stop_reason == "end_turn"


def test_sdk_reads_refusals(client: "anthropic.Anthropic"):
    with pytest.raises(anthropic.BadRequestError, match="should match pattern"):
        client.messages.batches.create(requests=[request("a b", "one")])
    with pytest.raises(anthropic.BadRequestError, match="unique"):
        client.messages.batches.create(requests=[request("a", "one")] * 2)
    with pytest.raises(anthropic.NotFoundError):
        client.messages.batches.retrieve("msgbatch_none")
    with pytest.raises(anthropic.BadRequestError, match="No"):
        client.messages.create(**request("", BAD)["params"])


def test_results_that_are_not_there_yet_have_no_address(tmp_path: Path):
    with (
        emulated(ANTHROPIC, tmp_path / "platform", delay=60) as url,
        anthropic.Anthropic(base_url=url, api_key="sk") as client,
    ):
        made = client.messages.batches.create(requests=[request("a", "one")])
        assert made.results_url is None
        with pytest.raises(anthropic.AnthropicError, match="results_url"):
            client.messages.batches.results(made.id)
