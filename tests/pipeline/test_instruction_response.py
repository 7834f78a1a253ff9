"""The pipeline in one line: what it asks, and what comes out."""

import json
from functools import partial

import httpx2
import pytest
from tests.fakes import completion

from distilabel.exceptions import DistilabelUserError
from distilabel.llms import InferenceEndpointsLLM, OpenAILLM
from distilabel.pipeline import InstructionResponsePipeline, Pipeline, instruction_response


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path) -> list[httpx2.Request]:
    """Every request to an endpoint that finishes raw texts and answers chats."""
    requests: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        raw = request.url.path == "/v1/completions"
        return httpx2.Response(200, json={"choices": [{"text": "Why?"}]} if raw else completion("Because."))

    llm = partial(InferenceEndpointsLLM, transport=httpx2.MockTransport(answer))
    monkeypatch.setattr(instruction_response, "InferenceEndpointsLLM", llm)
    monkeypatch.setenv("DISTILABEL_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("HF_INFERENCE_BASE_URL", "https://mine.test/v1")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return requests


def test_default_model_writes_both_sides_at_an_endpoint_of_the_user(asked: list[httpx2.Request]):
    made = InstructionResponsePipeline(hf_token="hf_5up3r", num_rows=3, batch_size=2, system_prompt="Be odd.")
    rows = made.run()["default"]["train"]
    assert [(row["instruction"], row["response"]) for row in rows] == [("Why?", "Because.")] * 3
    assert {request.url.host for request in asked} == {"mine.test"}
    assert {request.headers["authorization"] for request in asked} == {"Bearer hf_5up3r"}
    assert "Be odd." in json.loads(asked[0].content)["prompt"]
    assert not isinstance(made, Pipeline)
    assert "hf_5up3r" not in json.dumps(made.pipeline.dump())


def test_several_turns_make_conversations(asked: list[httpx2.Request]):
    (row,) = InstructionResponsePipeline(hf_token="k", n_turns=2, num_rows=1).run(use_cache=False)["default"][
        "train"
    ]
    assert [message["content"] for message in row["conversation"]] == ["Why?", "Because."] * 2


def test_llm_that_cannot_is_refused():
    with pytest.raises(DistilabelUserError, match="such as ClientvLLM"):
        InstructionResponsePipeline(llm=OpenAILLM(model="m", api_key="k"))


def test_without_an_endpoint_the_default_says_what_is_missing(
    asked: list[httpx2.Request], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("HF_INFERENCE_BASE_URL")
    with pytest.raises(DistilabelUserError, match="or HF_INFERENCE_BASE_URL, to the address"):
        InstructionResponsePipeline(hf_token="k").run()
    assert asked == []
