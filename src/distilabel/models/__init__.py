"""Models: large language models, asked online or by offline batch, and models that make images."""

from distilabel.models.image_generation import (
    AsyncImageGenerationModel,
    ImageGenerationModel,
    OpenAIImageGeneration,
)
from distilabel.models.llms import LLM, AsyncLLM, MixtureOfAgentsLLM, OpenAILLM

__all__ = [
    "LLM",
    "AsyncImageGenerationModel",
    "AsyncLLM",
    "ImageGenerationModel",
    "MixtureOfAgentsLLM",
    "OpenAIImageGeneration",
    "OpenAILLM",
]
