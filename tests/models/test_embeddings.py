"""Embedding models behind a platform: bodies, answers online, and batches outside a pipeline."""

import asyncio
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from google.genai import types
from mistralai.client.models import EmbeddingRequest
from pydantic import ValidationError

import distilabel.embeddings
from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelModelNotFoundError,
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelUserError,
)
from distilabel.models import GeminiEmbeddings, MistralEmbeddings, OpenAIEmbeddings
from distilabel.records import canonical_json
from distilabel.server import Settings, running
from distilabel.testing.platform import Line
from tests.emulators.base import Emulator
from tests.emulators.gemini import GEMINI
from tests.emulators.mistral import MISTRAL
from tests.emulators.openai import OPENAI
from tests.emulators.world import emulated
from tests.fakes import KEY, URL, FakePlatform, answered

KINDS: list[type[Any]] = [OpenAIEmbeddings, MistralEmbeddings, GeminiEmbeddings]
Handler = Callable[[str], httpx2.Response]
NotFinished = DistilabelOfflineBatchGenerationNotFinishedException


def vector_for(text: str) -> list[float]:
    return [float(len(text)), 0.5]


def embedded(text: str, vector: Any = None) -> dict[str, Any]:
    item = {"object": "embedding", "index": 0, "embedding": vector_for(text) if vector is None else vector}
    return {"object": "list", "data": [item], "model": "m", "usage": {"prompt_tokens": 3, "total_tokens": 3}}


def content_embedded(text: str) -> dict[str, Any]:
    return {"embedding": {"values": vector_for(text)}, "usageMetadata": {"promptTokenCount": 3}}


class Counter:
    """A platform that embeds by length, and counts what is under way at once."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self.now = self.most = 0
        self.answer: dict[str, httpx2.Response] = {}
        self.transport = httpx2.MockTransport(self._handle)

    async def _handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.001)
        self.now -= 1
        body = json.loads(request.content)
        text = body["content"]["parts"][0]["text"] if "content" in body else body["input"]
        shaped = content_embedded if "content" in body else embedded
        return self.answer.get(text) or httpx2.Response(200, json=shaped(text))


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def make(counter: Counter, fast: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes a model that is loaded and asks the counter, or another transport; its cache is the test's own."""
    for kind in ("OPENAI", "MISTRAL", "GEMINI"):
        monkeypatch.delenv(f"{kind}_API_KEY", raising=False)
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "cache"))
    made: list[Any] = []

    def make_one(kind: type[Any] = OpenAIEmbeddings, *, transport: Any = None, **more: Any) -> Any:
        given = {"model": "m", "base_url": URL, "api_key": KEY, "transport": transport or counter.transport}
        made.append(kind(**(given | more)))
        made[-1].load()
        return made[-1]

    yield make_one
    for each in made:
        each.unload()


# Bodies


def test_body_holds_what_is_set_and_nothing_else():
    openai = OpenAIEmbeddings(model="m", encoding_format="base64", dimensions=2)
    assert openai.request("a") == {"model": "m", "input": "a", "encoding_format": "base64", "dimensions": 2}
    mistral = MistralEmbeddings(model="m", output_dimension=2, output_dtype="int8")
    assert mistral.request("a") == {"model": "m", "input": "a", "output_dimension": 2, "output_dtype": "int8"}
    gemini = GeminiEmbeddings(model="m", task_type="CLUSTERING", output_dimensionality=2)
    content = {"parts": [{"text": "a"}]}
    assert gemini.request("a") == {"content": content, "taskType": "CLUSTERING", "outputDimensionality": 2}


def test_official_sdks_know_every_field_of_the_bodies():
    mistral = MistralEmbeddings(model="m", output_dimension=2, output_dtype="int8").request("a")
    known = {field.alias or name for name, field in EmbeddingRequest.model_fields.items()}
    assert mistral.keys() <= known
    EmbeddingRequest.model_validate(mistral)
    gemini = GeminiEmbeddings(model="m", task_type="CLUSTERING", output_dimensionality=2).request("a")
    types.Content.model_validate(gemini.pop("content"))
    types.EmbedContentConfig.model_validate(gemini)


def test_what_does_not_change_the_vectors_does_not_change_the_signature():
    one = OpenAIEmbeddings(model="m")
    same = OpenAIEmbeddings(
        model="m", api_key=KEY, use_offline_batch_generation=True, jobs_ids=("b",), project="p"
    )
    assert one.signature == same.signature
    assert one.signature != OpenAIEmbeddings(model="m", dimensions=2).signature


@pytest.mark.parametrize("kind", KINDS)
def test_key_is_not_written(kind: type[Any]):
    model = kind(model="m", api_key=KEY)
    assert KEY not in f"{model.dump()} {model!r}"


