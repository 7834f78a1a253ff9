"""Fireworks' SDK is a client of the emulator."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.emulators.fireworks import FIREWORKS
from tests.emulators.world import BAD, answer_to, chats, emulated, until

fireworks = pytest.importorskip("fireworks")


@pytest.fixture
def client(tmp_path: Path) -> Iterator["fireworks.Fireworks"]:
    with (
        emulated(FIREWORKS, tmp_path / "platform") as url,
        fireworks.Fireworks(base_url=url, api_key="sk", account_id="acme", max_retries=0) as client,
    ):
        yield client


def made(client: "fireworks.Fireworks", name: str, *prompts: str) -> None:
    client.datasets.create(dataset_id=f"{name}-in", dataset={"user_uploaded": {}})
    client.datasets.upload(f"{name}-in", file=("lines.jsonl", chats(*prompts)))
    client.batch_inference_jobs.create(
        batch_inference_job_id=name, input_dataset_id=f"accounts/acme/datasets/{name}-in", model="m",
        output_dataset_id=f"accounts/acme/datasets/{name}-out",
    )  # fmt: skip


def state(client: "fireworks.Fireworks", name: str, wanted: str) -> None:
    until(lambda: client.batch_inference_jobs.get(name), lambda job: job.state == f"JOB_STATE_{wanted}")


def test_sdk_makes_a_job_and_reads_both_files(client: "fireworks.Fireworks"):
    made(client, "first", "one", BAD)
    state(client, "first", "COMPLETED")
    urls = client.datasets.get_download_endpoint("first-out").filename_to_signed_urls
    lines = [json.loads(urlopen(url).read()) for url in urls.values()]
    by_name = {line["custom_id"]: line for line in lines}
    assert by_name["id-0"]["response"]["choices"][0]["message"]["content"] == answer_to("one")
    assert by_name["id-1"]["error"]["code"] == "invalid_prompt"


def test_id_of_a_job_is_taken_once(client: "fireworks.Fireworks"):
    made(client, "first", "one")
    with pytest.raises(fireworks.ConflictError, match="exists already"):
        client.batch_inference_jobs.create(
            batch_inference_job_id="first", input_dataset_id="accounts/acme/datasets/first-in", model="m"
        )


def test_sdk_lists_jobs_page_by_page(client: "fireworks.Fireworks"):
    for name in ("first", "second", "third"):
        made(client, name, name)
    jobs = client.batch_inference_jobs.list(page_size=2)
    assert [job.name.rpartition("/")[2] for job in jobs] == ["third", "second", "first"]


def test_dataset_may_be_uploaded_by_a_signed_address(client: "fireworks.Fireworks"):
    client.datasets.create(dataset_id="big", dataset={"user_uploaded": {}})
    urls = client.datasets.get_upload_endpoint(
        "big", filename_to_size={"a.jsonl": "9"}
    ).filename_to_signed_urls
    urlopen(Request(urls["a.jsonl"], data=chats("one"), method="PUT"))
    client.datasets.validate_upload("big", body={})
    assert client.datasets.get("big").state == "READY"


def test_job_that_is_deleted_runs_no_more(tmp_path: Path):
    with (
        emulated(FIREWORKS, tmp_path / "platform", delay=60, concurrency=1) as url,
        fireworks.Fireworks(base_url=url, api_key="sk", account_id="acme") as client,
    ):
        made(client, "first", "one", "two")
        client.batch_inference_jobs.delete("first")
        state(client, "first", "CANCELLED")


def test_sdk_asks_online(client: "fireworks.Fireworks"):
    answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "one"}])
    assert answer.choices[0].message.content == answer_to("one")
