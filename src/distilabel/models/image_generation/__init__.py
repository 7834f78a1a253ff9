"""Image generation models, imported on first use."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach

if TYPE_CHECKING:
    from distilabel.models.image_generation.base import AsyncImageGenerationModel, ImageGenerationModel
    from distilabel.models.image_generation.inference_endpoints import InferenceEndpointsImageGeneration
    from distilabel.models.image_generation.openai import OpenAIImageGeneration

__all__ = [
    "AsyncImageGenerationModel",
    "ImageGenerationModel",
    "InferenceEndpointsImageGeneration",
    "OpenAIImageGeneration",
]

_PLACES = {
    "AsyncImageGenerationModel": "distilabel.models.image_generation.base",
    "ImageGenerationModel": "distilabel.models.image_generation.base",
    "InferenceEndpointsImageGeneration": "distilabel.models.image_generation.inference_endpoints",
    "OpenAIImageGeneration": "distilabel.models.image_generation.openai",
}

if not TYPE_CHECKING:  # with __getattr__ in view, a type checker accepts any name
    __getattr__, __dir__ = attach(__name__, _PLACES)
