"""Door for the old import path: the LLMs live in `distilabel.models.llms`."""

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
