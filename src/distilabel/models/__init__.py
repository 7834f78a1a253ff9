"""LLMs, embedding models and image models, online and by offline batch."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach

if TYPE_CHECKING:
    from distilabel.models.embeddings import (
        Embeddings,
        GeminiEmbeddings,
        LlamaCppEmbeddings,
        MistralEmbeddings,
        OpenAIEmbeddings,
        SentenceTransformerEmbeddings,
        vLLMEmbeddings,
    )
    from distilabel.models.image_generation import (
        AsyncImageGenerationModel,
        ImageGenerationModel,
        InferenceEndpointsImageGeneration,
        OpenAIImageGeneration,
    )
    from distilabel.models.llms.anthropic import AnthropicLLM
    from distilabel.models.llms.base import LLM, AsyncLLM
    from distilabel.models.llms.bedrock import BedrockLLM
    from distilabel.models.llms.cohere import CohereLLM
    from distilabel.models.llms.gemini import GeminiLLM
    from distilabel.models.llms.inference_endpoints import InferenceEndpointsLLM
    from distilabel.models.llms.litellm import LiteLLM
    from distilabel.models.llms.llamacpp import LlamaCppLLM
    from distilabel.models.llms.mistral import MistralLLM
    from distilabel.models.llms.mixture import MixtureOfAgentsLLM
    from distilabel.models.llms.mlx import MlxLLM
    from distilabel.models.llms.openai import (
        AnyscaleLLM,
        AzureOpenAILLM,
        FireworksLLM,
        GroqLLM,
        OllamaLLM,
        OpenAICompatibleLLM,
        OpenAILLM,
        TogetherLLM,
    )
    from distilabel.models.llms.transformers import TransformersLLM
    from distilabel.models.llms.vertex import VertexAILLM
    from distilabel.models.llms.vllm import vLLM
    from distilabel.models.llms.vllm_server import ClientvLLM

__all__ = [
    "LLM",
    "AnthropicLLM",
    "AnyscaleLLM",
    "AsyncImageGenerationModel",
    "AsyncLLM",
    "AzureOpenAILLM",
    "BedrockLLM",
    "ClientvLLM",
    "CohereLLM",
    "Embeddings",
    "FireworksLLM",
    "GeminiEmbeddings",
    "GeminiLLM",
    "GroqLLM",
    "ImageGenerationModel",
    "InferenceEndpointsImageGeneration",
    "InferenceEndpointsLLM",
    "LiteLLM",
    "LlamaCppEmbeddings",
    "LlamaCppLLM",
    "MistralEmbeddings",
    "MistralLLM",
    "MixtureOfAgentsLLM",
    "MlxLLM",
    "OllamaLLM",
    "OpenAICompatibleLLM",
    "OpenAIEmbeddings",
    "OpenAIImageGeneration",
    "OpenAILLM",
    "SentenceTransformerEmbeddings",
    "TogetherLLM",
    "TransformersLLM",
    "VertexAILLM",
    "vLLM",
    "vLLMEmbeddings",
]

_PLACES = {
    "AnthropicLLM": "distilabel.models.llms.anthropic",
    "AnyscaleLLM": "distilabel.models.llms.openai",
    "AsyncImageGenerationModel": "distilabel.models.image_generation",
    "AsyncLLM": "distilabel.models.llms.base",
    "AzureOpenAILLM": "distilabel.models.llms.openai",
    "BedrockLLM": "distilabel.models.llms.bedrock",
    "ClientvLLM": "distilabel.models.llms.vllm_server",
    "CohereLLM": "distilabel.models.llms.cohere",
    "Embeddings": "distilabel.models.embeddings",
    "FireworksLLM": "distilabel.models.llms.openai",
    "GeminiEmbeddings": "distilabel.models.embeddings",
    "GeminiLLM": "distilabel.models.llms.gemini",
    "GroqLLM": "distilabel.models.llms.openai",
    "ImageGenerationModel": "distilabel.models.image_generation",
    "InferenceEndpointsImageGeneration": "distilabel.models.image_generation",
    "InferenceEndpointsLLM": "distilabel.models.llms.inference_endpoints",
    "LLM": "distilabel.models.llms.base",
    "LiteLLM": "distilabel.models.llms.litellm",
    "LlamaCppEmbeddings": "distilabel.models.embeddings",
    "LlamaCppLLM": "distilabel.models.llms.llamacpp",
    "MistralEmbeddings": "distilabel.models.embeddings",
    "MistralLLM": "distilabel.models.llms.mistral",
    "MixtureOfAgentsLLM": "distilabel.models.llms.mixture",
    "MlxLLM": "distilabel.models.llms.mlx",
    "OllamaLLM": "distilabel.models.llms.openai",
    "OpenAICompatibleLLM": "distilabel.models.llms.openai",
    "OpenAIEmbeddings": "distilabel.models.embeddings",
    "OpenAIImageGeneration": "distilabel.models.image_generation",
    "OpenAILLM": "distilabel.models.llms.openai",
    "SentenceTransformerEmbeddings": "distilabel.models.embeddings",
    "TogetherLLM": "distilabel.models.llms.openai",
    "TransformersLLM": "distilabel.models.llms.transformers",
    "VertexAILLM": "distilabel.models.llms.vertex",
    "vLLM": "distilabel.models.llms.vllm",
    "vLLMEmbeddings": "distilabel.models.embeddings",
}

if not TYPE_CHECKING:  # with __getattr__ in view, a type checker accepts any name
    __getattr__, __dir__ = attach(__name__, _PLACES)
