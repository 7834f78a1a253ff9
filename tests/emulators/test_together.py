"""Together's SDK is a client of the emulator."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.together import TOGETHER
from tests.emulators.world import BAD, answer_to, chats, emulated, until

together = pytest.importorskip("together")


@pytest.fixture
def client(tmp_path: Path) -> Iterator["together.Together"]:
    with (
        emulated(TOGETHER, tmp_path / "platform") as url,
        together.Together(base_url=url, api_key="sk", max_retries=0) as client,
    ):
        yield client


def uploaded(client: "together.Together", folder: Path, *prompts: str) -> str:
    path = folder / "lines.jsonl"
    path.write_bytes(chats(*prompts))
    return client.files.upload(file=str(path), purpose="batch-api", check=False).id


def made(client: "together.Together", folder: Path, *prompts: str) -> str:
    file = uploaded(client, folder, *prompts)
    return client.batches.create(endpoint="/v1/chat/completions", input_file_id=file).job.id


def test_sdk_makes_a_batch_and_reads_both_files(client: "together.Together", tmp_path: Path):
    name = made(client, tmp_path, "one", BAD)
    job = until(lambda: client.batches.retrieve(name), lambda job: job.status == "COMPLETED")
    assert job.progress == 100
    line = json.loads(client.files.content(job.output_file_id).read())
    assert line["response"]["body"]["choices"][0]["message"]["content"] == answer_to("one")
    assert json.loads(client.files.content(job.error_file_id).read())["response"]["status_code"] == 400


def test_content_that_is_known_is_not_uploaded_again(client: "together.Together", tmp_path: Path):
    assert uploaded(client, tmp_path, "one") == uploaded(client, tmp_path, "one")
    assert uploaded(client, tmp_path, "one") != uploaded(client, tmp_path, "two")
    assert len(client.files.list().data) == 2


def test_sdk_lists_batches_without_pages(client: "together.Together", tmp_path: Path):
    names = [made(client, tmp_path, f"{n}") for n in range(3)]
    assert [job.id for job in client.batches.list()] == names[::-1]


def test_sdk_cancels_a_batch(tmp_path: Path):
    with (
        emulated(TOGETHER, tmp_path / "platform", delay=60, concurrency=1) as url,
        together.Together(base_url=url, api_key="sk") as client,
    ):
        name = made(client, tmp_path, "one", "two")
        client.batches.cancel(name)
        until(lambda: client.batches.retrieve(name), lambda job: job.status == "CANCELLED")


def test_sdk_asks_online(client: "together.Together"):
    answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "one"}])
    assert answer.choices[0].message.content == answer_to("one")