def test_models_are_found_under_the_old_path():
    assert distilabel.embeddings.OpenAIEmbeddings is OpenAIEmbeddings
    assert distilabel.embeddings.GeminiEmbeddings is GeminiEmbeddings


# Online


@pytest.mark.parametrize("kind", KINDS)
def test_each_text_gets_its_own_vector_in_order(kind: type[Any], make: Any, counter: Counter):
    assert make(kind).encode(["a", "abc", "ab"]) == [[1.0, 0.5], [3.0, 0.5], [2.0, 0.5]]
    assert len(counter.requests) == 3


def test_requests_go_where_the_platforms_embed(make: Any, counter: Counter):
    for kind in KINDS:
        make(kind).encode(["a"])
    paths = [request.url.path for request in counter.requests]
    assert paths == ["/v1/embeddings", "/v1/embeddings", "/v1/v1beta/models/m:embedContent"]


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_are_reported(kind: type[Any], make: Any):
    assert make(kind).encode_outputs(["a"]) == [{"embedding": [1.0, 0.5], "input_tokens": 3}]


def test_vectors_in_base64_are_read(make: Any, counter: Counter):
    counter.answer["a"] = httpx2.Response(200, json=embedded("a", "AACAPgAAAL8="))
    assert make(encoding_format="base64").encode(["a"]) == [[0.25, -0.5]]


def test_no_more_requests_are_under_way_than_was_said(make: Any, counter: Counter):
    make(max_concurrent_requests=3).encode([str(number) for number in range(20)])
    assert (counter.most, len(counter.requests)) == (3, 20)


@pytest.mark.parametrize("kind", KINDS)
def test_text_that_is_refused_has_no_vector_and_a_reason_and_the_others_have_theirs(
    kind: type[Any], make: Any, counter: Counter
):
    error = {"error": {"message": "Too long.", "code": "too_long", "status": "too_long"}}
    counter.answer["bad"] = httpx2.Response(400, json=error)
    good, bad = make(kind).encode_outputs(["good", "bad"])
    assert good["embedding"] == [4.0, 0.5]
    reason = {"code": "too_long", "message": "Too long.", "attempts": 1, "job_id": None}
    assert bad == {"embedding": None, "failure": reason}
    assert make(kind).encode(["bad"]) == [None]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"data": []},
        {"data": [None]},
        embedded("a", []),
        embedded("a", [1.0, None]),
        embedded("a", [True]),
        embedded("a", "no base64"),
        embedded("a", "AAA="),
        embedded("a", [10**400]),
        {"embedding": {"values": [1.0]}},
    ],
)
def test_answer_without_a_vector_is_a_reason(answer: Any, make: Any, counter: Counter):
    counter.answer["a"] = httpx2.Response(200, json=answer)
    assert make().encode_outputs(["a"])[0]["failure"]["code"] == "empty_reply"


@pytest.mark.parametrize(
    "answer", [{"embedding": None}, {"embedding": {"values": [None]}}, {"embedding": []}, {}]
)
def test_content_without_a_vector_is_a_reason(answer: Any, make: Any, counter: Counter):
    counter.answer["a"] = httpx2.Response(200, json=answer)
    assert make(GeminiEmbeddings).encode_outputs(["a"])[0]["failure"]["code"] == "empty_reply"


def test_chat_in_place_of_a_vector_is_a_reason(make: Any, counter: Counter):
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    counter.answer["a"] = httpx2.Response(200, json={"choices": [choice]})
    assert make().encode_outputs(["a"])[0]["failure"]["code"] == "no_embedding"


def test_what_concerns_all_texts_is_raised(make: Any, counter: Counter):
    counter.answer["key"] = httpx2.Response(401, json={"error": {"message": "Wrong key."}})
    counter.answer["model"] = httpx2.Response(404, json={"error": {"code": "model_not_found"}})
    with pytest.raises(DistilabelAuthenticationError):
        make().encode(["a", "key"])
    with pytest.raises(DistilabelModelNotFoundError):
        make().encode(["model"])


