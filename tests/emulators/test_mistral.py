"""Mistral's SDK is a client of the emulator."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.mistral import MISTRAL
from tests.emulators.world import BAD, answer_to, emulated, until

client_module = pytest.importorskip("mistralai.client")
Mistral = client_module.Mistral


@pytest.fixture
def client(tmp_path: Path) -> Iterator["Mistral"]:
    with (
        emulated(MISTRAL, tmp_path / "platform") as url,
        Mistral(server_url=url, api_key="sk") as client,
    ):
        yield client


def made(client: "Mistral", *prompts: str, **more: dict) -> str:
    lines = [
        {"custom_id": f"id-{i}", "body": {"messages": [{"role": "user", "content": prompt}]}}
        for i, prompt in enumerate(prompts)
    ]
    content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    file = client.files.upload(file={"file_name": "lines.jsonl", "content": content}, purpose="batch")
    assert client.files.download(file_id=file.id).read() == content
    return client.batch.jobs.create(
        endpoint="/v1/chat/completions", input_files=[file.id], model="m", **more
    ).id


def test_sdk_makes_a_job_and_reads_both_files(client: "Mistral"):
    name = made(client, "one", BAD, metadata={"tag": "t"})
    job = until(lambda: client.batch.jobs.get(job_id=name), lambda job: job.status == "SUCCESS")
    assert (job.total_requests, job.succeeded_requests, job.failed_requests) == (2, 1, 1)
    assert job.metadata == {"tag": "t"}
    line = json.loads(client.files.download(file_id=job.output_file).read())
    assert line["custom_id"] == "id-0"
    assert line["response"]["body"]["choices"][0]["message"]["content"] == answer_to("one")
    line = json.loads(client.files.download(file_id=job.error_file).read())
    assert (line["custom_id"], line["response"]["status_code"]) == ("id-1", 400)


def test_sdk_gets_results_within_the_job(client: "Mistral"):
    requests = [{"custom_id": "a", "body": {"messages": [{"role": "user", "content": "one"}]}}]
    name = client.batch.jobs.create(endpoint="/v1/chat/completions", requests=requests, model="m").id
    job = until(lambda: client.batch.jobs.get(job_id=name, inline=True), lambda job: job.status == "SUCCESS")
    assert job.outputs[0]["custom_id"] == "a"


def test_sdk_lists_jobs_page_by_page(client: "Mistral"):
    names = [made(client, f"{n}") for n in range(3)]
    page = client.batch.jobs.list(page=1, page_size=2)
    assert (page.total, [job.id for job in page.data]) == (3, names[:1])


def test_sdk_cancels_a_job(tmp_path: Path):
    with (
        emulated(MISTRAL, tmp_path / "platform", delay=60, concurrency=1) as url,
        Mistral(server_url=url, api_key="sk") as client,
    ):
        name = made(client, "one", "two")
        assert client.batch.jobs.cancel(job_id=name).status == "CANCELLATION_REQUESTED"
        until(lambda: client.batch.jobs.get(job_id=name), lambda job: job.status == "CANCELLED")


def test_sdk_asks_online(client: "Mistral"):
    answer = client.chat.complete(model="m", messages=[{"role": "user", "content": "one"}])
    assert answer.choices[0].message.content == answer_to("one")
