"""CohereLLM: what is asked, as the official SDK asks it too, and what is read of the answers."""

import json
import warnings
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel, ValidationError

from distilabel.exceptions import DistilabelAuthenticationError, DistilabelPlatformError, DistilabelUserError
from distilabel.llms import CohereLLM
from tests.fakes import KEY
from tests.offline.conftest import fast

__all__ = ["fast"]

CHAT: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
TOOL = {
    "type": "function",
    "function": {"name": "add", "description": "Adds.", "parameters": {"type": "object"}},
}


class Age(BaseModel):
    age: int


def answered(**message: Any) -> dict[str, Any]:
    """A chat's answer; the shape is that of V2ChatResponse in the official SDK 7.3."""
    usage = {
        "billed_units": {"input_tokens": 5.0, "output_tokens": 3.0},
        "tokens": {"input_tokens": 71.0, "output_tokens": 4.0},
        "cached_tokens": 16.0,
    }
    said = {"role": "assistant", "content": [{"type": "text", "text": "Hello."}], **message}
    return {"id": "chat-1", "finish_reason": "COMPLETE", "message": said, "usage": usage}


class Network:
    """Answers every call, and keeps what was asked."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self.status, self.body = 200, answered()
        self.transport = httpx2.MockTransport(self)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(self.status, json=self.body)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, fast: None) -> Network:
    for name in ("COHERE_API_KEY", "COHERE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return Network()


@pytest.fixture
def llm(network: Network) -> Iterator[CohereLLM]:
    made = CohereLLM(model="command-a", api_key=KEY, transport=network.transport)
    made.load()
    yield made
    made.unload()


def ask(llm: CohereLLM, chat: Any = CHAT, **arguments: Any) -> Any:
    return llm.generate_outputs(inputs=[chat], **arguments)[0]


def test_question_goes_to_coheres_own_api(llm: CohereLLM, network: Network):
    ask(llm)
    (request,) = network.requests
    assert str(request.url) == "https://api.cohere.com/v2/chat"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["x-client-name"] == "distilabel"
    assert json.loads(request.content) == {"model": "command-a", "messages": CHAT}


@pytest.mark.parametrize("address", ["https://proxy.test", "https://proxy.test/v1", "https://proxy.test/v2/"])
def test_address_may_name_a_version_or_not(network: Network, address: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COHERE_BASE_URL", address)
    monkeypatch.setenv("COHERE_API_KEY", KEY)
    made = CohereLLM(model="m", transport=network.transport)
    made.load()
    ask(made)
    made.unload()
    assert str(network.requests[0].url) == "https://proxy.test/v2/chat"


def test_answer_is_read_with_its_tokens(llm: CohereLLM):
    assert ask(llm) == {
        "generations": ["Hello."],
        "statistics": {"input_tokens": [71], "output_tokens": [4], "cached_tokens": [16]},
        "details": [{"finish_reason": "COMPLETE", "request_id": "chat-1"}],
    }


def test_thoughts_and_calls_of_tools_are_reported(llm: CohereLLM, network: Network):
    thought = {"type": "thinking", "thinking": "Let me see."}
    network.body = answered(content=[thought, {"type": "text", "text": "4"}])
    assert ask(llm)["details"][0]["reasoning"] == "Let me see."
    network.body = answered(content=None, tool_calls=[CALL], tool_plan="I add.")
    output = ask(llm, tools=[TOOL], tool_choice="required")
    assert output["generations"] == [None]
    assert output["details"][0]["tool_calls"] == [{"id": "c1", "name": "add", "arguments": '{"a": 1}'}]
    assert output["details"][0]["reasoning"] == "I add."
    assert json.loads(network.requests[-1].content)["tool_choice"] == "REQUIRED"


def test_structure_goes_out_as_coheres_json_object(llm: CohereLLM, network: Network):
    ask(llm, (CHAT, {"schema": Age}))
    expected = {"type": "json_object", "json_schema": Age.model_json_schema()}
    assert json.loads(network.requests[0].content)["response_format"] == expected


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            {"id": "1", "finish_reason": "ERROR", "message": {"role": "assistant", "content": []}},
            "cohere_error",
        ),
        ({"id": "1", "finish_reason": "COMPLETE", "message": {"role": "assistant"}}, "empty_reply"),
        ({"unheard": ["of"]}, "empty_reply"),
        (["a list"], "empty_reply"),
    ],
)
def test_answer_with_nothing_in_it_says_why(llm: CohereLLM, network: Network, body: Any, code: str):
    network.body = body
    output = ask(llm)
    assert (output["generations"], output["failures"][0]["code"]) == ([None], code)


def test_answer_that_the_limit_cut_to_nothing_is_an_empty_one(llm: CohereLLM, network: Network):
    network.body = answered(content=[]) | {"finish_reason": "MAX_TOKENS"}
    assert ask(llm)["generations"] == [""]


def test_bad_request_costs_its_row_alone(llm: CohereLLM, network: Network):
    network.status, network.body = 400, {"id": "1", "message": "too many tokens"}
    assert ask(llm)["failures"][0]["message"] == "too many tokens"


@pytest.mark.parametrize(
    ("status", "kind"), [(401, DistilabelAuthenticationError), (402, DistilabelPlatformError)]
)
def test_what_concerns_all_rows_is_raised(
    llm: CohereLLM, network: Network, status: int, kind: type[Exception]
):
    network.status, network.body = status, {"message": "no"}
    with pytest.raises(kind):
        ask(llm)


def test_arguments_out_of_range_are_refused_before_anything_is_asked(network: Network):
    with pytest.raises(DistilabelUserError, match="`temperature` must be from 0 to 1, not 2"):
        CohereLLM(
            model="m", api_key=KEY, transport=network.transport, generation_kwargs={"temperature": 2}
        ).load()
    assert network.requests == []


def test_offline_use_is_refused_when_it_is_made():
    with pytest.raises(
        ValidationError, match="CohereLLM cannot generate by offline batch: Cohere has no batch API"
    ):
        CohereLLM(model="m", use_offline_batch_generation=True)


def test_official_sdk_asks_the_same_and_reads_the_same(llm: CohereLLM, network: Network):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what an SDK warns of at its import is its own affair
        cohere = pytest.importorskip("cohere", reason="the extra `oracles`")
        httpx = pytest.importorskip("httpx")
    asked: list[Any] = []

    def answer(request: Any) -> Any:
        asked.append(request)
        return httpx.Response(200, json=network.body)

    chat: Any = [
        *CHAT, {"role": "assistant", "content": "Adding.", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "2"},
        {"role": "user", "content": [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": "x"}}]},
    ]  # fmt: skip
    given: dict[str, Any] = {
        "temperature": 0.2, "max_tokens": 9, "k": 3, "p": 0.5, "seed": 1, "stop_sequences": ["."],
        "frequency_penalty": 0.1, "presence_penalty": 0.2, "logprobs": True, "safety_mode": "STRICT",
        "thinking": {"type": "disabled"}, "tools": [TOOL],
        "response_format": {"type": "json_object", "json_schema": {"type": "object"}},
    }  # fmt: skip
    client = cohere.ClientV2(
        api_key=KEY,
        client_name="distilabel",
        httpx_client=httpx.Client(transport=httpx.MockTransport(answer)),
    )
    theirs = client.chat(model="command-a", messages=chat, tool_choice="NONE", **given)
    ours = ask(llm, chat, tool_choice="none", **given)
    sent, (request,) = network.requests[0], asked
    assert str(request.url) == str(sent.url)
    assert request.headers["x-client-name"] == sent.headers["x-client-name"]
    body = {name: value for name, value in json.loads(request.content).items() if name != "stream"}
    assert body == json.loads(sent.content)
    assert theirs.message.content[0].text == ours["generations"][0]
    assert theirs.usage.tokens.input_tokens == ours["statistics"]["input_tokens"][0]
