"""Models that make images of prompts."""

from distilabel.models.image_generation.base import AsyncImageGenerationModel, ImageGenerationModel
from distilabel.models.image_generation.inference_endpoints import InferenceEndpointsImageGeneration
from distilabel.models.image_generation.openai import OpenAIImageGeneration

__all__ = [
    "AsyncImageGenerationModel",
    "ImageGenerationModel",
    "InferenceEndpointsImageGeneration",
    "OpenAIImageGeneration",
]
