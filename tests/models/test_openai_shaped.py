"""Every platform's LLM: what it asks, where, with which key, and that it says so where it cannot ask by batch."""

import json
from functools import partial
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from distilabel import llms
from distilabel.exceptions import DistilabelAuthenticationError, DistilabelUserError
from distilabel.llms import (
    AnyscaleLLM,
    AzureOpenAILLM,
    ClientvLLM,
    FireworksLLM,
    GroqLLM,
    InferenceEndpointsLLM,
    MistralLLM,
    OllamaLLM,
    OpenAICompatibleLLM,
    OpenAILLM,
    TogetherLLM,
)
from distilabel.models.llms.remote import RemoteLLM
from distilabel.providers.registry import PLATFORMS
from tests.fakes import KEY, completion

CHAT = [{"role": "user", "content": "Hi"}]
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
WITH_PICTURE = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, PICTURE]}]


class Network:
    """Answers every call like a chat, and keeps what was asked."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self.answers: list[Any] = []
        self.transport = httpx2.MockTransport(self)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(200, json=self.answers.pop(0) if self.answers else completion("Hello"))


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    for known in PLATFORMS.values():
        for name in (known.base_url_variable, known.key_variable, *known.header_variables.values()):
            monkeypatch.delenv(name or "NONE", raising=False)
    monkeypatch.delenv("OPENAI_API_VERSION", raising=False)
    return Network()


def ask(made: RemoteLLM, chat: Any = CHAT, **arguments: Any) -> Any:
    made.load()
    try:
        return made.generate_outputs(inputs=[chat], **arguments)[0]
    finally:
        made.unload()


MADE: dict[str, tuple[Any, str, str]] = {
    "openai": (partial(OpenAILLM, model="m"), "https://api.openai.com/v1/chat/completions", "OPENAI_API_KEY"),
    "azure": (
        partial(AzureOpenAILLM, model="m", base_url="https://x.openai.azure.com"),
        "https://x.openai.azure.com/openai/v1/chat/completions", "AZURE_OPENAI_API_KEY",
    ),
    "azure, dated": (
        partial(AzureOpenAILLM, model="m", base_url="https://x.openai.azure.com", api_version="2024-10-21"),
        "https://x.openai.azure.com/openai/deployments/m/chat/completions?api-version=2024-10-21",
        "AZURE_OPENAI_API_KEY",
    ),
    "mistral": (partial(MistralLLM, model="m"), "https://api.mistral.ai/v1/chat/completions", "MISTRAL_API_KEY"),
    "groq": (partial(GroqLLM, model="m"), "https://api.groq.com/openai/v1/chat/completions", "GROQ_API_KEY"),
    "together": (partial(TogetherLLM, model="m"), "https://api.together.ai/v1/chat/completions", "TOGETHER_API_KEY"),
    "fireworks": (
        partial(FireworksLLM, model="m"), "https://api.fireworks.ai/inference/v1/chat/completions", "FIREWORKS_API_KEY",
    ),
    "anyscale": (
        partial(AnyscaleLLM, model="m", base_url="https://a.test/v1"), "https://a.test/v1/chat/completions",
        "ANYSCALE_API_KEY",
    ),
    "deepinfra": (
        partial(OpenAICompatibleLLM, model="m", platform="deepinfra"),
        "https://api.deepinfra.com/v1/openai/chat/completions", "DEEPINFRA_API_KEY",
    ),
    "huggingface": (
        partial(InferenceEndpointsLLM, model_id="m"), "https://router.huggingface.co/v1/chat/completions", "HF_TOKEN",
    ),
}  # fmt: skip
each_llm = pytest.mark.parametrize(("make", "url", "key"), MADE.values(), ids=MADE)
KEYLESS: dict[str, tuple[Any, str]] = {
    "ollama": (partial(OllamaLLM, model="m", host="gpu-box:1"), "http://gpu-box:1/v1/chat/completions"),
    "vllm": (partial(ClientvLLM, model="m", base_url="http://gpu-box:8000/v1"), "http://gpu-box:8000/v1/chat/completions"),
    "own": (partial(OpenAICompatibleLLM, model="m", base_url="http://b/v1"), "http://b/v1/chat/completions"),
}  # fmt: skip


@each_llm
def test_question_goes_to_the_platform_with_its_key_from_the_environment(
    make, url: str, key: str, network: Network, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(key, KEY)
    assert ask(make(transport=network.transport))["generations"] == ["Hello"]
    (request,) = network.requests
    assert str(request.url) == url
    assert request.headers.get("api-key", request.headers.get("authorization")) in (KEY, f"Bearer {KEY}")
    assert json.loads(request.content) == {"model": "m", "messages": CHAT}


@each_llm
def test_key_that_is_not_there_is_asked_for(make, url: str, key: str, network: Network):
    with pytest.raises(DistilabelAuthenticationError, match=key):
        make(transport=network.transport).load()


@pytest.mark.parametrize(("make", "url"), KEYLESS.values(), ids=KEYLESS)
def test_server_of_one_s_own_is_asked_without_a_key(make, url: str, network: Network):
    ask(make(transport=network.transport))
    assert str(network.requests[0].url) == url
    assert "authorization" not in network.requests[0].headers


@pytest.mark.parametrize(
    "make", [value[0] for value in (*MADE.values(), *KEYLESS.values())], ids=[*MADE, *KEYLESS]
)
def test_picture_goes_out_as_it_is(make, network: Network):
    ask(make(api_key=KEY, transport=network.transport), WITH_PICTURE)
    assert json.loads(network.requests[0].content)["messages"] == WITH_PICTURE


ONLINE_ONLY = [
    partial(AnyscaleLLM, model="m"), partial(ClientvLLM, model="m"), partial(OllamaLLM, model="m"),
    partial(InferenceEndpointsLLM, model_id="m"),
    *[partial(OpenAICompatibleLLM, model="m", platform=name) for name in ("perplexity", "xai", "openrouter")],
]  # fmt: skip


@pytest.mark.parametrize("make", ONLINE_ONLY)
def test_llm_without_a_batch_api_says_so_when_it_is_made(make):
    with pytest.raises(ValidationError, match=r"cannot generate by offline batch: .*docs/platforms.md"):
        make(use_offline_batch_generation=True)


def test_every_class_is_found_under_both_import_paths():
    from distilabel import models

    assert set(llms.__all__) <= set(models.__all__)
    assert {type(make()).__name__ for make, _, _ in MADE.values()} <= set(llms.__all__)


def test_organization_and_project_are_sent_along(network: Network, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-env")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-env")
    ask(OpenAILLM(model="m", api_key=KEY, transport=network.transport, organization="org-given"))
    headers = network.requests[0].headers
    assert (headers["openai-organization"], headers["openai-project"]) == ("org-given", "proj-env")


def test_vllm_server_is_asked_for_its_model(network: Network):
    network.answers.append({"object": "list", "data": [{"id": "Qwen/Qwen3-8B"}]})
    made = ClientvLLM(base_url="http://gpu-box:8000/v1", transport=network.transport)
    ask(made)
    assert (made.model_name, json.loads(network.requests[1].content)["model"]) == (
        "Qwen/Qwen3-8B",
        "Qwen/Qwen3-8B",
    )


@pytest.mark.parametrize("answer", [{"data": [3]}, {"data": [{"id": ""}]}, {"data": {"0": 1}}])
def test_vllm_server_that_names_no_model_is_distinguished(network: Network, answer):
    network.answers.append(answer)
    made = ClientvLLM(base_url="http://gpu-box:8000/v1", transport=network.transport)
    with pytest.raises(DistilabelUserError, match="set model="):
        made.load()
    made.unload()


def test_inference_endpoint_is_a_model_or_an_address():
    with pytest.raises(ValidationError, match="model_id"):
        InferenceEndpointsLLM()
    own = InferenceEndpointsLLM(base_url="https://x.endpoints.huggingface.cloud", model_display_name="mine")
    assert (own.model, own.model_name) == ("tgi", "mine")
    own.model_id = "other"
    assert own.model == "other"


def test_mistral_takes_its_own_arguments_and_no_others(network: Network):
    made = MistralLLM(model="m", api_key=KEY, transport=network.transport)
    ask(made, max_new_tokens=5, random_seed=1, safe_prompt=True)
    assert json.loads(network.requests[0].content) == {
        "model": "m", "messages": CHAT, "max_tokens": 5, "random_seed": 1, "safe_prompt": True,
    }  # fmt: skip
    for wrong in ({"seed": 1}, {"temperature": 1.6}):
        with pytest.raises(DistilabelUserError, match=next(iter(wrong))):
            ask(made, **wrong)


RESPONSE = {
    "id": "resp_1", "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}],
    "usage": {"input_tokens": 3, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 1}},
}  # fmt: skip


def test_responses_are_asked_where_they_are_wanted(network: Network):
    network.answers.append(RESPONSE)
    output = ask(
        OpenAILLM(model="gpt-5", api_key=KEY, transport=network.transport, api="responses"),
        max_new_tokens=9,
        reasoning_effort="low",
    )
    (request,) = network.requests
    assert str(request.url) == "https://api.openai.com/v1/responses"
    assert json.loads(request.content) == {
        "model": "gpt-5", "input": CHAT, "max_output_tokens": 9, "reasoning": {"effort": "low"},
    }  # fmt: skip
    assert output == {
        "generations": ["Hello"],
        "statistics": {"input_tokens": [3], "output_tokens": [5], "cached_tokens": [1]},
        "details": [{"finish_reason": "stop", "request_id": "resp_1"}],
    }


@pytest.mark.parametrize(
    "argument", [{"stop": "x"}, {"seed": 1}, {"frequency_penalty": 1.0}, {"presence_penalty": 1.0}]
)
def test_argument_that_responses_do_not_take_is_refused(argument: dict[str, Any]):
    with pytest.raises(DistilabelUserError, match="api='chat'"):
        OpenAILLM(model="m", api="responses").request(CHAT, **argument)


def test_whole_chat_becomes_the_items_of_a_response():
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    chat = [
        {"role": "system", "content": "Be brief."},
        *WITH_PICTURE,
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "42"},
        {"role": "assistant", "content": [{"type": "text", "text": "42."}]},
    ]  # fmt: skip
    schema = {"title": "Age", "type": "object", "properties": {"age": {"type": "integer"}}}
    body = OpenAILLM(model="m", api="responses", structured_output={"schema": schema}).request(
        chat, tools=[tool], tool_choice={"type": "function", "function": {"name": "f"}}, logprobs=True, top_logprobs=2,
        extra_body={"store": False},
    )  # fmt: skip
    assert body["input"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [
            {"type": "input_text", "text": "What is this?"},
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto"},
        ]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "42"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "42."}]},
    ]  # fmt: skip
    assert body["tools"] == [{"type": "function", "strict": False, "name": "f", "parameters": {}}]
    assert (body["tool_choice"], body["top_logprobs"], body["store"]) == (
        {"type": "function", "name": "f"},
        2,
        False,
    )
    assert body["include"] == ["message.output_text.logprobs"]
    assert (body["text"]["format"]["type"], body["text"]["format"]["name"]) == ("json_schema", "Age")


def test_what_the_platform_tells_of_an_answer_is_handed_on(network: Network):
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}
    answer = completion(None, reasoning_content="Hm.", tool_calls=[call])
    answer["usage"] |= {
        "prompt_tokens_details": {"cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    network.answers += [answer, completion("plain")]
    output = ask(
        OpenAILLM(model="m", api_key=KEY, transport=network.transport, max_concurrent_requests=1),
        num_generations=2,
    )
    assert output["details"] == [
        {
            "finish_reason": "stop", "request_id": "chatcmpl-1", "reasoning": "Hm.",
            "tool_calls": [{"id": "c1", "name": "f", "arguments": '{"a":1}'}],
        },
        {"finish_reason": "stop", "request_id": "chatcmpl-1"},
    ]  # fmt: skip
    assert output["statistics"]["cached_tokens"] == [2, None]
    assert output["statistics"]["reasoning_tokens"] == [4, None]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"logprobs": True}, 1),
        ({"logprobs": True, "top_logprobs": 5}, 5),
        ({"logprobs": False}, None),
        ({}, None),
    ],
)
def test_together_s_log_probabilities_are_asked_for_by_a_number(given: dict[str, Any], sent: int | None):
    body = TogetherLLM(model="m", api_key=KEY).request(CHAT, **given)
    assert (body.get("logprobs"), "top_logprobs" in body) == (sent, False)
