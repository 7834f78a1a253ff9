"""Google's SDK is a client of the emulator of the Gemini API."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.gemini import GEMINI
from tests.emulators.world import BAD, answer_to, emulated, until, vector_of

genai = pytest.importorskip("google.genai")
types = genai.types


@pytest.fixture
def client(tmp_path: Path) -> Iterator["genai.Client"]:
    with emulated(GEMINI, tmp_path / "platform") as url:
        client = genai.Client(api_key="sk", http_options={"base_url": url})
        yield client
        client.close()


def contents(prompt: str) -> list[dict]:
    return [{"role": "user", "parts": [{"text": prompt}]}]


def made(client: "genai.Client", folder: Path, *prompts: str) -> str:
    path = folder / "lines.jsonl"
    lines = [{"key": f"k{i}", "request": {"contents": contents(prompt)}} for i, prompt in enumerate(prompts)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    file = client.files.upload(file=path, config={"mime_type": "application/jsonl"})
    return client.batches.create(model="m", src=file.name, config={"display_name": "tag"}).name


def over(client: "genai.Client", name: str, state: str = "JOB_STATE_SUCCEEDED") -> "genai.types.BatchJob":
    return until(lambda: client.batches.get(name=name), lambda job: job.state == state)


def test_sdk_makes_a_batch_of_a_file_and_reads_its_results(client: "genai.Client", tmp_path: Path):
    job = over(client, made(client, tmp_path, "one", BAD))
    assert job.display_name == "tag"
    lines = map(json.loads, client.files.download(file=job.dest.file_name).split(b"\n")[:-1])
    results = {line["key"]: line for line in lines}
    text = results["k0"]["response"]["candidates"][0]["content"]["parts"][0]["text"]
    assert text == answer_to("one")
    assert results["k1"]["error"]["code"] == 3


def test_sdk_makes_a_batch_of_inline_requests(client: "genai.Client"):
    asked = [{"contents": contents(prompt), "metadata": {"key": prompt}} for prompt in ("one", BAD)]
    job = over(client, client.batches.create(model="m", src=asked).name)
    results = {one.metadata["key"]: one for one in job.dest.inlined_responses}
    assert results["one"].response.text == answer_to("one")
    assert results[BAD].error.code == 3


def test_sdk_lists_batches_page_by_page(client: "genai.Client", tmp_path: Path):
    names = [made(client, tmp_path, f"{n}") for n in range(3)]
    assert [job.name for job in client.batches.list(config={"page_size": 2})] == names[::-1]


def test_sdk_cancels_a_batch(tmp_path: Path):
    with emulated(GEMINI, tmp_path / "platform", delay=60, concurrency=1) as url:
        client = genai.Client(api_key="sk", http_options={"base_url": url})
        name = made(client, tmp_path, "one", "two")
        client.batches.cancel(name=name)
        over(client, name, "JOB_STATE_CANCELLED")
        client.close()


def test_sdk_makes_a_batch_of_embeddings_and_reads_its_results(client: "genai.Client", tmp_path: Path):
    path = tmp_path / "lines.jsonl"
    lines = [
        {"key": text, "request": {"content": {"parts": [{"text": text}]}, "outputDimensionality": 2}}
        for text in ("one", "three")
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    file = client.files.upload(file=path, config={"mime_type": "application/jsonl"})
    with pytest.warns(genai.errors.ExperimentalWarning):
        made = client.batches.create_embeddings(
            model="m", src={"file_name": file.name}, config={"display_name": "tag"}
        )
    job = over(client, made.name)
    assert job.display_name == "tag"
    lines = map(json.loads, client.files.download(file=job.dest.file_name).split(b"\n")[:-1])
    read = {line["key"]: types.SingleEmbedContentResponse.model_validate(line["response"]) for line in lines}
    assert {text: one.embedding.values for text, one in read.items()} == {
        "one": vector_of("one"), "three": vector_of("three"),
    }  # fmt: skip
    assert read["one"].token_count == 7


def test_sdk_makes_a_batch_of_inline_embeddings(client: "genai.Client"):
    with pytest.warns(genai.errors.ExperimentalWarning):
        made = client.batches.create_embeddings(model="m", src={"inlined_requests": {"contents": ["one"]}})
    (answer,) = over(client, made.name).dest.inlined_embed_content_responses
    assert answer.response.embedding.values == vector_of("one")


def test_sdk_embeds_online(client: "genai.Client"):
    answer = client.models.embed_content(model="m", contents=["one", "three"])
    assert [one.values for one in answer.embeddings] == [vector_of("one"), vector_of("three")]


def test_sdk_asks_online(client: "genai.Client"):
    assert client.models.generate_content(model="m", contents="one").text == answer_to("one")
    with pytest.raises(genai.errors.ClientError, match="INVALID_ARGUMENT"):
        client.models.generate_content(model="m", contents=BAD)


def test_name_of_a_file_may_be_chosen_once(client: "genai.Client", tmp_path: Path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"{}\n")
    chosen = {"name": "mine", "mime_type": "application/jsonl"}
    assert client.files.upload(file=path, config=chosen).name == "files/mine"
    assert client.files.get(name="files/mine").size_bytes == 3
    with pytest.raises(genai.errors.ClientError, match="409"):
        client.files.upload(file=path, config=chosen)
