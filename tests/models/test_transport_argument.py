"""`transport=` and `http_client=`: a custom HTTP layer for models behind a platform."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from distilabel.exceptions import DistilabelUserError
from distilabel.models import (
    InferenceEndpointsImageGeneration,
    OpenAICompatibleLLM,
    OpenAIEmbeddings,
    OpenAIImageGeneration,
    OpenAILLM,
    vLLM,
)
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
from distilabel.testing import FunctionEmbeddings, FunctionLLM
from tests.fakes import URL, FakePlatform
from tests.offline.conftest import fast, platform

__all__ = ["fast", "platform"]

CHAT: Any = [{"role": "user", "content": "Hi"}]
BODIES = {
    "/v1/chat/completions": {"choices": [{"message": {"role": "assistant", "content": "Hello!"}}]},
    "/v1/embeddings": {"data": [{"embedding": [0.5, 1.0]}]},
    "/v1/images/generations": {"data": [{"b64_json": "R0lGODlhAQABAAAAACw="}]},
}


class Network:
    """Answers each endpoint, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if request.url.path == "/hf-inference/models/acme/flux":
            return httpx2.Response(200, content=b"GIF", headers={"content-type": "image/gif"})
        return httpx2.Response(200, json=BODIES[request.url.path])


@pytest.fixture
def network() -> Network:
    return Network()


def by_transport(network: Network) -> dict[str, Any]:
    return {"transport": httpx2.MockTransport(network)}


def by_client(network: Network) -> dict[str, Any]:
    return {"http_client": httpx2.AsyncClient(transport=httpx2.MockTransport(network))}


both = pytest.mark.parametrize("given", [by_transport, by_client])


@both
def test_each_kind_of_model_sends_its_requests_there(given: Callable[..., Any], network: Network):
    arguments = {"model": "m", "api_key": "sk-x", **given(network)}
    llm, embeddings, images = (
        OpenAILLM(**arguments),
        OpenAIEmbeddings(**arguments),
        OpenAIImageGeneration(**arguments),
    )
    for model in (llm, embeddings, images):
        model.load()

    assert llm.generate_outputs([CHAT])[0]["generations"] == ["Hello!"]
    assert embeddings.encode(["Hi"]) == [[0.5, 1.0]]
    assert images.generate_outputs(["A chair"])[0]["images"] == ["R0lGODlhAQABAAAAACw="]

    assert {request.headers["authorization"] for request in network.requests} == {"Bearer sk-x"}
    for model in (llm, embeddings, images):
        model.unload()


def test_batch_jobs_go_through_it(
    platform: FakePlatform, fast: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path))
    llm = OpenAILLM(
        model="m",
        base_url=URL,
        api_key="sk-x",
        transport=platform.transport,
        use_offline_batch_generation=True,
        offline_batch_generation_block_until_done=0.001,
    )
    llm.load()
    try:
        assert llm.generate_outputs([CHAT])[0]["generations"] != [None]
    finally:
        llm.unload()
    assert len(platform.batches) == 1


def test_client_is_not_closed_and_its_headers_and_hooks_apply_and_its_timeout_does_not(network: Network):
    seen: list[httpx2.Request] = []

    async def hook(request: httpx2.Request) -> None:
        seen.append(request)

    client = httpx2.AsyncClient(
        transport=httpx2.MockTransport(network),
        headers={"x-team": "7"},
        timeout=1,
        event_hooks={"request": [hook]},
    )
    llm = OpenAILLM(model="m", api_key="sk-x", http_client=client, timeout=33)
    for _ in range(2):
        llm.load()
        llm.generate_outputs([CHAT])
        llm.unload()

    assert not client.is_closed
    assert [request.headers["x-team"] for request in seen] == ["7", "7"]
    assert seen[0].extensions["timeout"]["read"] == 33


def test_both_are_refused(network: Network):
    with pytest.raises(ValidationError, match=r"transport=\.\.\. or http_client=\.\.\., not both"):
        OpenAILLM(model="m", **by_transport(network), **by_client(network))


@both
def test_it_is_neither_dumped_nor_part_of_the_signature(given: Callable[..., Any], network: Network):
    llm, plain = OpenAILLM(model="m", **given(network)), OpenAILLM(model="m")
    assert llm.dump() == plain.dump()
    assert llm.signature == plain.signature
    assert "transport" not in repr(llm)


@both
def test_it_does_not_go_to_a_worker_process(given: Callable[..., Any], network: Network):
    llm = OpenAILLM(model="m", **given(network))
    with pytest.raises(DistilabelUserError, match="cannot go to a worker process"):
        pickle.dumps(llm)


@both
def test_two_steps_of_a_pipeline_share_it(given: Callable[..., Any], network: Network, tmp_path: Path):
    llm = OpenAILLM(model="m", api_key="sk-x", **given(network))
    with Pipeline(name="p", cache_dir=tmp_path) as pipeline:
        rows = LoadDataFromDicts(data=[{"instruction": "Hi"}])
        rows >> TextGeneration(llm=llm) >> TextGeneration(llm=llm, output_mappings={"generation": "second"})

    rows_out = pipeline.run(use_cache=False)["default"]["train"]

    assert rows_out["second"] == ["Hello!"]
    assert len(network.requests) == 2


@both
def test_images_of_hugging_face_go_through_it(given: Callable[..., Any], network: Network):
    model = InferenceEndpointsImageGeneration(model_id="acme/flux", api_key="hf-x", **given(network))
    model.load()
    assert model.generate_outputs(["A chair"])[0]["images"] == ["R0lG"]
    model.unload()
    assert network.requests[0].headers["authorization"] == "Bearer hf-x"
    with pytest.raises(DistilabelUserError, match="cannot go to a worker process"):
        pickle.dumps(model)


@both
@pytest.mark.parametrize(
    "make",
    [
        lambda **more: vLLM(model="m", use_offline_batch_generation=True, **more),
        lambda **more: OpenAICompatibleLLM(model="m", platform="vllm", base_url="file:///var/jobs", **more),
        lambda **more: FunctionLLM(lambda prompt: prompt, **more),
        lambda **more: FunctionEmbeddings(lambda text: [1.0], **more),
    ],
)
def test_model_that_sends_no_http_requests_refuses_it(
    make: Callable[..., Any], given: Callable[..., Any], network: Network
):
    arguments = given(network)
    with pytest.raises(
        DistilabelUserError, match=rf"sends no HTTP requests \(.*\): leave {next(iter(arguments))} out\."
    ):
        make(**arguments).load()
