"""Large language models: one class for each platform, imported on first use."""

from typing import TYPE_CHECKING

from distilabel._lazy import attach

if TYPE_CHECKING:
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
    "AsyncLLM",
    "AzureOpenAILLM",
    "BedrockLLM",
    "ClientvLLM",
    "CohereLLM",
    "FireworksLLM",
    "GeminiLLM",
    "GroqLLM",
    "InferenceEndpointsLLM",
    "LiteLLM",
    "LlamaCppLLM",
    "MistralLLM",
    "MixtureOfAgentsLLM",
    "MlxLLM",
    "OllamaLLM",
    "OpenAICompatibleLLM",
    "OpenAILLM",
    "TogetherLLM",
    "TransformersLLM",
    "VertexAILLM",
    "vLLM",
]

_PLACES = {
    "AnthropicLLM": "distilabel.models.llms.anthropic",
    "AnyscaleLLM": "distilabel.models.llms.openai",
    "AsyncLLM": "distilabel.models.llms.base",
    "AzureOpenAILLM": "distilabel.models.llms.openai",
    "BedrockLLM": "distilabel.models.llms.bedrock",
    "ClientvLLM": "distilabel.models.llms.vllm_server",
    "CohereLLM": "distilabel.models.llms.cohere",
    "FireworksLLM": "distilabel.models.llms.openai",
    "GeminiLLM": "distilabel.models.llms.gemini",
    "GroqLLM": "distilabel.models.llms.openai",
    "InferenceEndpointsLLM": "distilabel.models.llms.inference_endpoints",
    "LLM": "distilabel.models.llms.base",
    "LiteLLM": "distilabel.models.llms.litellm",
    "LlamaCppLLM": "distilabel.models.llms.llamacpp",
    "MistralLLM": "distilabel.models.llms.mistral",
    "MixtureOfAgentsLLM": "distilabel.models.llms.mixture",
    "MlxLLM": "distilabel.models.llms.mlx",
    "OllamaLLM": "distilabel.models.llms.openai",
    "OpenAICompatibleLLM": "distilabel.models.llms.openai",
    "OpenAILLM": "distilabel.models.llms.openai",
    "TogetherLLM": "distilabel.models.llms.openai",
    "TransformersLLM": "distilabel.models.llms.transformers",
    "VertexAILLM": "distilabel.models.llms.vertex",
    "vLLM": "distilabel.models.llms.vllm",
}

if not TYPE_CHECKING:  # with __getattr__ in view, a type checker accepts any name
    __getattr__, __dir__ = attach(__name__, _PLACES)
