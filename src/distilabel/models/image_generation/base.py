"""The base classes of image models: prompts in, images in base64 out."""

import asyncio
import inspect
from typing import Any, ClassVar, Optional

from pydantic import Field
from typing_extensions import TypedDict

from distilabel import _event_loop as loop
from distilabel.config import RuntimeParameter
from distilabel.exceptions import DistilabelException, DistilabelNotImplementedError
from distilabel.models.base import Model, arguments_of
from distilabel.typing import FailureReason, LLMStatistics

__all__ = ["AsyncImageGenerationModel", "ImageGenerationModel", "ImageOutput"]


class ImageOutput(TypedDict, total=False):
    """The output of an image model for one prompt; all lists have the length of `images`.

    `images` holds files in base64, and None where an image is missing; `failures` holds the reasons.
    """

    images: list[str | None]
    statistics: LLMStatistics
    failures: list[FailureReason | None]


class ImageGenerationModel(Model):
    """The base of all image models.

    A subclass defines `model_name` and `generate`.

    Attributes:
        generation_kwargs: Arguments for `generate`, such as `{"size": "1024x1024"}`.

    Examples:
        >>> class Blank(ImageGenerationModel):
        ...     @property
        ...     def model_name(self) -> str:
        ...         return "blank"
        ...
        ...     def generate(self, inputs, num_generations=1):
        ...         return [{"images": ["R0lGODlhAQABAAAAACw="] * num_generations} for _ in inputs]
        >>> Blank().generate_outputs(inputs=["nothing at all"])
        [{'images': ['R0lGODlhAQABAAAAACw=']}]
    """

    _has_offline: ClassVar[str] = "OpenAIImageGeneration"

    generation_kwargs: Optional[RuntimeParameter[dict[str, Any]]] = Field(default_factory=dict)

    def generate(self, inputs: list[str], num_generations: int = 1, **kwargs: Any) -> list[ImageOutput]:
        """Make images; return one output for each prompt, in the same order."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define the method `generate`.")

    def generate_outputs(
        self, inputs: list[str], num_generations: int = 1, **kwargs: Any
    ) -> list[ImageOutput]:
        """Generate: one output a prompt, in their order.

        Args:
            inputs: The prompts.
            num_generations: How many images to make of each.
            kwargs: Generation arguments, such as `size`.
        """
        return self.generate(inputs=inputs, num_generations=num_generations, **kwargs)

    def get_generation_kwargs(self) -> dict[str, Any]:
        """Return the generation arguments that are set."""
        return dict(self.generation_kwargs or {})

    def generation_parameters(self) -> dict[str, inspect.Parameter]:
        """Return the generation arguments that this model takes, by name."""
        return arguments_of(self.generate)


class AsyncImageGenerationModel(ImageGenerationModel):
    """The base of image models that send concurrent requests.

    A subclass defines `model_name` and `agenerate`, which makes the images of one prompt.

    Attributes:
        max_concurrent_requests: The maximum number of concurrent prompts.
    """

    excluded_from_signature: ClassVar[frozenset[str]] = frozenset({"max_concurrent_requests"})

    max_concurrent_requests: RuntimeParameter[int] = Field(default=16, gt=0)

    async def agenerate(self, input: str, num_generations: int = 1, **kwargs: Any) -> ImageOutput:
        """Make the images of one prompt."""
        raise DistilabelNotImplementedError(f"{type(self).__name__} must define the method `agenerate`.")

    def generate(self, inputs: list[str], num_generations: int = 1, **kwargs: Any) -> list[ImageOutput]:
        """Make images of all prompts concurrently, also inside a running event loop."""
        return loop.run(self._gather(inputs, num_generations, kwargs))

    def generation_parameters(self) -> dict[str, inspect.Parameter]:
        """Return the generation arguments that this model takes, by name."""
        return arguments_of(self.agenerate)

    async def _gather(
        self, inputs: list[str], num_generations: int, kwargs: dict[str, Any]
    ) -> list[ImageOutput]:
        slots = asyncio.Semaphore(self.max_concurrent_requests or 1)

        async def one(prompt: str) -> ImageOutput:
            async with slots:
                try:
                    return await self.agenerate(input=prompt, num_generations=num_generations, **kwargs)
                except DistilabelException:
                    raise
                except Exception as error:  # noqa: BLE001 - one bad row costs one row; the others are paid for
                    return _failed(error, num_generations)

        return list(await asyncio.gather(*map(one, inputs)))


def _failed(error: Exception, num_generations: int) -> ImageOutput:
    reason: FailureReason = {
        "code": "generation_error", "message": f"{type(error).__name__}: {error}", "attempts": 1, "job_id": None,
    }  # fmt: skip
    return {"images": [None] * num_generations, "failures": [reason] * num_generations}
