"""Image models: what is sent to the platform, what is read, and who says why there is no image."""

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from distilabel.exceptions import (
    DistilabelAuthenticationError,
    DistilabelModelNotFoundError,
    DistilabelNotImplementedError,
    DistilabelOfflineBatchGenerationNotFinishedException,
    DistilabelUserError,
)
from distilabel.models.image_generation import (
    AsyncImageGenerationModel,
    ImageGenerationModel,
    OpenAIImageGeneration,
)
from tests.fakes import KEY, URL, completion
from tests.offline.conftest import fast
from tests.support.platform import Platform

__all__ = ["fast"]


class Studio:
    """OpenAI's image endpoint in memory; `answer` says what comes of a body."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.requests: list[httpx2.Request] = []
        self.answer: Callable[[dict[str, Any]], httpx2.Response] = painted
        self.transport = httpx2.MockTransport(self._handle)

    async def _handle(self, request: httpx2.Request) -> httpx2.Response:
        assert (request.method, request.url.path) == ("POST", "/v1/images/generations")
        self.requests.append(request)
        self.bodies.append(json.loads(request.content))
        return self.answer(self.bodies[-1])


def painted(body: dict[str, Any]) -> httpx2.Response:
    usage = {"input_tokens": 4, "output_tokens": 50, "total_tokens": 54}
    return httpx2.Response(
        200, json={"created": 1, "data": [{"b64_json": f"img-{body['prompt']}"}], "usage": usage}
    )


def refused(status: int, code: str = "bad") -> httpx2.Response:
    return httpx2.Response(status, json={"error": {"message": f"No {KEY}.", "code": code}})


@pytest.fixture
def studio(fast: None) -> Studio:
    return Studio()


@pytest.fixture
def model(studio: Studio) -> Iterator[OpenAIImageGeneration]:
    made = OpenAIImageGeneration(model="gpt-image-2", base_url=URL, api_key=KEY, transport=studio.transport)
    made.load()
    yield made
    made.unload()


class TestOpenAI:
    def test_each_prompt_gets_its_own_image(self, studio, model):
        outputs = model.generate_outputs(inputs=["a", "b"], num_generations=2, size="1024x1024")
        assert outputs == [
            {
                "images": [f"img-{prompt}"] * 2,
                "statistics": {"input_tokens": [4, 4], "output_tokens": [50, 50]},
            }
            for prompt in "ab"
        ]
        assert studio.bodies[0] == {"model": "gpt-image-2", "prompt": "a", "size": "1024x1024"}
        assert len(studio.bodies) == 4
        assert studio.requests[0].headers["authorization"] == f"Bearer {KEY}"

    def test_refused_prompt_costs_itself_alone(self, studio, model):
        studio.answer = lambda body: refused(400, "moderation") if body["prompt"] == "bad" else painted(body)
        good, bad = model.generate_outputs(inputs=["good", "bad"])
        assert good["images"] == ["img-good"]
        assert "failures" not in good
        assert bad["images"] == [None]
        assert bad["failures"][0]["code"] == "moderation"
        assert KEY not in str(bad)

    @pytest.mark.parametrize(
        ("response", "code"),
        [
            (httpx2.Response(200, content=b"no JSON"), "empty_reply"),
            (httpx2.Response(200, json=[]), "empty_reply"),
            (httpx2.Response(200, json={"data": []}), "empty_reply"),
            (httpx2.Response(200, json={"data": [{"b64_json": ""}]}), "empty_reply"),
            (httpx2.Response(200, json=completion("I cannot draw.")), "no_image"),
        ],
    )
    def test_answer_without_an_image_says_so(self, studio, model, response, code):
        studio.answer = lambda _: response
        (output,) = model.generate_outputs(inputs=["a"])
        assert output["images"] == [None]
        assert output["failures"][0]["code"] == code

    def test_image_that_comes_as_an_address_is_downloaded(self, studio, model, monkeypatch):
        async def fetch(url: str, *, max_bytes: int) -> bytes:
            assert url == "https://files.test/a.png?signature=s"
            return b"GIF89a"

        monkeypatch.setattr("distilabel.models.image_generation.remote.fetch", fetch)
        studio.answer = lambda _: httpx2.Response(
            200, json={"data": [{"url": "https://files.test/a.png?signature=s"}]}
        )
        (output,) = model.generate_outputs(inputs=["a"])
        assert output["images"] == ["R0lGODlh"]

    def test_address_that_cannot_be_read_is_kept(self, studio, model, monkeypatch):
        async def fetch(url: str, *, max_bytes: int) -> bytes:
            raise DistilabelUserError("gone")

        monkeypatch.setattr("distilabel.models.image_generation.remote.fetch", fetch)
        studio.answer = lambda _: httpx2.Response(200, json={"data": [{"url": "https://files.test/a.png"}]})
        (output,) = model.generate_outputs(inputs=["a"])
        assert output["images"] == ["https://files.test/a.png"]
        assert "failures" not in output

    @pytest.mark.parametrize(
        ("status", "code", "error"),
        [
            (401, "invalid_api_key", DistilabelAuthenticationError),
            (404, "model_not_found", DistilabelModelNotFoundError),
        ],
    )
    def test_what_concerns_all_prompts_is_raised(self, studio, model, status, code, error):
        studio.answer = lambda _: refused(status, code)
        with pytest.raises(error) as message:
            model.generate_outputs(inputs=["a", "b"])
        assert KEY not in str(message.value)

    def test_busy_platform_is_asked_again(self, studio, model):
        answers = iter([refused(503), painted({"prompt": "a"})])
        studio.answer = lambda _: next(answers)
        assert model.generate_outputs(inputs=["a"])[0]["images"] == ["img-a"]

    def test_key_is_needed_and_never_written(self, studio, monkeypatch):
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        with pytest.raises(DistilabelAuthenticationError, match="OPENAI_API_KEY"):
            OpenAIImageGeneration(model="m").load()
        made = OpenAIImageGeneration(model="m", api_key=KEY)
        assert KEY not in str(made.dump()) + repr(made)

    def test_addresses_are_not_taken(self):
        with pytest.raises(DistilabelUserError, match="set response_format='b64_json'"):
            OpenAIImageGeneration(model="m").request("a", response_format="url")

    def test_arguments_are_known_by_name(self):
        made = OpenAIImageGeneration(model="m")
        assert {"size", "quality", "output_format"} <= set(made.generation_parameters())
        warnings = made.set_runtime_parameters({"generation_kwargs": {"size": "1x1", "sise": "2x2"}})
        assert made.generation_kwargs == {"size": "1x1"}
        assert "did you mean 'size'?" in warnings[0]

    def test_it_must_be_loaded_first(self):
        with pytest.raises(DistilabelUserError, match=r"Call OpenAIImageGeneration.load\(\)"):
            OpenAIImageGeneration(model="m").generate_outputs(inputs=["a"])

    def test_one_prompt_can_be_asked_from_a_coroutine(self, studio, model):
        output = asyncio.run(asked_here(model))
        assert output["images"] == ["img-a"] * 2

    def test_platform_without_batches_of_images_is_reported_at_once(self):
        class Elsewhere(OpenAIImageGeneration):
            platform_name = "groq"

        with pytest.raises(ValidationError, match="cannot generate by offline batch: Groq"):
            Elsewhere(model="m", use_offline_batch_generation=True)


async def asked_here(model: OpenAIImageGeneration) -> Any:
    return await model.agenerate("a", num_generations=2)


class TestOffline:
    def test_images_come_by_batch_and_nothing_is_paid_for_twice(self, fast_platform: Platform):
        made = OpenAIImageGeneration(model="gpt-image-2", use_offline_batch_generation=True)
        made.load()
        with pytest.raises(DistilabelOfflineBatchGenerationNotFinishedException):
            made.generate_outputs(inputs=["a", "b"], num_generations=2, size="1024x1024")
        fast_platform.wait()
        outputs = made.generate_outputs(inputs=["a", "b"], num_generations=2, size="1024x1024")
        assert made.generate_outputs(inputs=["a", "b"], num_generations=2, size="1024x1024") == outputs
        made.unload()
        (batch,) = fast_platform.batches()
        assert batch["endpoint"] == "/v1/images/generations"
        images = [image for output in outputs for image in output["images"]]
        assert len(set(images)) == 4
        assert all(base64.b64decode(image).startswith(b"\x89PNG") for image in images)
        assert outputs[0]["statistics"] == {"input_tokens": [1, 1], "output_tokens": [16, 16]}
        bodies = [line["body"] for line in fast_platform.lines()]
        assert sorted(body["prompt"] for body in bodies) == ["a", "a", "b", "b"]
        assert all(
            body == {"model": "gpt-image-2", "prompt": body["prompt"], "size": "1024x1024"} for body in bodies
        )


class TestBases:
    def test_at_most_so_many_prompts_are_under_way_and_order_stays(self):
        class Slow(AsyncImageGenerationModel):
            busy: int = 0
            most: int = 0

            @property
            def model_name(self):
                return "slow"

            async def agenerate(self, input, num_generations=1):
                self.busy += 1
                self.most = max(self.most, self.busy)
                await asyncio.sleep(0)
                self.busy -= 1
                if input == "2":
                    raise OSError("spilt")
                return {"images": [input] * num_generations}

        made = Slow(max_concurrent_requests=2)
        outputs = made.generate_outputs(inputs=list("01234"))
        assert [output["images"] for output in outputs] == [["0"], ["1"], [None], ["3"], ["4"]]
        assert outputs[2]["failures"][0]["message"] == "OSError: spilt"
        assert made.most == 2

    def test_what_a_subclass_must_define_is_reported(self):
        for call in (
            lambda: ImageGenerationModel().model_name,
            lambda: ImageGenerationModel().generate_outputs(inputs=["a"]),
            lambda: AsyncImageGenerationModel().generate_outputs(inputs=["a"]),
        ):
            with pytest.raises(DistilabelNotImplementedError, match="must define"):
                call()
