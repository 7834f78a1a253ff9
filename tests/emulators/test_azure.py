"""OpenAI's SDK is a client of the emulator of Azure, by the new address and by the one with a version."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.emulators.azure import AZURE
from tests.emulators.world import answer_to, chats, emulated, until


@contextmanager
def new(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/openai/v1/", api_key="sk", max_retries=0) as client:
        yield client


@contextmanager
def versioned(url: str) -> Iterator[openai.OpenAI]:
    with openai.AzureOpenAI(azure_endpoint=url, api_key="sk", api_version="2024-10-21") as client:
        yield client


def made(client: openai.OpenAI, *prompts: str) -> str:
    file = client.files.create(file=("lines.jsonl", chats(*prompts)), purpose="batch")
    return client.batches.create(
        completion_window="24h", endpoint="/v1/chat/completions", input_file_id=file.id
    ).id


@pytest.mark.parametrize("opened", [new, versioned])
def test_sdk_makes_a_batch_and_reads_its_files(opened: Callable[[str], Any], tmp_path: Path):
    with emulated(AZURE, tmp_path / "platform") as url, opened(url) as client:
        name = made(client, "one")
        batch = until(lambda: client.batches.retrieve(name), lambda batch: batch.status == "completed")
        line = json.loads(client.files.content(batch.output_file_id).read())
        assert line["response"]["body"]["choices"][0]["message"]["content"] == answer_to("one")
        assert client.files.content(batch.error_file_id).read() == b""
        assert [one.id for one in client.batches.list()] == [name]
        answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "one"}])
        assert answer.choices[0].message.content == answer_to("one")


def test_counts_are_null_until_it_is_over_and_it_can_be_cancelled(tmp_path: Path):
    with emulated(AZURE, tmp_path / "platform", delay=60, concurrency=1) as url, new(url) as client:
        name = made(client, "one", "two")
        batch = until(lambda: client.batches.retrieve(name), lambda batch: batch.status == "in_progress")
        assert batch.request_counts.completed is None
        client.batches.cancel(name)
        until(lambda: client.batches.retrieve(name), lambda batch: batch.status == "cancelled")


def test_address_without_a_version_is_not_found(tmp_path: Path):
    with (
        emulated(AZURE, tmp_path / "platform") as url,
        openai.OpenAI(base_url=f"{url}/openai", api_key="sk", max_retries=0) as client,
        pytest.raises(openai.NotFoundError, match="Resource not found"),
    ):
        client.batches.list()
