"""The base of image models behind a platform."""

import base64
import inspect
import logging
from itertools import islice
from typing import Any, ClassVar

from pydantic import Field

from distilabel import _event_loop as loop
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelException
from distilabel.models.base import arguments_of
from distilabel.models.image_generation.base import AsyncImageGenerationModel, ImageOutput
from distilabel.models.image_generation.outputs import output_of
from distilabel.models.remote import RemoteModel, body_of
from distilabel.offline.session import Answer
from distilabel.records import Failure
from distilabel.transport import fetch

__all__ = ["RemoteImageGeneration"]

_logger = logging.getLogger("distilabel.models")
_URL = ("https://", "http://")
_LARGEST = 64 << 20


class RemoteImageGeneration(RemoteModel, AsyncImageGenerationModel):
    """The base of image models behind a platform; each image is one request, online and by batch.

    A subclass names the platform (`platform_name`) and turns one prompt into a request's body (`request`). The fields are
    those of `RemoteModel`; `max_concurrent_requests` is 16 by default.
    """

    endpoint: ClassVar[str] = "/v1/images/generations"

    max_concurrent_requests: RuntimeParameter[int] = Field(default=16, gt=0)

    def request(self, input: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the body of the request for one image, without arguments that are not set."""
        raise NotImplementedError

    def generation_parameters(self) -> dict[str, inspect.Parameter]:
        """Return the generation arguments that this model takes, by name."""
        return arguments_of(self.request)

    async def agenerate(self, input: str, num_generations: int = 1, **kwargs: Any) -> ImageOutput:
        """Make images of one prompt online; several images are several requests, one after the other.

        Args:
            input: The prompt.
            num_generations: How many images to make.
            kwargs: The arguments of `request`.
        """
        body = body_of(self.request, input, **kwargs)
        if isinstance(body, Failure):
            return output_of([Answer(body)] * num_generations)
        return output_of([Answer(await self._ask(self.client, body)) for _ in range(num_generations)])

    def generate(self, inputs: list[str], num_generations: int = 1, **kwargs: Any) -> list[ImageOutput]:
        """Make `num_generations` images of each prompt, in the order of the prompts.

        Raises:
            DistilabelOfflineBatchGenerationNotFinishedException: Offline only: some images are not there yet.
        """
        bodies = [body_of(self.request, prompt, **kwargs) for prompt in inputs]
        answers = iter(self._answers([body for body in bodies for _ in range(num_generations)]))
        outputs = [output_of(list(islice(answers, num_generations))) for _ in inputs]
        return loop.run(_with_files(outputs))


async def _with_files(outputs: list[ImageOutput]) -> list[ImageOutput]:
    """Download the images that are given as URLs, which expire; a URL that cannot be read stays, because it is paid for."""
    images = [image for output in outputs for image in output.get("images") or () if image]
    urls = [image for image in images if image.startswith(_URL)]
    files = dict(zip(urls, await loop.together(map(_file, urls)), strict=True)) if urls else {}
    for output in outputs:
        output["images"] = [files.get(image or "", image) for image in output.get("images") or ()]
    return outputs


async def _file(url: str) -> str:
    try:
        return base64.b64encode(await fetch(url, max_bytes=_LARGEST)).decode()
    except DistilabelException as error:
        _logger.warning("An image cannot be downloaded, and its row has the URL: %s", error)
        return url