def test_missing_key_is_named_at_load(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(DistilabelAuthenticationError, match=r"OpenAIEmbeddings has no key: .*OPENAI_API_KEY"):
        OpenAIEmbeddings(model="m").load()


def test_asking_before_loading_says_what_to_call():
    with pytest.raises(DistilabelUserError, match=r"OpenAIEmbeddings\.load\(\)"):
        OpenAIEmbeddings(model="m").encode(["a"])


def test_headers_of_the_user_reach_the_wire(make: Any, counter: Counter):
    make(default_headers={"X-Team": "blue"}, project="p").encode(["a"])
    (request,) = counter.requests
    assert (request.headers["x-team"], request.headers["openai-project"]) == ("blue", "p")


def test_model_crosses_a_process_boundary_without_its_connection(make: Any):
    model = make()
    model.encode(["a"])
    model.transport = None
    arrived = pickle.loads(pickle.dumps(model))
    assert (arrived.dump(), arrived.api_key) == (model.dump(), model.api_key)
    with pytest.raises(DistilabelUserError, match="load"):
        arrived.encode(["a"])


# By batch, outside a pipeline


def texts_embedded(lines: list[Line]) -> tuple[list[bytes], list[bytes]]:
    def line_of(line: Line) -> bytes:
        response = {"status_code": 200, "request_id": "r", "body": embedded(line["body"]["input"])}
        return answered({**line, "body": {"messages": [{"content": ""}]}}, response=response)

    return [line_of(line) for line in reversed(lines)], []


def test_first_call_submits_and_a_later_one_gives_the_vectors_in_order(make: Any, platform: FakePlatform):
    platform.plan(results=texts_embedded)
    model = make(transport=platform.transport, use_offline_batch_generation=True)
    with pytest.raises(NotFinished) as caught:
        model.encode(["a", "abc", "ab"])
    assert caught.value.jobs_ids == model.jobs_ids == tuple(platform.batches)
    assert model.encode(["a", "abc", "ab"]) == [[1.0, 0.5], [3.0, 0.5], [2.0, 0.5]]
    again = make(transport=platform.transport, use_offline_batch_generation=True)
    assert again.encode(["ab"]) == [[2.0, 0.5]]
    assert platform.count("create") == 1
    assert {line["url"] for batch in platform.batches.values() for line in batch.lines} == {"/v1/embeddings"}


def test_lines_of_a_batch_hold_the_body_that_goes_out_online(
    make: Any, platform: FakePlatform, counter: Counter
):
    make(dimensions=2).encode(["é"])
    offline = make(transport=platform.transport, dimensions=2, use_offline_batch_generation=True)
    with pytest.raises(NotFinished):
        offline.encode(["é"])
    (batch,) = platform.batches.values()
    assert canonical_json(batch.lines[0]["body"]) == counter.requests[0].content


def test_polling_model_waits_for_its_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "cache"))
    with running(Settings(folder=tmp_path / "platform")) as url:
        offline = OpenAIEmbeddings(
            model="toy-1",
            base_url=url,
            api_key=KEY,
            dimensions=4,
            use_offline_batch_generation=True,
            offline_batch_generation_block_until_done=0.02,
        )
        online = OpenAIEmbeddings(model="toy-1", base_url=url, api_key=KEY, dimensions=4)
        for model in (offline, online):
            model.load()
        assert offline.encode(["red apple", "blue"]) == online.encode(["red apple", "blue"])
        for model in (offline, online):
            model.unload()


@pytest.mark.parametrize(
    ("emulator", "kind"), [(OPENAI, OpenAIEmbeddings), (MISTRAL, MistralEmbeddings), (GEMINI, GeminiEmbeddings)],
    ids=lambda value: getattr(value, "name", ""),
)  # fmt: skip
def test_vectors_are_the_same_by_batch_and_online(
    emulator: Emulator, kind: type[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path / "cache"))
    offline = {"use_offline_batch_generation": True, "offline_batch_generation_block_until_done": 0.02}
    outputs = []
    with emulated(emulator, tmp_path / "platform") as url:
        for more in ({}, offline):
            model = kind(model="toy-1", base_url=url + emulator.root, api_key=KEY, **more)
            model.load()
            outputs.append(model.encode_outputs(["red apple", "blue"]))
            model.unload()
    assert outputs[0] == [{"embedding": [float(length), 1.0], "input_tokens": 7} for length in (9, 4)]
    assert outputs[1] == outputs[0]
    assert len(model.jobs_ids or ()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_platforms_whose_batches_embed_take_offline(kind: type[Any]):
    assert kind(model="m", use_offline_batch_generation=True).use_offline_batch_generation


def test_platform_without_batches_of_embeddings_refuses_offline_in_a_sentence_also_when_it_is_set_later():
    class OllamaEmbeddings(OpenAIEmbeddings):
        platform_name = "ollama"

    with pytest.raises(ValidationError, match="OllamaEmbeddings cannot generate by offline batch"):
        OllamaEmbeddings(model="m", use_offline_batch_generation=True)
    with pytest.raises(DistilabelUserError, match="use_offline_batch_generation=False"):
        OllamaEmbeddings(model="m").set_runtime_parameters({"use_offline_batch_generation": True})
