"""Image models that Hugging Face serves: by its own inference, or by a dedicated endpoint."""

import asyncio
import base64
import inspect
from typing import Any, ClassVar, Optional, Self
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, SecretStr, model_validator

from distilabel import _event_loop as loop
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelUserError
from distilabel.http import Flow, HttpRequest, HttpResponse
from distilabel.models.hugging_face_endpoints import address_of_endpoint
from distilabel.models.image_generation.base import AsyncImageGenerationModel, ImageOutput
from distilabel.models.image_generation.outputs import output_of
from distilabel.models.remote import HttpModel
from distilabel.offline.session import Answer
from distilabel.providers.parsing.errors import parse_error, parse_failure
from distilabel.providers.registry import platform
from distilabel.records import Failure, Outcome, Reply, canonical_json
from distilabel.transport import HttpTransport

__all__ = ["InferenceEndpointsImageGeneration"]

_HF_INFERENCE = "https://router.huggingface.co/hf-inference"
_OK = 200
_TEXT = ("application/json", "text/")


class InferenceEndpointsImageGeneration(HttpModel, AsyncImageGenerationModel):
    """An image model behind Hugging Face's `hf-inference`, or behind an Inference Endpoint; online only.

    Attributes:
        model_id: The model's name on the Hub, such as `black-forest-labs/FLUX.1-schnell`.
        endpoint_name: The name of an Inference Endpoint, in place of `model_id`; the Hub gives its address.
        endpoint_namespace: The user or organization that owns it; by default the token's owner.
        base_url: The address of a dedicated endpoint, in place of the other fields.
        api_key: Default: `HF_TOKEN`. Never written anywhere.
        model_display_name: The model's name in the rows.
        max_retries: How often a failed call is repeated; 6 by default.
        timeout: Seconds without a byte from the platform until a call fails; 120 by default.
        transport: Sends the requests in place of the network; see `HttpModel`.
        http_client: Sends the requests, with its own proxies and certificates; see `HttpModel`.

    Raises:
        DistilabelUserError: None of `model_id`, `endpoint_name` and `base_url` is given.

    References:
        https://huggingface.co/docs/inference-providers/tasks/text-to-image (read in November 2026)

    Examples:
        >>> model = InferenceEndpointsImageGeneration(model_id="black-forest-labs/FLUX.1-schnell", api_key="...")
        >>> model.request("A green chair", num_inference_steps=4)
        {'inputs': 'A green chair', 'parameters': {'num_inference_steps': 4}}
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset(
        {"max_retries", "timeout", "model_display_name"}
    )

    model_id: Optional[RuntimeParameter[str]] = None
    endpoint_name: Optional[RuntimeParameter[str]] = None
    endpoint_namespace: Optional[RuntimeParameter[str]] = None
    base_url: Optional[RuntimeParameter[str]] = None
    api_key: Optional[RuntimeParameter[SecretStr]] = None
    model_display_name: Optional[RuntimeParameter[str]] = None
    max_retries: RuntimeParameter[int] = Field(default=6, ge=0)
    timeout: RuntimeParameter[float] = Field(default=120, gt=0)

    _transport: HttpTransport | None = PrivateAttr(default=None)
    _path: str = PrivateAttr(default="/")

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        if not self.model_name:
            raise DistilabelUserError(
                "InferenceEndpointsImageGeneration needs model_id=..., or endpoint_name=... or base_url=... of an endpoint "
                "that you own."
            )
        return self

    @property
    def model_name(self) -> str:
        """The display name, or else the name of the model or endpoint, or its address."""
        return self.model_display_name or self.model_id or self.endpoint_name or self.base_url or ""

    def load(self) -> None:
        """Open the connection.

        Raises:
            DistilabelAuthenticationError: No key is given, and none is in the environment.
            DistilabelUserError: The endpoint cannot be looked up, or is not running.
        """
        super().load()
        known = platform("huggingface")
        given = self.api_key.get_secret_value() if self.api_key else known.key(type(self).__name__)
        key = given.strip()
        address = self._address(key)
        if not self.api_key and (self.is_from_file("base_url") or self.is_from_file("endpoint_namespace")):
            known.check_destination(address, type(self).__name__)
        host, self._path = _parts(address)
        self._transport = HttpTransport(
            host,
            known.provider().headers(key),
            secrets=(key,),
            timeout=self.timeout or 120.0,
            attempts=(self.max_retries or 0) + 1,
            transport=self.transport,
            http_client=self.http_client,
        )

    def _address(self, key: str) -> str:
        if self.base_url:
            return self.base_url
        if self.endpoint_name:
            return address_of_endpoint(self.endpoint_name, self.endpoint_namespace, key)
        return f"{_HF_INFERENCE}/models/{self.model_id}"

    def unload(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            loop.run(self._transport.close())
            self._transport = None
        super().unload()

    def request(
        self,
        input: str,
        negative_prompt: Optional[str] = None,
        height: Optional[int] = None,
        width: Optional[int] = None,
        num_inference_steps: Optional[int] = None,
        guidance_scale: Optional[float] = None,
        seed: Optional[int] = None,
    ) -> dict[str, Any]:
        """Return the body of the request for one image; None values are left out.

        Args:
            input: The prompt.
            negative_prompt: What the image must not show.
            height: In pixels.
            width: In pixels.
            num_inference_steps: More take longer and may look better.
            guidance_scale: How closely the prompt is followed.
            seed: Equal seeds make equal images, where the model lets them.
        """
        parameters = {
            "negative_prompt": negative_prompt,
            "height": height,
            "width": width,
            "num_inference_steps": num_inference_steps,
            "guidance_scale": guidance_scale,
            "seed": seed,
        }
        given = {name: value for name, value in parameters.items() if value is not None}
        return {"inputs": input, "parameters": given} if given else {"inputs": input}

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
        outcomes = await asyncio.gather(
            *(self._transport.run(_ask(self._path, body)) for _ in range(num_generations))
        )
        return output_of([Answer(outcome) for outcome in outcomes])


def _parts(address: str) -> tuple[str, str]:
    """Return host and path of an address, to which nothing is added."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}", parts.path or "/"


def _ask(path: str, body: bytes) -> Flow[Outcome]:
    response = yield HttpRequest("POST", path, json=body)
    return _read(response)


def _read(response: HttpResponse) -> Outcome:
    """Read one response. An error that concerns all prompts is raised; one of this prompt is a `Failure`."""
    # 402: the month's credit is used up (https://huggingface.co/docs/inference-providers/pricing).
    if response.status in (401, 402, 403, 404):
        raise parse_error(response)
    if response.status != _OK:
        return parse_failure(response.status, response.body)
    kind = response.headers.get("content-type", "")
    if not response.body or kind.startswith(_TEXT):
        return Failure("no_image", "The platform sent no image: check that the model makes images of texts.")
    return Reply(None, extras={"image": base64.b64encode(response.body).decode()})
