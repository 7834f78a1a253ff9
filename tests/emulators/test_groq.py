"""Groq's SDK is a client of the emulator."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.groq import GROQ
from tests.emulators.world import BAD, answer_to, chats, emulated, until

groq = pytest.importorskip("groq")


@pytest.fixture
def client(tmp_path: Path) -> Iterator["groq.Groq"]:
    with (
        emulated(GROQ, tmp_path / "platform") as url,
        groq.Groq(base_url=url, api_key="sk", max_retries=0) as client,
    ):
        yield client


def made(client: "groq.Groq", *prompts: str, **more: dict) -> "groq.types.BatchCreateResponse":
    file = client.files.create(file=("lines.jsonl", chats(*prompts)), purpose="batch")
    return client.batches.create(
        completion_window="24h", endpoint="/v1/chat/completions", input_file_id=file.id, **more
    )


def test_sdk_makes_a_batch_and_reads_both_files(client: "groq.Groq"):
    name = made(client, "one", BAD, metadata={"tag": "t"}).id
    batch = until(lambda: client.batches.retrieve(name), lambda batch: batch.status == "completed")
    assert batch.metadata == {"tag": "t"}
    (line,) = client.files.content(batch.output_file_id).read().split(b"\n")[:-1]
    answer = json.loads(line)["response"]["body"]["choices"][0]["message"]["content"]
    assert answer == answer_to("one")
    assert json.loads(client.files.content(batch.error_file_id).read())["response"]["status_code"] == 400


def test_sdk_lists_batches_without_pages(client: "groq.Groq"):
    names = [made(client, f"{n}").id for n in range(3)]
    assert [batch.id for batch in client.batches.list().data] == names[::-1]


def test_sdk_cancels_a_batch(tmp_path: Path):
    with (
        emulated(GROQ, tmp_path / "platform", delay=60, concurrency=1) as url,
        groq.Groq(base_url=url, api_key="sk") as client,
    ):
        name = made(client, "one", "two").id
        client.batches.cancel(name)
        until(lambda: client.batches.retrieve(name), lambda batch: batch.status == "cancelled")


def test_sdk_asks_online(client: "groq.Groq"):
    answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "one"}])
    assert answer.choices[0].message.content == answer_to("one")
    with pytest.raises(groq.BadRequestError, match="No"):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": BAD}])
