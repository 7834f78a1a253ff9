"""What Hugging Face serves beside chats: images over the wire, and endpoints that are known by their names."""

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import httpx2
import huggingface_hub
import pytest
from pydantic import ValidationError

from distilabel.exceptions import DistilabelAuthenticationError, DistilabelPlatformError, DistilabelUserError
from distilabel.llms import InferenceEndpointsLLM
from distilabel.models import InferenceEndpointsImageGeneration
from tests.fakes import KEY, completion
from tests.offline.conftest import fast

__all__ = ["fast"]

PIXELS = b"\xff\xd8\xff\xe0 not quite a JPEG"


def painted(body: dict[str, Any]) -> httpx2.Response:
    image = PIXELS + body["inputs"].encode()
    return httpx2.Response(200, content=image, headers={"content-type": "image/jpeg"})


def image(prompt: str) -> str:
    return base64.b64encode(PIXELS + prompt.encode()).decode()


class Studio:
    """Hugging Face's endpoint for images in memory; `answer` says what comes of a body."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self.answer: Callable[[dict[str, Any]], httpx2.Response] = painted
        self.transport = httpx2.MockTransport(self._handle)

    async def _handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self.answer(json.loads(request.content))


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch, fast: None) -> Studio:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return Studio()


@pytest.fixture
def model(studio: Studio) -> Iterator[InferenceEndpointsImageGeneration]:
    made = InferenceEndpointsImageGeneration(model_id="acme/flux", api_key=KEY, transport=studio.transport)
    made.load()
    yield made
    made.unload()


def ask(made: Any) -> Any:
    made.load()
    try:
        return made.generate_outputs(inputs=["a"])[0]
    finally:
        made.unload()


@pytest.fixture
def endpoints(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Endpoints by (name, namespace, token), in place of the Hub's."""
    known: dict[Any, Any] = {}

    def get(name: str, *, namespace: str | None = None, token: str | None = None) -> Any:
        if (name, namespace, token) not in known:
            raise ValueError(f"404: no {name}, says the Hub to {token}")
        return known[name, namespace, token]

    monkeypatch.setattr(huggingface_hub, "get_inference_endpoint", get)
    return known


def test_each_prompt_gets_its_own_images(studio: Studio, model: Any):
    one, other = model.generate_outputs(inputs=["a", "b"], num_generations=2, width=64, seed=3)
    assert (one["images"], other["images"]) == ([image("a")] * 2, [image("b")] * 2)
    request = studio.requests[0]
    assert (request.method, str(request.url)) == (
        "POST", "https://router.huggingface.co/hf-inference/models/acme/flux",
    )  # fmt: skip
    assert json.loads(request.content) == {"inputs": "a", "parameters": {"width": 64, "seed": 3}}
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_endpoint_of_the_user_is_asked_at_its_address(studio: Studio):
    made = InferenceEndpointsImageGeneration(
        base_url="https://mine.test/", api_key=KEY, transport=studio.transport
    )
    assert ask(made)["images"] == [image("a")]
    assert str(studio.requests[0].url).rstrip("/") == "https://mine.test"
    assert made.model_name == "https://mine.test/"


def test_refused_prompt_costs_itself_alone(studio: Studio, model: Any):
    refused = httpx2.Response(400, json={"error": "not allowed"})
    studio.answer = lambda body: refused if body["inputs"] == "bad" else painted(body)
    good, bad = model.generate_outputs(inputs=["good", "bad"])
    assert (good["images"], bad["images"]) == ([image("good")], [None])
    assert bad["failures"][0]["message"] == "not allowed"


def test_answer_without_an_image_says_so(studio: Studio, model: Any):
    for response in (httpx2.Response(200, json={"text": "hi"}), httpx2.Response(200, content=b"")):
        studio.answer = lambda _, response=response: response
        (output,) = model.generate_outputs(inputs=["a"])
        assert (output["images"], output["failures"][0]["code"]) == ([None], "no_image")


def test_model_that_is_still_loading_is_asked_again(studio: Studio, model: Any):
    answers = iter([httpx2.Response(503, json={"error": "loading"}), painted({"inputs": "a"})])
    studio.answer = lambda _: next(answers)
    assert model.generate_outputs(inputs=["a"])[0]["images"] == [image("a")]


@pytest.mark.parametrize(
    ("status", "kind"), [(401, DistilabelAuthenticationError), (402, DistilabelPlatformError)]
)
def test_what_concerns_all_prompts_is_raised(studio: Studio, model: Any, status: int, kind: type[Exception]):
    studio.answer = lambda _: httpx2.Response(status, json={"error": f"no {KEY}"})
    with pytest.raises(kind) as message:
        model.generate_outputs(inputs=["a", "b"])
    assert KEY not in str(message.value)


def test_key_is_needed_and_never_written(studio: Studio):
    with pytest.raises(DistilabelAuthenticationError, match="HF_TOKEN"):
        InferenceEndpointsImageGeneration(model_id="m").load()
    made = InferenceEndpointsImageGeneration(model_id="m", api_key=KEY)
    assert KEY not in str(made.dump()) + repr(made)


def test_model_without_a_place_says_what_to_give():
    with pytest.raises(ValidationError, match=r"needs model_id=..., or endpoint_name="):
        InferenceEndpointsImageGeneration()
    with pytest.raises(ValidationError, match=r"needs model_id=..., or endpoint_name="):
        InferenceEndpointsLLM()


def test_images_are_asked_of_an_endpoint_by_its_name(studio: Studio, endpoints: dict[Any, Any]):
    endpoints["flux", "acme", KEY] = SimpleNamespace(url="https://e1.test", status="running")
    made = InferenceEndpointsImageGeneration(
        endpoint_name="flux", endpoint_namespace="acme", api_key=KEY, transport=studio.transport
    )
    assert (ask(made)["images"], made.model_name) == ([image("a")], "flux")
    assert studio.requests[0].url.host == "e1.test"


def test_chats_are_asked_of_an_endpoint_by_its_name(
    endpoints: dict[Any, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_TOKEN", KEY)
    endpoints["chat", None, KEY] = SimpleNamespace(url="https://e2.test/", status="running")
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, json=completion("Hello"))

    llm = InferenceEndpointsLLM(endpoint_name="chat", transport=httpx2.MockTransport(answer))
    llm.load()
    (output,) = llm.generate_outputs(inputs=[[{"role": "user", "content": "Hi"}]])
    llm.unload()
    assert (output["generations"], llm.model_name) == (["Hello"], "chat")
    assert str(asked[0].url) == "https://e2.test/v1/chat/completions"
    assert json.loads(asked[0].content)["model"] == "tgi"


def test_endpoint_that_is_not_there_or_not_running_is_reported_without_the_token(endpoints: dict[Any, Any]):
    made = partial(InferenceEndpointsImageGeneration, endpoint_name="e", api_key=KEY)
    with pytest.raises(DistilabelUserError, match=r"'e' cannot be looked up.*check its name") as message:
        made().load()
    assert KEY not in str(message.value)
    endpoints["e", None, KEY] = SimpleNamespace(url=None, status="paused")
    with pytest.raises(DistilabelUserError, match="'e' is paused: start it"):
        made().load()
