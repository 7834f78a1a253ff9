"""OpenAI's image models."""

import asyncio
import inspect
from typing import Any, ClassVar, Optional

from pydantic import Field, PrivateAttr, SecretStr

from distilabel import loop
from distilabel.declared import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.models.image_generation.base import AsyncImageGenerationModel, ImageOutput
from distilabel.models.image_generation.outputs import output_of
from distilabel.providers.refusals import failure_of, refusal
from distilabel.providers.registry import platform
from distilabel.providers.values import read_json
from distilabel.records import Failure, canonical_json
from distilabel.transport import Transport
from distilabel.wire import Flow, HttpRequest, HttpResponse

__all__ = ["OpenAIImageGeneration"]

_PATH = "/images/generations"
_OK = 200


class OpenAIImageGeneration(AsyncImageGenerationModel):
    """An image model behind OpenAI's API, or behind any address that speaks like it; online.

    Attributes:
        model: Such as `gpt-image-2`.
        base_url: Default: `OPENAI_BASE_URL`, or `https://api.openai.com/v1`.
        api_key: Default: `OPENAI_API_KEY`. Never written anywhere.
        max_retries: How often a call is tried again.
        timeout: Seconds that a call may be silent.

    References:
        https://platform.openai.com/docs/api-reference/images/create (read in November 2026)

    Examples:
        >>> model = OpenAIImageGeneration(model="gpt-image-2", api_key="...", generation_kwargs={"size": "1024x1024"})
        >>> model.request("A green chair", size="1024x1024")
        {'model': 'gpt-image-2', 'prompt': 'A green chair', 'size': '1024x1024'}
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"max_retries", "timeout"})

    model: str
    base_url: Optional[RuntimeParameter[str]] = None
    api_key: Optional[RuntimeParameter[SecretStr]] = None
    max_retries: RuntimeParameter[int] = Field(default=6, ge=0)
    timeout: RuntimeParameter[float] = Field(default=120, gt=0)

    _transport: Transport | None = PrivateAttr(default=None)

    @property
    def model_name(self) -> str:
        """The model's name."""
        return self.model

    def load(self) -> None:
        """Open the connection to the platform.

        Raises:
            DistilabelAuthenticationError: No key is given, and none is in the environment.
        """
        super().load()
        known = platform("openai")
        given = self.api_key.get_secret_value() if self.api_key else known.key(type(self).__name__)
        key = given.strip()
        self._transport = Transport(
            known.address(self.base_url),
            known.provider().headers(key),
            secrets=(key,),
            timeout=self.timeout or 120.0,
            attempts=(self.max_retries or 0) + 1,
        )

    def unload(self) -> None:
        """Close the connection to the platform."""
        if self._transport is not None:
            loop.run(self._transport.close())
            self._transport = None
        super().unload()

    def request(  # noqa: D417 - the others are described on OpenAI's page
        self,
        input: str,
        size: Optional[str] = None,
        quality: Optional[str] = None,
        style: Optional[str] = None,
        background: Optional[str] = None,
        moderation: Optional[str] = None,
        output_format: Optional[str] = None,
        output_compression: Optional[int] = None,
        response_format: Optional[str] = None,
        extra_body: Optional[dict[str, Any]] = None,
    ) -> dict[str, Any]:
        """Return the body of the request for one image; what is None is left out.

        Args:
            input: The prompt.
            size: Such as `1024x1024`.
            quality: Such as `high`.
            output_format: `png`, `jpeg` or `webp`.
            response_format: `b64_json` for servers that would send an address otherwise; OpenAI's own models always
                send the image.
            extra_body: Further fields of the body, sent as they are; they go before all others.

        Raises:
            DistilabelUserError: Addresses are asked for.
        """
        if response_format == "url":
            raise DistilabelUserError(
                "Images are taken as files, not as addresses, which expire: set response_format='b64_json'."
            )
        body = {
            "model": self.model,
            "prompt": input,
            "size": size,
            "quality": quality,
            "style": style,
            "background": background,
            "moderation": moderation,
            "output_format": output_format,
            "output_compression": output_compression,
            "response_format": response_format,
        }
        return {name: value for name, value in body.items() if value is not None} | (extra_body or {})

    def generation_parameters(self) -> dict[str, inspect.Parameter]:
        """Return the generation arguments that this model takes, by name."""
        parameters = inspect.signature(self.request).parameters
        return {name: parameter for name, parameter in parameters.items() if name != "input"}

    async def agenerate(self, input: str, num_generations: int = 1, **kwargs: Any) -> ImageOutput:
        """Make images of one prompt; several are several requests.

        Args:
            input: The prompt.
            num_generations: How many images to make.
            kwargs: The arguments of `request`.
        """
        if self._transport is None:
            raise DistilabelUserError(f"Call {type(self).__name__}.load() before generating.")
        body = canonical_json(self.request(input, **kwargs))
        answers = await asyncio.gather(*(self._transport.run(_ask(body)) for _ in range(num_generations)))
        return output_of(answers)


def _ask(body: bytes) -> Flow[dict[str, Any] | Failure]:
    response = yield HttpRequest("POST", _PATH, json=body)
    return _read(response)


def _read(response: HttpResponse) -> dict[str, Any] | Failure:
    """Read one response; what concerns all prompts is raised, what concerns this one is a value."""
    no_credit = response.status == 429 and b"insufficient_quota" in response.body  # noqa: PLR2004
    if response.status in (401, 403, 404) or no_credit:
        raise refusal(response)
    if response.status != _OK:
        return failure_of(response.status, response.body)
    try:
        value = read_json(response.body)
        image = value["data"][0]["b64_json"]
    except (ValueError, LookupError, TypeError):
        image = None
    if not isinstance(image, str) or not image:
        return Failure(
            "no_image",
            "The platform sent no image: if it sends addresses, set response_format='b64_json'.",
        )
    usage = value.get("usage")
    return {"image": image, "usage": usage if isinstance(usage, dict) else {}}
