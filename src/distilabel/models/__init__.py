"""Models: large language models, asked online or by offline batch, embedding models, and models that make images."""

from typing import TYPE_CHECKING

from distilabel.lazily import loaded_by_name

if TYPE_CHECKING:
    from distilabel.models.embeddings import Embeddings, SentenceTransformerEmbeddings
    from distilabel.models.image_generation import (
        AsyncImageGenerationModel,
        ImageGenerationModel,
        OpenAIImageGeneration,
    )
    from distilabel.models.llms.anthropic import AnthropicLLM
    from distilabel.models.llms.base import LLM, AsyncLLM
    from distilabel.models.llms.gemini import GeminiLLM
    from distilabel.models.llms.mixture import MixtureOfAgentsLLM
    from distilabel.models.llms.openai import OpenAILLM
    from distilabel.models.llms.vertex import VertexAILLM

__all__ = [
    "LLM",
    "AnthropicLLM",
    "AsyncImageGenerationModel",
    "AsyncLLM",
    "Embeddings",
    "GeminiLLM",
    "ImageGenerationModel",
    "MixtureOfAgentsLLM",
    "OpenAIImageGeneration",
    "OpenAILLM",
    "SentenceTransformerEmbeddings",
    "VertexAILLM",
]

_PLACES = {
    "AnthropicLLM": "distilabel.models.llms.anthropic",
    "AsyncImageGenerationModel": "distilabel.models.image_generation",
    "AsyncLLM": "distilabel.models.llms.base",
    "Embeddings": "distilabel.models.embeddings",
    "GeminiLLM": "distilabel.models.llms.gemini",
    "ImageGenerationModel": "distilabel.models.image_generation",
    "LLM": "distilabel.models.llms.base",
    "MixtureOfAgentsLLM": "distilabel.models.llms.mixture",
    "OpenAIImageGeneration": "distilabel.models.image_generation",
    "OpenAILLM": "distilabel.models.llms.openai",
    "SentenceTransformerEmbeddings": "distilabel.models.embeddings",
    "VertexAILLM": "distilabel.models.llms.vertex",
}

if not TYPE_CHECKING:  # a type checker would take any name for one that is here
    __getattr__, __dir__ = loaded_by_name(__name__, _PLACES)
