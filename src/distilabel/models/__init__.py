"""Models: large language models, asked online or by offline batch."""

from distilabel.models.llms import (
    LLM,
    AnyscaleLLM,
    AsyncLLM,
    AzureOpenAILLM,
    ClientvLLM,
    FireworksLLM,
    GroqLLM,
    InferenceEndpointsLLM,
    MistralLLM,
    OllamaLLM,
    OpenAICompatibleLLM,
    OpenAILLM,
    TogetherLLM,
    vLLM,
)

__all__ = [
    "LLM",
    "AnyscaleLLM",
    "AsyncLLM",
    "AzureOpenAILLM",
    "ClientvLLM",
    "FireworksLLM",
    "GroqLLM",
    "InferenceEndpointsLLM",
    "MistralLLM",
    "OllamaLLM",
    "OpenAICompatibleLLM",
    "OpenAILLM",
    "TogetherLLM",
    "vLLM",
]
